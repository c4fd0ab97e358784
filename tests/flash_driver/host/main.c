/*
 * The suite on the host: over the strict NOR model as a flash device, and over drivers/spi_nor with the virtual boards'
 * chips behind a modelled controller.
 */
#include <stdio.h>
#include <stdlib.h>

#include <farboot/util.h>

#include "drivers/spi_nor_flash.h"
#include "flash/model/nor_device.h"
#include "host/buffer.h"
#include "tests/flash_driver/host/rig.h"
#include "tests/flash_driver/suite.h"

static struct suite_count count;

static const uint8_t elsewhere[] = "memory that is neither on the stack nor a variable, and long enough for a page: "
                                   "................................................................................";
static const struct suite_memory memories[] = {{"constants", elsewhere, sizeof(elsewhere)}};

/* ---- the model ---- */

static void run_model(const struct nor_config *config, uint32_t off)
{
    struct nor_power power = {0};
    struct nor_device device;
    uint8_t *data = host_alloc(config->geometry.size);
    struct suite_device tested = {.flash = &device.flash,
                                  .off = off,
                                  .len = SUITE_AREA,
                                  .memories = memories,
                                  .memory_count = ARRAY_SIZE(memories)};

    nor_device_init(&device, &power, config, data);
    nor_power_on(&power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    suite_run(&tested, &count);
    if (device.model.violation[0] != '\0') {
        printf("FAIL physics: %s\n", device.model.violation);
        count.failed++;
    }
    nor_device_free(&device);
    free(data);
}

/* ---- the driver over a chip ---- */

#define DESCRIBED(id)                                                                                                  \
    {                                                                                                                  \
        SPI_NOR_PART_CHIP(id), .quad_enable = SPI_NOR_PART_QUAD(id), .four_byte = SPI_NOR_PART_4BYTE(id),              \
                               .report = SPI_NOR_PART_REPORT(id), .lock = SPI_NOR_PART_LOCK(id)                        \
    }
#define MX25R   0xc22817
#define HIGH    0x1010000 /* above 16 MiB */
#define AROUND  0xfe0000  /* across 16 MiB */
#define ANY_LEN UINT32_MAX

/* A chip, what the driver is told of it, the longest frame of the controller, and where the suite's area lies. */
static const struct row {
    const char *name;
    const struct nor_chip_part *part;
    struct sfdp_chip described;
    uint32_t transfer_max;
    uint32_t off;
    bool needs_unlock;
} rows[] = {
    {"MX25R6435F, any length", &nor_chip_mx25r6435f, DESCRIBED(MX25R), ANY_LEN, 0x10000, false},
    {"MX25R6435F, frames of nine bytes", &nor_chip_mx25r6435f, DESCRIBED(MX25R), 9, 0x7a0000, false},
    {"MX25R with 4-byte mode, unknown part", &nor_chip_mx25r_4byte, DESCRIBED(0xc20000), 64, 0x7a0000, false},
    {"MX25R protected at power-on", &nor_chip_locked, DESCRIBED(MX25R), ANY_LEN, 0x10000, true},
    {"W25Q256JV by 4-byte opcodes, low", &nor_chip_w25q256jv, DESCRIBED(0xef4019), ANY_LEN, 0x10000, false},
    {"W25Q256JV by 4-byte opcodes, high", &nor_chip_w25q256jv, DESCRIBED(0xef4019), ANY_LEN, HIGH, false},
    {"W25Q256JV by 4-byte opcodes, around 16 MiB", &nor_chip_w25q256jv, DESCRIBED(0), 65, AROUND, false},
    {"W25Q256FV by 4-byte mode, high", &nor_chip_w25q256fv, DESCRIBED(0xef4019), ANY_LEN, HIGH, false},
    {"W25Q256FV by 4-byte mode, around 16 MiB", &nor_chip_w25q256fv, DESCRIBED(0xef4019), 9, AROUND, false},
    {"W25Q256FV by address register",
     &nor_chip_w25q256fv,
     {SPI_NOR_PART_CHIP(0xef4019), .quad_enable = QER_S2B1_V1, .four_byte = SFDP_4BYTE_EXTENDED, .lock = SPI_NOR_BP_W},
     ANY_LEN,
     AROUND,
     false},
    {"N25Q256A, high", &nor_chip_n25q256a, DESCRIBED(0x20ba19), ANY_LEN, HIGH, false},
    {"S25FL256S by 4-byte opcodes, high", &nor_chip_s25fl256s, DESCRIBED(0x010219), ANY_LEN, HIGH, false},
    {"S25FL256S by bank register, low",
     &nor_chip_s25fl256s,
     {SPI_NOR_PART_CHIP(0x010219), .quad_enable = QER_S2B1_V1, .four_byte = SFDP_4BYTE_BANK, .report = REPORT_STATUS,
      .lock = SPI_NOR_BP2},
     64,
     0x10000,
     false},
    {"S25FL256S by bank register, high",
     &nor_chip_s25fl256s,
     {SPI_NOR_PART_CHIP(0x010219), .quad_enable = QER_S2B1_V1, .four_byte = SFDP_4BYTE_BANK, .report = REPORT_STATUS,
      .lock = SPI_NOR_BP2},
     256,
     HIGH,
     false},
    {"MX25L25635E, no reset, low", &nor_chip_mx25l25635e, DESCRIBED(0xc22019), ANY_LEN, 0x10000, false},
    {"MX25L25635E, no reset, high", &nor_chip_mx25l25635e, DESCRIBED(0xc22019), 70, HIGH, false},
    {"MX25L25635F, high", &nor_chip_mx25l25635f, DESCRIBED(0xc22019), ANY_LEN, HIGH, false},
    {"W25Q80BL, no SFDP and no reset", &nor_chip_w25q80bl, DESCRIBED(0xef4014), ANY_LEN, 0x10000, false},
};

static bool leave_in(enum suite_mode mode)
{
    bool is_qpi = mode == SUITE_QPI || mode == SUITE_READ_QPI;

    return !(is_qpi && (rig_chip.part->features & NOR_CHIP_QPI_35) != 0) && rig_leave_in(mode);
}

static void run_chip(const struct row *row)
{
    static struct spi_nor_state state;
    static struct flash_range range;
    uint32_t size = row->part->array->geometry.size;
    struct spi_nor nor = {
        .chip = {.controller = rig_controller, .max_hz = 32000000},
        .state = &state,
        .described = &row->described,
        .name = "flash@0",
        .geometry = {.size = size, .write_block = 1, .erased_value = 0xff, .range_count = 1, .ranges = &range},
        .range = &range,
        .exit_dpd_us = 35,
        .id = {row->part->jedec_id[0], row->part->jedec_id[1], row->part->jedec_id[2]},
        .needs_unlock = row->needs_unlock,
    };
    struct flash_device flash = {.driver = &spi_nor_by_transfers, .config = &nor, .name = row->name};
    struct suite_device tested = {.flash = &flash,
                                  .off = row->off,
                                  .len = SUITE_AREA,
                                  .memories = memories,
                                  .memory_count = ARRAY_SIZE(memories),
                                  .nor = &nor,
                                  .set_present = rig_set_present,
                                  .set_endless = rig_set_endless,
                                  .leave_in = leave_in};

    range = (struct flash_range){.sector_size = 0x1000, .count = size / 0x1000};
    rig_begin(row->part, row->transfer_max);
    suite_run(&tested, &count);
    count.failed += rig_bugs();
    rig_set_present(false);
    suite_run_unusable(&tested, ERR_FLASH_NO_DEVICE, &count);
    rig_end();
}

int main(void)
{
    run_model(&nor_part_nrf52840, 0x40000);
    run_model(&nor_part_mx25r6435f, 0x10000);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        run_chip(&rows[i]);
    }
    printf("flash_driver: %u passed, %u skipped, %u failed\n", count.passed, count.skipped, count.failed);
    return count.failed == 0 ? 0 : 1;
}
