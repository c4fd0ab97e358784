/*
 * NOR flash behind the QSPI controller of the nRF52840 and nRF5340 (their PS, "QSPI"; devicetree `nordic,qspi-nor`).
 * The controller sends short transfers as custom instructions (drivers/spi.h), and moves words between RAM and the
 * chip's array by DMA beside them; what its DMA cannot do goes through flash/bounce.
 *
 * Write-behind: a program returns when the controller has been started.
 */
#include <string.h>

#include <farboot/timer.h>
#include <zephyr/dt-bindings/pinctrl/nrf-pinctrl.h>

#include "drivers/spi_nor_flash.h"
#include "flash/bounce.h"
#include "soc/arm/cortex_m.h"
#include "soc/nrf/pinctrl.h"

#define QSPI_TASKS_ACTIVATE      0x000u
#define QSPI_TASKS_READSTART     0x004u
#define QSPI_TASKS_WRITESTART    0x008u
#define QSPI_TASKS_DEACTIVATE    0x010u
#define QSPI_EVENTS_READY        0x100u
#define QSPI_ENABLE              0x500u
#define QSPI_READ_SRC            0x504u
#define QSPI_READ_DST            0x508u
#define QSPI_READ_CNT            0x50cu
#define QSPI_WRITE_DST           0x510u
#define QSPI_WRITE_SRC           0x514u
#define QSPI_WRITE_CNT           0x518u
#define QSPI_PSEL_SCK            0x524u
#define QSPI_PSEL_CSN            0x528u
#define QSPI_PSEL_IO0            0x530u
#define QSPI_PSEL_IO1            0x534u
#define QSPI_PSEL_IO2            0x538u
#define QSPI_PSEL_IO3            0x53cu
#define QSPI_IFCONFIG0           0x544u
#define QSPI_IFCONFIG1           0x600u
#define QSPI_CINSTRCONF          0x634u
#define QSPI_CINSTRDAT0          0x638u
#define QSPI_CINSTRDAT1          0x63cu

#define QSPI_ANOMALY_122         0x054u /* written 1 before ENABLE is cleared, or the disabled controller draws current */

#define IFCONFIG0_WRITEOC(index) ((uint32_t)(index) << 3)
#define IFCONFIG0_ADDRMODE_32    (1u << 6)
#define IFCONFIG0_ANOMALY_121    (1u << 16) /* nRF5340: input timing; bit 17 belongs to a speed that is not used here */
#define IFCONFIG1_RESERVED       0x00040400u /* bits 23:8 keep their reset value */
#define IFCONFIG1_SPIMODE3       (1u << 25)
#define IFCONFIG1_SCKFREQ(div)   ((uint32_t)(div) << 28)
#define CINSTRCONF_LENGTH(bytes) ((uint32_t)(bytes) << 8) /* with the opcode */
#define CINSTRCONF_IO_HIGH       (3u << 12)               /* WP# and HOLD# not asserted */

#define CLOCK_UNDIVIDED          0u
#define CLOCK_IDLE               2u /* the reset value */

#define WORD                     4u
#define BUFFER_SIZE              256u     /* of the bounce buffer, RAM; also the program page */
#define READ_MAX                 0x20000u /* bytes in one transfer; the register takes 2^18 - 1 */

/* What EasyDMA reaches. */
#define DMA_START    DT_REG_ADDR(DT_CHOSEN(zephyr_sram))
#define DMA_END      (DMA_START + DT_REG_SIZE(DT_CHOSEN(zephyr_sram)))

#define ACTIVATE_US  1000u
#define COMMAND_US   1000u /* nine bytes at 2 MHz: 36 us */
#define SPIN_US      8u    /* shorter waits are not worth a sleep */

#define TRANSFER_MAX 9u /* opcode and the two data registers */

struct qspi_config {
    struct pinctrl pins;
    uint32_t base;
    uint32_t ifconfig0;
    uint32_t ifconfig1; /* at sck-frequency; slow: at most at SPI_NOR_SLOW_HZ */
    uint32_t ifconfig1_slow;
    uint16_t byte_ns; /* time of one byte in a transfer with the slower of readoc and writeoc */
    uint16_t byte_ns_slow;
};

struct qspi_state {
    uint32_t byte_ns;     /* at the present speed */
    uint32_t transfer_us; /* of the program that was started */
    bool is_programming;  /* the controller has not yet been waited for */
};

/* Where there is one instance, what devicetree says of it becomes part of the instructions. */
#define QSPI_IS_ONLY (DT_NUM_INST_STATUS_OKAY(nordic_qspi_nor) == 1)
#define QSPI_FIRST   DT_INST(0, nordic_qspi_nor)
static const struct qspi_config SPI_NOR_NAME(qspi_config_, QSPI_FIRST);
static struct qspi_state SPI_NOR_NAME(qspi_state_, QSPI_FIRST);

static const struct qspi_config *config_of(const struct spi_chip *chip)
{
    return QSPI_IS_ONLY ? &SPI_NOR_NAME(qspi_config_, QSPI_FIRST) : chip->controller->config;
}

static struct qspi_state *state_of(const struct spi_chip *chip)
{
    return QSPI_IS_ONLY ? &SPI_NOR_NAME(qspi_state_, QSPI_FIRST) : chip->controller->state;
}

static const struct spi_nor *nor_of(const void *context)
{
    return SPI_NOR_IS_ONLY ? &SPI_NOR_FIRST : context;
}

/* The register that divides the controller's clock, of which a SoC has at most one; 0: none. */
#define QSPI_CLOCK                                                                                                     \
    COND_CODE_1(DT_NODE_HAS_PROP(DT_PARENT(QSPI_FIRST), nordic_clock_divider),                                         \
                (DT_REG_ADDR(DT_PHANDLE(DT_PARENT(QSPI_FIRST), nordic_clock_divider))), (0))

static volatile uint32_t *reg(const struct spi_chip *chip, uint32_t offset)
{
    return reg32(config_of(chip)->base + offset);
}

static void start_task(const struct spi_chip *chip, uint32_t task)
{
    *reg(chip, QSPI_EVENTS_READY) = 0;
    __asm__ volatile("dsb" : : : "memory"); /* what DMA is going to read is in RAM */
    *reg(chip, task) = 1;
}

/* Sleeps `expected_us`, then asks until the controller is ready or `limit_us` have passed. */
static int wait_ready(const struct spi_chip *chip, uint32_t expected_us, uint32_t limit_us)
{
    struct deadline end = deadline_in(limit_us);

    if (expected_us >= SPIN_US && *reg(chip, QSPI_EVENTS_READY) == 0) {
        timer_wait(expected_us);
    }
    for (;;) {
        bool was_last = deadline_passed(&end);

        if (*reg(chip, QSPI_EVENTS_READY) != 0) {
            __asm__ volatile("" : : : "memory"); /* DMA has written memory behind the compiler's back */
            return OK;
        }
        if (was_last) {
            return ERR_FLASH_TIMEOUT;
        }
    }
}

static uint32_t transfer_us(const struct spi_chip *chip, uint32_t len)
{
    return len * state_of(chip)->byte_ns / 1000;
}

/* Anomaly 159 of the nRF5340: no transfer unless its clock is undivided, and then it draws more current. */
static void divide_clock(uint32_t divider)
{
    if (QSPI_CLOCK != 0) {
        *reg32(QSPI_CLOCK) = divider;
    }
}

static void qspi_stop(const struct spi_chip *chip)
{
    *reg(chip, QSPI_TASKS_DEACTIVATE) = 1;
    *reg(chip, QSPI_ANOMALY_122) = 1;
    *reg(chip, QSPI_ENABLE) = 0;
    pinctrl_disconnect(&config_of(chip)->pins);
    *reg(chip, QSPI_IFCONFIG0) = 0;
    *reg(chip, QSPI_EVENTS_READY) = 0;
    divide_clock(CLOCK_IDLE);
}

/* A custom instruction: what the chip answers in the clocks of each byte replaces it in the data registers. */
static int qspi_transfer(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    uint32_t words[2] = {0};
    uint8_t *data = (uint8_t *)words + transfer->command_len - 1;
    int result;

    memcpy(words, transfer->command + 1, SPI_COMMAND_MAX - 1);
    if (transfer->out != NULL) {
        memcpy(data, transfer->out, transfer->len);
    }
    *reg(chip, QSPI_CINSTRDAT0) = words[0];
    *reg(chip, QSPI_CINSTRDAT1) = words[1];
    *reg(chip, QSPI_EVENTS_READY) = 0;
    *reg(chip, QSPI_CINSTRCONF) =
        transfer->command[0] | CINSTRCONF_LENGTH(transfer->command_len + transfer->len) | CINSTRCONF_IO_HIGH;
    result = wait_ready(chip, 0, COMMAND_US);
    if (transfer->in != NULL) {
        words[0] = *reg(chip, QSPI_CINSTRDAT0);
        words[1] = *reg(chip, QSPI_CINSTRDAT1);
        memcpy(transfer->in, data, transfer->len);
    }
    return result;
}

static void qspi_set_clock(const struct spi_chip *chip, uint32_t hz)
{
    const struct qspi_config *config = config_of(chip);
    bool is_full = hz > SPI_NOR_SLOW_HZ;

    *reg(chip, QSPI_IFCONFIG1) = is_full ? config->ifconfig1 : config->ifconfig1_slow;
    state_of(chip)->byte_ns = is_full ? config->byte_ns : config->byte_ns_slow;
}

static int qspi_start(const struct spi_chip *chip)
{
    const struct qspi_config *config = config_of(chip);
    int result;

    qspi_stop(chip);
    divide_clock(CLOCK_UNDIVIDED);
    *reg(chip, QSPI_IFCONFIG0) = config->ifconfig0;
    *reg(chip, QSPI_ENABLE) = 1;
    start_task(chip, QSPI_TASKS_ACTIVATE);
    result = wait_ready(chip, 0, ACTIVATE_US);
    qspi_set_clock(chip, SPI_NOR_SLOW_HZ);
    pinctrl_connect(&config->pins); /* only now: activating clocks the lines */
    return result;
}

static const struct spi_driver qspi_driver = {
    .start = qspi_start, .transfer = qspi_transfer, .set_clock = qspi_set_clock, .stop = qspi_stop};

static bool can_reach(const void *memory, size_t len)
{
    uintptr_t address = (uintptr_t)memory;

    return address >= DMA_START && address < DMA_END && len <= DMA_END - address;
}

static int fetch(const void *context, uint32_t off, void *dst, uint32_t len)
{
    const struct spi_nor *nor = nor_of(context);
    uint32_t expected = transfer_us(&nor->chip, len);

    *reg(&nor->chip, QSPI_READ_SRC) = off;
    *reg(&nor->chip, QSPI_READ_DST) = (uint32_t)(uintptr_t)dst;
    *reg(&nor->chip, QSPI_READ_CNT) = len;
    start_task(&nor->chip, QSPI_TASKS_READSTART);
    return wait_ready(&nor->chip, expected, expected * 2 + COMMAND_US);
}

/* The controller sends the write enable itself. */
static int store(const void *context, uint32_t off, const void *src, uint32_t len)
{
    const struct spi_nor *nor = nor_of(context);
    struct qspi_state *state = state_of(&nor->chip);
    int result = spi_nor_prepare(nor);

    if (result != OK) {
        return result;
    }
    *reg(&nor->chip, QSPI_WRITE_DST) = off;
    *reg(&nor->chip, QSPI_WRITE_SRC) = (uint32_t)(uintptr_t)src;
    *reg(&nor->chip, QSPI_WRITE_CNT) = len;
    start_task(&nor->chip, QSPI_TASKS_WRITESTART);
    state->transfer_us = transfer_us(&nor->chip, len);
    state->is_programming = true;
    spi_nor_program_started(nor);
    return OK;
}

static int settle(const void *context)
{
    const struct spi_nor *nor = nor_of(context);
    struct qspi_state *state = state_of(&nor->chip);

    if (!state->is_programming) {
        return OK;
    }
    state->is_programming = false;
    return wait_ready(&nor->chip, state->transfer_us, state->transfer_us * 2 + spi_nor_chip(nor)->program_max_us);
}

static int qspi_settle(const struct spi_nor *nor)
{
    return settle(nor);
}

/* One buffer serves every instance: it is in use only while a call runs, or until the program it feeds has settled. */
static uint8_t buffer[BUFFER_SIZE] __attribute__((aligned(WORD)));

static const struct bounce qspi_bounce = {
    .buffer = buffer,
    .size = BUFFER_SIZE,
    .unit = WORD,
    .direct_max = READ_MAX,
    .can_reach = can_reach,
    .fetch = fetch,
    .store = store,
    .settle = settle,
};

static int qspi_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    const struct spi_nor *nor = spi_nor_of(dev);
    int result = spi_nor_wait(nor);

    return result != OK ? result : bounce_read(&qspi_bounce, nor, off, dst, len);
}

static int qspi_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    const struct spi_nor *nor = spi_nor_of(dev);
    int result = spi_nor_check_source(nor, src, len);

    return result != OK ? result : bounce_program(&qspi_bounce, nor, off, src, len);
}

static const struct flash_driver qspi_nor_driver = {
    .init = spi_nor_flash_init,
    .deinit = spi_nor_flash_deinit,
    .read = qspi_read,
    .program = qspi_program,
    .erase = spi_nor_flash_erase,
    .sync = spi_nor_flash_sync,
    .geometry = spi_nor_flash_geometry,
};

static const struct pinctrl_role qspi_roles[] = {
    {NRF_FUN_QSPI_SCK, PINCTRL_HIGH_DRIVE, QSPI_PSEL_SCK},    {NRF_FUN_QSPI_CSN, PINCTRL_HIGH_DRIVE, QSPI_PSEL_CSN},
    {NRF_FUN_QSPI_IO0, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO0}, {NRF_FUN_QSPI_IO1, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO1},
    {NRF_FUN_QSPI_IO2, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO2}, {NRF_FUN_QSPI_IO3, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO3},
};

#define QSPI_READOC(node)  DT_ENUM_IDX_OR(node, readoc, 0)
#define QSPI_WRITEOC(node) DT_ENUM_IDX_OR(node, writeoc, 0)

/* SCK is the controller's clock / (SCKFREQ + 1), 32 MHz at most: the fastest that is not above the limit. */
#define QSPI_HZ(node)             DT_PROP(DT_PARENT(node), clock_frequency)
#define QSPI_HZ_MAX               32000000u
#define QSPI_CLAMP(hz, limit)     ((hz) > (limit) ? (limit) : (hz))
#define QSPI_SCKFREQ(node, limit) QSPI_DIVIDE(QSPI_HZ(node), QSPI_CLAMP(DT_PROP(node, sck_frequency), limit))
#define QSPI_DIVIDE(base, hz)     (((base) + (hz)-1) / (hz)-1)
#define QSPI_FULL(node)           QSPI_SCKFREQ(node, QSPI_HZ_MAX)
#define QSPI_SLOW(node)           QSPI_SCKFREQ(node, SPI_NOR_SLOW_HZ)
#define QSPI_IFCONFIG1_FOR(node, sckfreq)                                                                              \
    (IFCONFIG1_RESERVED | DT_PROP(node, sck_delay) | IFCONFIG1_SCKFREQ(sckfreq) |                                      \
     (DT_PROP(node, cpol) ? IFCONFIG1_SPIMODE3 : 0))

/* One line needs eight clocks for a byte; readoc and writeoc name modes with one, two or four data lines. */
#define QSPI_READ_CLOCKS(node)  (QSPI_READOC(node) == 0 ? 8u : QSPI_READOC(node) <= 2 ? 4u : 2u)
#define QSPI_WRITE_CLOCKS(node) (QSPI_WRITEOC(node) == 0 ? 8u : QSPI_WRITEOC(node) == 1 ? 4u : 2u)
#define QSPI_CLOCKS(node)                                                                                              \
    (QSPI_READ_CLOCKS(node) > QSPI_WRITE_CLOCKS(node) ? QSPI_READ_CLOCKS(node) : QSPI_WRITE_CLOCKS(node))

#define QSPI_BYTE_NS(node, sckfreq) (QSPI_CLOCKS(node) * ((sckfreq) + 1) * 1000u / (QSPI_HZ(node) / 1000000u))

#define QSPI_DEFINE(node)                                                                                              \
    _Static_assert(QSPI_FULL(node) <= 15, "QSPI: sck-frequency is too low");                                           \
    static const uint32_t SPI_NOR_NAME(qspi_psels_, node)[] = {PINCTRL_PSELS(DT_PARENT(node))};                        \
    static struct qspi_state SPI_NOR_NAME(qspi_state_, node);                                                          \
    static const struct qspi_config SPI_NOR_NAME(qspi_config_, node) = {                                               \
        .pins = {.base = DT_REG_ADDR(DT_PARENT(node)),                                                                 \
                 .roles = qspi_roles,                                                                                  \
                 .psels = SPI_NOR_NAME(qspi_psels_, node),                                                             \
                 .role_count = ARRAY_SIZE(qspi_roles),                                                                 \
                 .psel_count = ARRAY_SIZE(SPI_NOR_NAME(qspi_psels_, node))},                                           \
        .base = DT_REG_ADDR(DT_PARENT(node)),                                                                          \
        .ifconfig0 = QSPI_READOC(node) | IFCONFIG0_WRITEOC(QSPI_WRITEOC(node)) |                                       \
                     (DT_PROP(DT_PARENT(node), anomaly_121_workaround) ? IFCONFIG0_ANOMALY_121 : 0) |                  \
                     (SPI_NOR_SIZE(node) > 0x1000000 ? IFCONFIG0_ADDRMODE_32 : 0),                                     \
        .ifconfig1 = QSPI_IFCONFIG1_FOR(node, QSPI_FULL(node)),                                                        \
        .ifconfig1_slow = QSPI_IFCONFIG1_FOR(node, QSPI_SLOW(node)),                                                   \
        .byte_ns = QSPI_BYTE_NS(node, QSPI_FULL(node)),                                                                \
        .byte_ns_slow = QSPI_BYTE_NS(node, QSPI_SLOW(node)),                                                           \
    };                                                                                                                 \
    static const struct spi_controller SPI_NOR_NAME(qspi_controller_, node) = {                                        \
        .driver = &qspi_driver,                                                                                        \
        .config = &SPI_NOR_NAME(qspi_config_, node),                                                                   \
        .state = &SPI_NOR_NAME(qspi_state_, node),                                                                     \
        .transfer_max = TRANSFER_MAX,                                                                                  \
        .window = DT_REG_ADDR_BY_IDX(DT_PARENT(node), 1),                                                              \
        .window_len = DT_REG_SIZE_BY_IDX(DT_PARENT(node), 1),                                                          \
    };                                                                                                                 \
    SPI_NOR_FLASH_DEFINE(node, SPI_NOR_NAME(qspi_controller_, node), DT_PROP(node, sck_frequency), qspi_nor_driver,    \
                         .settle = qspi_settle, .needs_4byte_mode = true,                                              \
                         .needs_quad = QSPI_READOC(node) >= 3 || QSPI_WRITEOC(node) >= 2)

DT_FOREACH_STATUS_OKAY(nordic_qspi_nor, QSPI_DEFINE)
