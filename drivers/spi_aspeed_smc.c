/*
 * The controllers for SPI NOR of ASPEED SoCs (FMC, SPI1, SPI2) in user mode, in which every access to a chip's part of
 * the window is that many bytes on the line, lowest address first. The other modes would read and write the chip by
 * themselves, with commands and states that drivers/spi_nor could not see. Registers as the Linux driver
 * (drivers/spi/spi-aspeed-smc.c) and QEMU (hw/ssi/aspeed_smc.c) have them; the data sheet is not public.
 */
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/util.h>

#include "drivers/spi.h"
#include "soc/arm/cortex_m.h"

#define SMC_CONF             0x00u
#define SMC_ADDRESSING       0x04u /* bit n: chip n takes four address bytes */
#define SMC_CTRL(select)     (0x10u + 4u * (select))
#define SMC_SEGMENT(select)  (0x30u + 4u * (select))

#define CONF_WRITE(select)   (1u << (16u + (select)))
#define CTRL_USER            3u
#define CTRL_DESELECT        (1u << 2)                     /* in user mode: select high */
#define CTRL_RESET           (1u << 2)                     /* normal mode, the slowest clock */
#define SEGMENT_START(value) ((value) << 16 & 0x0ff00000u) /* from the start of the window */

#define DIVISOR_MAX          256u

struct smc_config {
    uint32_t base;
    uint32_t window;
    uint32_t clock; /* Hz */
};

static const struct smc_config *config_of(const struct spi_chip *chip)
{
    return chip->controller->config;
}

static volatile uint32_t *reg(const struct spi_chip *chip, uint32_t offset)
{
    return reg32(config_of(chip)->base + offset);
}

/*
 * The clock is divided by 16 * bits 27:24 + n, n being 1 to 16; bits 11:8 say n: from 0 for 16 to 7 for 2, and from 8
 * for 15 to 15 for 1.
 */
static uint32_t divisor_bits(uint32_t divisor)
{
    uint32_t n = (divisor - 1) % 16 + 1;

    return (divisor - n) / 16 << 24 | (n % 2 == 0 ? 8 - n / 2 : 15 - n / 2) << 8;
}

static void smc_set_clock(const struct spi_chip *chip, uint32_t hz)
{
    uint32_t limit = hz < chip->max_hz ? hz : chip->max_hz;
    uint32_t divisor = (config_of(chip)->clock + limit - 1) / limit;

    if (divisor > DIVISOR_MAX) {
        divisor = DIVISOR_MAX;
    }
    *reg(chip, SMC_CTRL(chip->select)) = divisor_bits(divisor) | CTRL_USER | CTRL_DESELECT;
}

static int smc_start(const struct spi_chip *chip)
{
    *reg(chip, SMC_CONF) |= CONF_WRITE(chip->select);
    smc_set_clock(chip, chip->max_hz);
    return OK;
}

static void smc_stop(const struct spi_chip *chip)
{
    *reg(chip, SMC_CTRL(chip->select)) = CTRL_RESET;
    *reg(chip, SMC_ADDRESSING) &= ~(1u << chip->select);
    *reg(chip, SMC_CONF) &= ~CONF_WRITE(chip->select);
}

static void send(volatile uint32_t *line, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (; len >= sizeof(uint32_t); len -= sizeof(uint32_t), bytes += sizeof(uint32_t)) {
        uint32_t word;

        memcpy(&word, bytes, sizeof word);
        *line = word;
    }
    for (; len > 0; len--) {
        *(volatile uint8_t *)line = *bytes++;
    }
}

static void receive(volatile uint32_t *line, void *data, size_t len)
{
    uint8_t *bytes = data;

    for (; len >= sizeof(uint32_t); len -= sizeof(uint32_t), bytes += sizeof(uint32_t)) {
        uint32_t word = *line;

        memcpy(bytes, &word, sizeof word);
    }
    for (; len > 0; len--) {
        *bytes++ = *(volatile uint8_t *)line;
    }
}

/*
 * User mode does not ask how many address bytes there are. QEMU's model does: it looks for the end of the address to
 * put as many dummy bytes there as its chips want. Opcode, four address bytes and a dummy byte are the longest command
 * with an address.
 */
static void set_addressing(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    uint32_t bit = 1u << chip->select;

    *reg(chip, SMC_ADDRESSING) = (*reg(chip, SMC_ADDRESSING) & ~bit) | (transfer->command_len == 6 ? bit : 0);
}

/* The bus holds the processor until a byte is over, so there is nothing to wait for. */
static int smc_transfer(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    volatile uint32_t *ctrl = reg(chip, SMC_CTRL(chip->select));
    uint32_t idle = *ctrl;
    volatile uint32_t *line = reg32(config_of(chip)->window + SEGMENT_START(*reg(chip, SMC_SEGMENT(chip->select))));

    set_addressing(chip, transfer);
    *ctrl = idle & ~CTRL_DESELECT;
    send(line, transfer->command, transfer->command_len);
    if (transfer->out != NULL) {
        send(line, transfer->out, transfer->len);
    } else if (transfer->in != NULL) {
        receive(line, transfer->in, transfer->len);
    }
    *ctrl = idle;
    return OK;
}

static const struct spi_driver smc_driver = {
    .start = smc_start,
    .transfer = smc_transfer,
    .set_clock = smc_set_clock,
    .stop = smc_stop,
};

#define SMC_NAME(node) UTIL_CAT(smc_config_, DT_DEP_ORD(node))

#define SMC_DEFINE(node)                                                                                               \
    static const struct smc_config SMC_NAME(node) = {                                                                  \
        .base = DT_REG_ADDR(node),                                                                                     \
        .window = DT_REG_ADDR_BY_IDX(node, 1),                                                                         \
        .clock = DT_PROP(node, clock_frequency),                                                                       \
    };                                                                                                                 \
    extern const struct spi_controller DEVICE_DT_NAME(node);                                                           \
    const struct spi_controller DEVICE_DT_NAME(node) = {                                                               \
        .driver = &smc_driver,                                                                                         \
        .config = &SMC_NAME(node),                                                                                     \
        .transfer_max = UINT32_MAX,                                                                                    \
        .window = DT_REG_ADDR_BY_IDX(node, 1),                                                                         \
        .window_len = DT_REG_SIZE_BY_IDX(node, 1),                                                                     \
    };

DT_FOREACH_STATUS_OKAY(aspeed_ast1030_spi_controller, SMC_DEFINE)
