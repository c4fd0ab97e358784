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

struct row {
    const char *name;
    const struct nor_chip_part *part;
    const struct sfdp_chip described;
    uint32_t transfer_max;
    uint32_t off;
};

static const struct row rows[] = {
    {"MX25R6435F, any length",
     &nor_chip_mx25r6435f,
     {SPI_NOR_PART_CHIP(0), .report = REPORT_SECURITY, .lock = SPI_NOR_BP3},
     UINT32_MAX,
     0x10000},
    {"MX25R6435F, frames of nine bytes",
     &nor_chip_mx25r6435f,
     {SPI_NOR_PART_CHIP(0), .report = REPORT_SECURITY, .lock = SPI_NOR_BP3},
     9,
     0x7a0000},
    {"MX25R with 4-byte mode, frames of 64 bytes",
     &nor_chip_mx25r_4byte,
     {SPI_NOR_PART_CHIP(0), .report = REPORT_SECURITY, .lock = SPI_NOR_BP3},
     64,
     0x7a0000},
};

static void run_chip(const struct row *row)
{
    static struct spi_nor_state state;
    static struct flash_range range;
    uint32_t size = row->part->array->geometry.size;
    struct spi_nor nor = {
        .chip = {.controller = rig_controller, .max_hz = 32000000},
        .mover = &spi_nor_by_transfers,
        .state = &state,
        .described = &row->described,
        .name = "flash@0",
        .geometry = {.size = size, .write_block = 1, .erased_value = 0xff, .range_count = 1, .ranges = &range},
        .range = &range,
        .exit_dpd_us = 35,
        .id = {row->part->jedec_id[0], row->part->jedec_id[1], row->part->jedec_id[2]},
    };
    struct flash_device flash = {.driver = &spi_nor_flash_driver, .config = &nor, .name = row->name};
    struct suite_device tested = {.flash = &flash,
                                  .off = row->off,
                                  .len = SUITE_AREA,
                                  .memories = memories,
                                  .memory_count = ARRAY_SIZE(memories),
                                  .nor = &nor,
                                  .set_present = rig_set_present,
                                  .set_endless = rig_set_endless};

    range = (struct flash_range){.sector_size = 4096, .count = size / 4096};
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
