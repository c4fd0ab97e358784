/*
 * SFDP: any area that a chip may show, read as the driver reads it (drivers/spi_nor_start.c), leaves parameters that
 * can be worked with. Tables are on the heap in their exact length, so that a read beyond them shows.
 */
#include <stdlib.h>

#include "drivers/sfdp.h"
#include "host/buffer.h"
#include "tests/fuzz/fuzz.h"

static void require(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_power_of_two(uint32_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static void require_usable(const struct sfdp_chip *chip)
{
    bool can_erase = false;

    require(chip->size > 0 && chip->size <= UINT32_C(1) << 31);
    require(is_power_of_two(chip->page) && chip->page >= 256 && chip->page <= 0x8000);
    require(chip->program_max_us > 0 && chip->program_max_us <= SFDP_LONGEST_US);
    require(chip->quad_enable < QER_COUNT && chip->report < REPORT_COUNT);
    for (size_t i = 0; i < SFDP_ERASE_TYPES; i++) {
        const struct sfdp_erase *type = &chip->erase[i];

        require(type->size == 0 || (is_power_of_two(type->size) && type->size >= 0x1000 && type->size <= 1u << 24));
        require(type->size <= chip->size && type->max_us <= SFDP_LONGEST_US);
        can_erase = can_erase || type->size != 0;
    }
    require(can_erase);
}

/* Beyond what the chip has it reads as ones. */
static uint8_t *read_area(const uint8_t *data, size_t size, uint32_t off, size_t len)
{
    uint8_t *area = host_alloc(len);

    for (size_t i = 0; i < len; i++) {
        area[i] = off + i < size ? data[off + i] : 0xff;
    }
    return area;
}

static void parse_4byte(const uint8_t *data, size_t size, const uint8_t *header, struct sfdp_chip *chip)
{
    uint32_t off;
    size_t len;
    uint8_t *table;

    if (sfdp_find(header, SFDP_4BYTE_TABLE, &off, &len)) {
        table = read_area(data, size, off, len);
        sfdp_parse_4byte(table, len, chip);
        require_usable(chip);
        free(table);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sfdp_chip chip = {.page = 256, .program_max_us = 10000};
    uint8_t *header = read_area(data, size, 0, SFDP_HEADER_SIZE);
    uint32_t off;
    size_t len;

    if (sfdp_find(header, SFDP_BFP, &off, &len)) {
        uint8_t *table = read_area(data, size, off, len);

        require(off < 1u << 24 && len <= SFDP_TABLE_MAX);
        if (sfdp_parse_bfp(table, len, &chip)) {
            require_usable(&chip);
            parse_4byte(data, size, header, &chip);
        } else {
            require(chip.size == 0 && chip.page == 256 && chip.program_max_us == 10000 && chip.erase[0].size == 0);
        }
        free(table);
    }
    free(header);
    return 0;
}
