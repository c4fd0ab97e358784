/*
 * The SPI controllers of SmartFusion2's microcontroller subsystem (UG0331, "Serial Peripheral Interface Controller").
 * The controller itself moves the select line: with SPS it falls with the first byte and rises after as many as the
 * frame count says, which is why the length of a transfer is known before it begins, and limited.
 */
#include <stdbool.h>

#include <farboot/devicetree.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "drivers/spi.h"
#include "soc/arm/cortex_m.h"

#define MSS_CONTROL           0x00u
#define MSS_DFSIZE            0x04u
#define MSS_STATUS            0x08u
#define MSS_RX                0x10u
#define MSS_TX                0x14u
#define MSS_CLKGEN            0x18u
#define MSS_SELECT            0x1cu

#define CONTROL_ENABLE        (1u << 0)
#define CONTROL_MASTER        (1u << 1)
#define CONTROL_COUNT(frames) ((frames) << 8)
#define CONTROL_SPS           (1u << 26)
#define CONTROL_CLKMODE       (1u << 28) /* the clock is PCLK / (2 * (CLKGEN + 1)) */
#define CONTROL_BIGFIFO       (1u << 29)
#define CONTROL_RESET         0x80000102u /* in reset, and as after it */
#define CONTROL_IDLE          (CONTROL_MASTER | CONTROL_SPS | CONTROL_CLKMODE | CONTROL_BIGFIFO)

#define STATUS_RX_EMPTY       (1u << 6)

#define FRAMES_MAX            0xffffu
#define FIFO_SIZE             32u /* frames of a byte, with BIGFIFO */
#define CLKGEN_MAX            0xffu

struct mss_config {
    uint32_t base;
    uint32_t clock; /* Hz */
};

/* A transfer under way, by frames. */
struct progress {
    const struct spi_transfer *transfer;
    size_t sent;
    size_t received;
    size_t total;
};

static const struct mss_config *config_of(const struct spi_chip *chip)
{
    return chip->controller->config;
}

static volatile uint32_t *reg(const struct spi_chip *chip, uint32_t offset)
{
    return reg32(config_of(chip)->base + offset);
}

static void mss_set_clock(const struct spi_chip *chip, uint32_t hz)
{
    uint32_t limit = hz < chip->max_hz ? hz : chip->max_hz;
    uint32_t half_periods = (config_of(chip)->clock + 2 * limit - 1) / (2 * limit);

    *reg(chip, MSS_CLKGEN) = half_periods - 1 < CLKGEN_MAX ? half_periods - 1 : CLKGEN_MAX;
}

static uint32_t clock_hz(const struct spi_chip *chip)
{
    return config_of(chip)->clock / (2 * (*reg(chip, MSS_CLKGEN) + 1));
}

static int mss_start(const struct spi_chip *chip)
{
    *reg(chip, MSS_CONTROL) = CONTROL_RESET;
    *reg(chip, MSS_CONTROL) = CONTROL_IDLE;
    *reg(chip, MSS_DFSIZE) = 8;
    *reg(chip, MSS_SELECT) = 1u << chip->select;
    mss_set_clock(chip, chip->max_hz);
    return OK;
}

static void mss_stop(const struct spi_chip *chip)
{
    *reg(chip, MSS_SELECT) = 0;
    *reg(chip, MSS_CONTROL) = CONTROL_RESET;
}

static uint8_t next_out(const struct progress *progress)
{
    const struct spi_transfer *transfer = progress->transfer;
    const uint8_t *out = transfer->out;

    if (progress->sent < transfer->command_len) {
        return transfer->command[progress->sent];
    }
    return out != NULL ? out[progress->sent - transfer->command_len] : 0;
}

static void take_in(const struct progress *progress, uint8_t byte)
{
    const struct spi_transfer *transfer = progress->transfer;
    uint8_t *in = transfer->in;

    if (in != NULL && progress->received >= transfer->command_len) {
        in[progress->received - transfer->command_len] = byte;
    }
}

/* As many frames as the FIFOs hold, out and in again, so that none is lost. */
static bool move_some(const struct spi_chip *chip, struct progress *progress, const struct deadline *end)
{
    size_t last = progress->total - progress->sent < FIFO_SIZE ? progress->total : progress->sent + FIFO_SIZE;

    for (; progress->sent < last; progress->sent++) {
        *reg(chip, MSS_TX) = next_out(progress);
    }
    for (; progress->received < last; progress->received++) {
        while ((*reg(chip, MSS_STATUS) & STATUS_RX_EMPTY) != 0) {
            if (deadline_passed(end)) {
                return false;
            }
        }
        take_in(progress, (uint8_t)*reg(chip, MSS_RX));
    }
    return true;
}

static int mss_transfer(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    struct progress progress = {.transfer = transfer, .total = transfer->command_len + transfer->len};
    struct deadline end = deadline_in(spi_limit_us((uint32_t)progress.total, clock_hz(chip)));
    uint32_t clkgen = *reg(chip, MSS_CLKGEN);
    int err = OK;

    *reg(chip, MSS_CONTROL) = CONTROL_IDLE | CONTROL_COUNT((uint32_t)progress.total);
    *reg(chip, MSS_CONTROL) |= CONTROL_ENABLE;
    while (err == OK && progress.received < progress.total) {
        err = move_some(chip, &progress, &end) ? OK : ERR_FLASH_TIMEOUT;
    }
    *reg(chip, MSS_CONTROL) = CONTROL_IDLE;
    if (err != OK) { /* frames may be left, and the line low */
        (void)mss_start(chip);
        *reg(chip, MSS_CLKGEN) = clkgen;
    }
    return err;
}

static const struct spi_driver mss_driver = {
    .start = mss_start,
    .transfer = mss_transfer,
    .set_clock = mss_set_clock,
    .stop = mss_stop,
};

#define MSS_NAME(node) UTIL_CAT(mss_config_, DT_DEP_ORD(node))

#define MSS_DEFINE(node)                                                                                               \
    static const struct mss_config MSS_NAME(node) = {                                                                  \
        .base = DT_REG_ADDR(node),                                                                                     \
        .clock = DT_PROP(node, clock_frequency),                                                                       \
    };                                                                                                                 \
    extern const struct spi_controller DEVICE_DT_NAME(node);                                                           \
    const struct spi_controller DEVICE_DT_NAME(node) = {                                                               \
        .driver = &mss_driver,                                                                                         \
        .config = &MSS_NAME(node),                                                                                     \
        .transfer_max = FRAMES_MAX,                                                                                    \
    };

DT_FOREACH_STATUS_OKAY(microchip_mss_spi, MSS_DEFINE)
