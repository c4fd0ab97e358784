/* The suite on a target: every flash device of devicetree that this image has a driver for. */
#include <stdio.h>

#include <farboot/console.h>
#include <farboot/soc.h>
#include <farboot/util.h>

#include "drivers/spi_nor_flash.h"
#include "tests/flash_driver/suite.h"

#define KIB 1024u

/*
 * SPI NOR chips: from 64 KiB on, and above 16 MiB where there is that much. Internal flash: the last 64 KiB, which this
 * program does not reach.
 */
#define NOR_LOW       (64u * KIB)
#define NOR_HIGH      (SPI_NOR_LIMIT_3BYTE + 64u * KIB)
#define INTERNAL_AREA (64u * KIB)

/* What is executed: internal flash where there is one. */
static const struct suite_memory memories[] = {{"program", (const uint8_t *)"a text that lies beside the program", 32}};

static struct suite_count count;
static unsigned unusable;                 /* chips that do not answer, or are others */
static const struct flash_device *former; /* tested before, and ready */

static void run(const struct flash_device *flash, const struct spi_nor *nor, uint32_t off, uint32_t len)
{
    const struct suite_device device = {.flash = flash,
                                        .off = off,
                                        .len = len,
                                        .memories = memories,
                                        .memory_count = ARRAY_SIZE(memories),
                                        .nor = nor,
                                        .other = former};
    int result = flash_init(flash);

    if (result == ERR_FLASH_NO_DEVICE || result == ERR_FLASH_WRONG_DEVICE) {
        unusable++;
        suite_run_unusable(&device, result, &count);
    } else {
        suite_run(&device, &count);
    }
}

static __attribute__((unused)) void run_nor(const struct flash_device *flash, const struct spi_nor *nor)
{
    run(flash, nor, NOR_LOW, SUITE_AREA);
    if (nor->geometry.size > NOR_HIGH + SUITE_AREA) {
        run(flash, nor, NOR_HIGH, SUITE_AREA);
    }
    former = flash;
}

static __attribute__((unused)) void run_internal(const struct flash_device *flash)
{
    run(flash, NULL, flash_geometry(flash)->size - INTERNAL_AREA, INTERNAL_AREA);
    former = flash;
}

#define DECLARE(node)                                                                                                  \
    extern const struct flash_device DEVICE_DT_NAME(node);                                                             \
    extern const struct spi_nor SPI_NOR_NAME(spi_nor_, node);
#define RUN_NOR(node) run_nor(&DEVICE_DT_NAME(node), &SPI_NOR_NAME(spi_nor_, node));

DT_FOREACH_STATUS_OKAY(nordic_qspi_nor, DECLARE)
DT_FOREACH_STATUS_OKAY(jedec_spi_nor, DECLARE)

#define INTERNAL DT_CHOSEN(zephyr_flash_controller)
#define DECLARE_INTERNAL                                                                                               \
    COND_CODE_1(CONFIG_SOC_FLASH_NRF, (extern const struct flash_device DEVICE_DT_NAME(INTERNAL);), ())
#define RUN_INTERNAL COND_CODE_1(CONFIG_SOC_FLASH_NRF, (run_internal(&DEVICE_DT_NAME(INTERNAL));), ())
DECLARE_INTERNAL

int main(void)
{
    console_init();
    RUN_INTERNAL
    DT_FOREACH_STATUS_OKAY(nordic_qspi_nor, RUN_NOR)
    DT_FOREACH_STATUS_OKAY(jedec_spi_nor, RUN_NOR)
    printf("flash_driver: %u passed, %u skipped, %u failed\n", count.passed, count.skipped, count.failed);
    printf("flash_driver: %s\n", count.failed > 0 || count.passed == 0 ? "failed"
                                 : unusable > 0                        ? "no access to a chip"
                                                                       : "all checks passed");
    for (;;) {
        soc_idle();
    }
}
