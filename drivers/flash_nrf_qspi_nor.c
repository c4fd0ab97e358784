/*
 * NOR flash behind the QSPI controller of the nRF52840 and nRF5340 (their PS, "QSPI"; devicetree `nordic,qspi-nor`).
 * The controller moves words between RAM and chip by DMA and sends single commands; what it cannot move itself goes
 * through flash/bounce, what is the chip's business is in drivers/spi_nor.
 *
 * Write-behind: a program returns when the controller has been started, an erase when the chip has its command.
 */
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/flash.h>
#include <farboot/timer.h>
#include <farboot/util.h>
#include <zephyr/dt-bindings/pinctrl/nrf-pinctrl.h>

#include "drivers/spi_nor.h"
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
#define IFCONFIG0_ANOMALY_121                                                                                          \
    (1u << 16) /* nRF5340: input timing; with bit 17 at the highest speed, never used here                             \
                */
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
#define DMA_START   DT_REG_ADDR(DT_CHOSEN(zephyr_sram))
#define DMA_END     (DMA_START + DT_REG_SIZE(DT_CHOSEN(zephyr_sram)))

#define ACTIVATE_US 1000u
#define COMMAND_US  1000u /* nine bytes at 2 MHz: 36 us */
#define SPIN_US     8u    /* shorter waits are not worth a sleep */

struct qspi_nor_config {
    struct spi_nor nor; /* its context is the flash device */
    struct pinctrl pins;
    struct flash_geometry geometry;
    struct flash_range *range; /* the only one; its sector size is the chip's after init */
    uint32_t base;
    uint32_t ifconfig0;
    uint32_t ifconfig1; /* at sck-frequency; slow: at most at SPI_NOR_SLOW_HZ */
    uint32_t ifconfig1_slow;
    uint16_t byte_ns; /* time of one byte in a transfer with the slower of readoc and writeoc */
    uint16_t byte_ns_slow;
};

struct qspi_nor_state {
    struct spi_nor_state nor;
    uint32_t byte_ns;     /* at the present speed */
    uint32_t transfer_us; /* of the program that was started */
    bool is_programming;  /* the controller has not yet been waited for */
};

#define QSPI_NAME(prefix, node) UTIL_CAT(prefix, DT_DEP_ORD(node))

/* Where there is one instance, what devicetree says of it becomes part of the instructions. */
#define QSPI_IS_ONLY (DT_NUM_INST_STATUS_OKAY(nordic_qspi_nor) == 1)
#define QSPI_FIRST   DT_INST(0, nordic_qspi_nor)
static const struct qspi_nor_config QSPI_NAME(qspi_config_, QSPI_FIRST);
static struct qspi_nor_state QSPI_NAME(qspi_state_, QSPI_FIRST);

static const struct qspi_nor_config *config_of(const struct flash_device *dev)
{
    return QSPI_IS_ONLY ? &QSPI_NAME(qspi_config_, QSPI_FIRST) : dev->config;
}

static struct qspi_nor_state *state_of(const struct flash_device *dev)
{
    return QSPI_IS_ONLY ? &QSPI_NAME(qspi_state_, QSPI_FIRST) : dev->state;
}

/* The register that divides the controller's clock, of which a SoC has at most one; 0: none. */
#define QSPI_CLOCK                                                                                                     \
    COND_CODE_1(DT_NODE_HAS_PROP(DT_PARENT(QSPI_FIRST), nordic_clock_divider),                                         \
                (DT_REG_ADDR(DT_PHANDLE(DT_PARENT(QSPI_FIRST), nordic_clock_divider))), (0))

static volatile uint32_t *reg(const struct flash_device *dev, uint32_t offset)
{
    return reg32(config_of(dev)->base + offset);
}

static void start_task(const struct flash_device *dev, uint32_t task)
{
    *reg(dev, QSPI_EVENTS_READY) = 0;
    __asm__ volatile("dsb" : : : "memory"); /* what DMA is going to read is in RAM */
    *reg(dev, task) = 1;
}

/* Sleeps `expected_us`, then asks until the controller is ready or `limit_us` have passed. */
static int wait_ready(const struct flash_device *dev, uint32_t expected_us, uint32_t limit_us)
{
    struct deadline end = deadline_in(limit_us);

    if (expected_us >= SPIN_US && *reg(dev, QSPI_EVENTS_READY) == 0) {
        timer_wait(expected_us);
    }
    for (;;) {
        bool was_last = deadline_passed(&end);

        if (*reg(dev, QSPI_EVENTS_READY) != 0) {
            __asm__ volatile("" : : : "memory"); /* DMA has written memory behind the compiler's back */
            return OK;
        }
        if (was_last) {
            return ERR_FLASH_TIMEOUT;
        }
    }
}

static uint32_t transfer_us(const struct flash_device *dev, uint32_t len)
{
    return len * state_of(dev)->byte_ns / 1000;
}

static int qspi_command(const void *context, uint8_t opcode, uint8_t *data, size_t len)
{
    const struct flash_device *dev = context;
    uint32_t words[2] = {0};
    int result;

    if (len > 0) {
        memcpy(words, data, len);
        *reg(dev, QSPI_CINSTRDAT0) = words[0];
        *reg(dev, QSPI_CINSTRDAT1) = words[1];
    }
    *reg(dev, QSPI_EVENTS_READY) = 0;
    *reg(dev, QSPI_CINSTRCONF) = opcode | CINSTRCONF_LENGTH(len + 1) | CINSTRCONF_IO_HIGH;
    result = wait_ready(dev, 0, COMMAND_US);
    if (result == OK && len > 0) {
        words[0] = *reg(dev, QSPI_CINSTRDAT0);
        words[1] = *reg(dev, QSPI_CINSTRDAT1);
        memcpy(data, words, len);
    }
    return result;
}

static int qspi_settle(const void *context)
{
    const struct flash_device *dev = context;
    struct qspi_nor_state *state = state_of(dev);

    if (!state->is_programming) {
        return OK;
    }
    state->is_programming = false;
    return wait_ready(dev, state->transfer_us,
                      state->transfer_us * 2 + spi_nor_chip(&config_of(dev)->nor)->program_max_us);
}

static void qspi_set_speed(const void *context, bool is_full)
{
    const struct qspi_nor_config *config = config_of(context);

    *reg(context, QSPI_IFCONFIG1) = is_full ? config->ifconfig1 : config->ifconfig1_slow;
    state_of(context)->byte_ns = is_full ? config->byte_ns : config->byte_ns_slow;
}

static const struct spi_nor_bus qspi_bus = {
    .command = qspi_command, .set_speed = qspi_set_speed, .settle = qspi_settle};

static bool can_reach(const void *memory, size_t len)
{
    uintptr_t address = (uintptr_t)memory;

    return address >= DMA_START && address < DMA_END && len <= DMA_END - address;
}

static int fetch(const void *context, uint32_t off, void *dst, uint32_t len)
{
    const struct flash_device *dev = context;
    uint32_t expected = transfer_us(dev, len);

    *reg(dev, QSPI_READ_SRC) = off;
    *reg(dev, QSPI_READ_DST) = (uint32_t)(uintptr_t)dst;
    *reg(dev, QSPI_READ_CNT) = len;
    start_task(dev, QSPI_TASKS_READSTART);
    return wait_ready(dev, expected, expected * 2 + COMMAND_US);
}

/* The controller sends the write enable itself. */
static int store(const void *context, uint32_t off, const void *src, uint32_t len)
{
    const struct flash_device *dev = context;
    int result = spi_nor_prepare(&config_of(dev)->nor);

    if (result != OK) {
        return result;
    }
    *reg(dev, QSPI_WRITE_DST) = off;
    *reg(dev, QSPI_WRITE_SRC) = (uint32_t)(uintptr_t)src;
    *reg(dev, QSPI_WRITE_CNT) = len;
    start_task(dev, QSPI_TASKS_WRITESTART);
    state_of(dev)->transfer_us = transfer_us(dev, len);
    state_of(dev)->is_programming = true;
    spi_nor_program_started(&config_of(dev)->nor);
    return OK;
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
    .settle = qspi_settle,
};

/* Anomaly 159 of the nRF5340: no transfer unless its clock is undivided, and then it draws more current. */
static void set_clock(uint32_t divider)
{
    if (QSPI_CLOCK != 0) {
        *reg32(QSPI_CLOCK) = divider;
    }
}

static int controller_start(const struct flash_device *dev)
{
    const struct qspi_nor_config *config = config_of(dev);
    int result;

    set_clock(CLOCK_UNDIVIDED);
    *reg(dev, QSPI_IFCONFIG0) = config->ifconfig0;
    *reg(dev, QSPI_ENABLE) = 1;
    start_task(dev, QSPI_TASKS_ACTIVATE);
    result = wait_ready(dev, 0, ACTIVATE_US);
    qspi_set_speed(dev, false);
    pinctrl_connect(&config->pins); /* only now: activating clocks the lines */
    return result;
}

static void controller_stop(const struct flash_device *dev)
{
    *reg(dev, QSPI_TASKS_DEACTIVATE) = 1;
    *reg(dev, QSPI_ANOMALY_122) = 1;
    *reg(dev, QSPI_ENABLE) = 0;
    pinctrl_disconnect(&config_of(dev)->pins);
    *reg(dev, QSPI_IFCONFIG0) = 0;
    *reg(dev, QSPI_EVENTS_READY) = 0;
    set_clock(CLOCK_IDLE);
}

static int qspi_nor_init(const struct flash_device *dev)
{
    const struct qspi_nor_config *config = config_of(dev);
    int result = qspi_settle(dev); /* when called again while a program runs */

    controller_stop(dev);
    if (result == OK) {
        result = controller_start(dev);
    }
    if (result == OK) {
        result = spi_nor_init(&config->nor);
    }
    if (result != OK) {
        controller_stop(dev);
        return result;
    }
    config->range->sector_size = spi_nor_sector_size(spi_nor_chip(&config->nor));
    config->range->count = config->geometry.size / config->range->sector_size;
    return OK;
}

static int qspi_nor_deinit(const struct flash_device *dev)
{
    int result = spi_nor_deinit(&config_of(dev)->nor);

    controller_stop(dev);
    return result;
}

static int qspi_nor_sync(const struct flash_device *dev)
{
    return spi_nor_wait(&config_of(dev)->nor);
}

static int qspi_nor_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    int result = spi_nor_wait(&config_of(dev)->nor);

    return result != OK ? result : bounce_read(&qspi_bounce, dev, off, dst, len);
}

static int qspi_nor_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    int result = spi_nor_wait(&config_of(dev)->nor);

    return result != OK ? result : bounce_program(&qspi_bounce, dev, off, src, len);
}

static int qspi_nor_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    return spi_nor_erase(&config_of(dev)->nor, off, len);
}

static const struct flash_geometry *qspi_nor_geometry(const struct flash_device *dev)
{
    return &config_of(dev)->geometry;
}

static const struct flash_driver qspi_nor_driver = {
    .init = qspi_nor_init,
    .deinit = qspi_nor_deinit,
    .read = qspi_nor_read,
    .program = qspi_nor_program,
    .erase = qspi_nor_erase,
    .sync = qspi_nor_sync,
    .geometry = qspi_nor_geometry,
};

static const struct pinctrl_role qspi_roles[] = {
    {NRF_FUN_QSPI_SCK, PINCTRL_HIGH_DRIVE, QSPI_PSEL_SCK},    {NRF_FUN_QSPI_CSN, PINCTRL_HIGH_DRIVE, QSPI_PSEL_CSN},
    {NRF_FUN_QSPI_IO0, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO0}, {NRF_FUN_QSPI_IO1, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO1},
    {NRF_FUN_QSPI_IO2, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO2}, {NRF_FUN_QSPI_IO3, PINCTRL_HIGH_DRIVE_IO, QSPI_PSEL_IO3},
};

#define QSPI_SIZE(node)                                                                                                \
    COND_CODE_1(DT_NODE_HAS_PROP(node, size_in_bytes), (DT_PROP(node, size_in_bytes)), (DT_PROP(node, size) / 8))
#define QSPI_READOC(node)  DT_ENUM_IDX_OR(node, readoc, 0)
#define QSPI_WRITEOC(node) DT_ENUM_IDX_OR(node, writeoc, 0)

/* Bytes of the JEDEC ID: an initializer, so each is reached by index. */
#define QSPI_ID(node)                                                                                                  \
    {                                                                                                                  \
        DT_PROP_BY_IDX(node, jedec_id, 0), DT_PROP_BY_IDX(node, jedec_id, 1), DT_PROP_BY_IDX(node, jedec_id, 2)        \
    }

/* What the chip says of itself, from devicetree. */
#define QSPI_BFP(node, i)    DT_PROP_BY_IDX(node, sfdp_bfp, i)
#define QSPI_DESCRIBED(node) COND_CODE_1(CONFIG_SPI_NOR_SFDP_DEVICETREE, (&QSPI_NAME(qspi_chip_, node)), (NULL))
#define QSPI_DESCRIBE(node)  COND_CODE_1(CONFIG_SPI_NOR_SFDP_DEVICETREE, (QSPI_DESCRIPTION(node)), ())
#define QSPI_DESCRIPTION(node)                                                                                         \
    static const struct sfdp_chip QSPI_NAME(qspi_chip_, node) = SFDP_CHIP(QSPI_BFP, node);                             \
    _Static_assert((QSPI_BFP(node, 7) & 0x80) == 0 &&                                                                  \
                       SFDP_DENSITY(SFDP_WORD(QSPI_BFP, node, 4, 5, 6, 7)) >= QSPI_SIZE(node),                         \
                   "QSPI: the devicetree says more bytes than sfdp-bfp");

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
    extern const struct flash_device DEVICE_DT_NAME(node);                                                             \
    QSPI_DESCRIBE(node)                                                                                                \
    static const uint32_t QSPI_NAME(qspi_psels_, node)[] = {PINCTRL_PSELS(DT_PARENT(node))};                           \
    static struct qspi_nor_state QSPI_NAME(qspi_state_, node);                                                         \
    static struct flash_range QSPI_NAME(qspi_range_, node) = {.sector_size = 4096, .count = QSPI_SIZE(node) / 4096};   \
    static const struct qspi_nor_config QSPI_NAME(qspi_config_, node) = {                                              \
        .nor = {.bus = &qspi_bus,                                                                                      \
                .context = &DEVICE_DT_NAME(node),                                                                      \
                .state = &QSPI_NAME(qspi_state_, node).nor,                                                            \
                .described = QSPI_DESCRIBED(node),                                                                     \
                .name = DT_NODE_FULL_NAME(node),                                                                       \
                .size = QSPI_SIZE(node),                                                                               \
                .exit_dpd_us = (DT_PROP_OR(node, t_exit_dpd, 100000) + 999) / 1000,                                    \
                .id = QSPI_ID(node),                                                                                   \
                .quad_enable = DT_ENUM_IDX_OR(node, quad_enable_requirements, QER_NONE),                               \
                .needs_quad = QSPI_READOC(node) >= 3 || QSPI_WRITEOC(node) >= 2},                                      \
        .pins = {.base = DT_REG_ADDR(DT_PARENT(node)),                                                                 \
                 .roles = qspi_roles,                                                                                  \
                 .psels = QSPI_NAME(qspi_psels_, node),                                                                \
                 .role_count = ARRAY_SIZE(qspi_roles),                                                                 \
                 .psel_count = ARRAY_SIZE(QSPI_NAME(qspi_psels_, node))},                                              \
        .geometry = {.size = QSPI_SIZE(node),                                                                          \
                     .write_block = 1,                                                                                 \
                     .erased_value = 0xff,                                                                             \
                     .range_count = 1,                                                                                 \
                     .ranges = &QSPI_NAME(qspi_range_, node)},                                                         \
        .range = &QSPI_NAME(qspi_range_, node),                                                                        \
        .base = DT_REG_ADDR(DT_PARENT(node)),                                                                          \
        .ifconfig0 = QSPI_READOC(node) | IFCONFIG0_WRITEOC(QSPI_WRITEOC(node)) |                                       \
                     (DT_PROP(DT_PARENT(node), anomaly_121_workaround) ? IFCONFIG0_ANOMALY_121 : 0) |                  \
                     (QSPI_SIZE(node) > 0x1000000 ? IFCONFIG0_ADDRMODE_32 : 0),                                        \
        .ifconfig1 = QSPI_IFCONFIG1_FOR(node, QSPI_FULL(node)),                                                        \
        .ifconfig1_slow = QSPI_IFCONFIG1_FOR(node, QSPI_SLOW(node)),                                                   \
        .byte_ns = QSPI_BYTE_NS(node, QSPI_FULL(node)),                                                                \
        .byte_ns_slow = QSPI_BYTE_NS(node, QSPI_SLOW(node)),                                                           \
    };                                                                                                                 \
    const struct flash_device DEVICE_DT_NAME(node) = {                                                                 \
        .driver = &qspi_nor_driver,                                                                                    \
        .config = &QSPI_NAME(qspi_config_, node),                                                                      \
        .state = &QSPI_NAME(qspi_state_, node),                                                                        \
        .name = DT_NODE_FULL_NAME(node),                                                                               \
    };

DT_FOREACH_STATUS_OKAY(nordic_qspi_nor, QSPI_DEFINE)
