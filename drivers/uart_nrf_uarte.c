/*
 * UARTE of nRF SoCs (nRF52840 PS, "UARTE"). Sends by DMA from a buffer of its own and returns while the last part is
 * still on the line. Receives byte by byte into a ring: from the interrupt with CONFIG_UART_INTERRUPT_DRIVEN, or when
 * asked without it. The peripheral's FIFO of five bytes bridges 430 us at 115200 baud until the next byte is fetched;
 * an interrupt that is late by a flash write (41 us) loses nothing.
 */
#include <stdbool.h>
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/timer.h>
#include <farboot/util.h>
#include <zephyr/dt-bindings/pinctrl/nrf-pinctrl.h>

#include "drivers/uart.h"
#include "drivers/uart_ring.h"
#include "soc/arm/cortex_m.h"
#include "soc/nrf/pinctrl.h"

#define UARTE_TASKS_STARTRX    0x000u
#define UARTE_TASKS_STOPRX     0x004u
#define UARTE_TASKS_STARTTX    0x008u
#define UARTE_TASKS_STOPTX     0x00cu
#define UARTE_EVENTS_ENDRX     0x110u
#define UARTE_EVENTS_ENDTX     0x120u
#define UARTE_EVENTS_ERROR     0x124u
#define UARTE_EVENTS_RXTO      0x144u
#define UARTE_EVENTS_TXSTOPPED 0x158u
#define UARTE_INTENSET         0x304u
#define UARTE_INTENCLR         0x308u
#define UARTE_ERRORSRC         0x480u
#define UARTE_ENABLE           0x500u
#define UARTE_PSEL_TXD         0x50cu
#define UARTE_PSEL_RXD         0x514u
#define UARTE_BAUDRATE         0x524u
#define UARTE_RXD_PTR          0x534u
#define UARTE_RXD_MAXCNT       0x538u
#define UARTE_TXD_PTR          0x544u
#define UARTE_TXD_MAXCNT       0x548u
#define UARTE_CONFIG           0x56cu

#define UARTE_ENABLED          8u
#define UARTE_INT_ENDRX        (1u << 4)
#define UARTE_BAUDRATE_RESET   0x04000000u

#define TX_SIZE                64u
#define TX_POLL_US             20u
#define STOP_US                1000u /* STOPTX and STOPRX finish the byte on the line; five more may follow from the FIFO */

struct uarte_config {
    uint32_t base;
    uint32_t irq;
    uint32_t speed;    /* baud */
    uint32_t baudrate; /* register value for `speed` */
    struct pinctrl pins;
};

struct uarte_state {
    uint8_t tx[TX_SIZE];
    uint32_t tx_len; /* bytes that DMA is sending; 0: none */
    struct uart_ring ring;
    volatile uint8_t rx_byte; /* target of the DMA */
};

static const struct uarte_config *config_of(const struct uart_device *dev)
{
    return dev->config;
}

static struct uarte_state *state_of(const struct uart_device *dev)
{
    return dev->state;
}

static volatile uint32_t *reg(const struct uart_device *dev, uint32_t offset)
{
    return reg32(config_of(dev)->base + offset);
}

static void clear_event(const struct uart_device *dev, uint32_t event)
{
    *reg(dev, event) = 0;
    (void)*reg(dev, event); /* the write must have arrived before an interrupt handler returns */
}

static void wait_for(const struct uart_device *dev, uint32_t event, uint32_t us)
{
    struct deadline end = deadline_in(us);

    while (*reg(dev, event) == 0 && !deadline_passed(&end)) {
        timer_wait(TX_POLL_US);
    }
}

/* Ten bits a byte, twice over. A line that is stuck loses the rest of its text and holds nobody up. */
static void finish_tx(const struct uart_device *dev)
{
    struct uarte_state *state = state_of(dev);

    if (state->tx_len > 0) {
        wait_for(dev, UARTE_EVENTS_ENDTX, STOP_US + state->tx_len * (20u * 1000000u / config_of(dev)->speed));
        state->tx_len = 0;
    }
}

static void rx_start(const struct uart_device *dev)
{
    *reg(dev, UARTE_RXD_PTR) = (uint32_t)(uintptr_t)&state_of(dev)->rx_byte;
    *reg(dev, UARTE_RXD_MAXCNT) = 1;
    *reg(dev, UARTE_TASKS_STARTRX) = 1;
}

static void rx_service(const struct uart_device *dev)
{
    struct uarte_state *state = state_of(dev);

    if (*reg(dev, UARTE_EVENTS_ENDRX) == 0) {
        return;
    }
    clear_event(dev, UARTE_EVENTS_ENDRX);
    uart_ring_put(&state->ring, state->rx_byte);
    *reg(dev, UARTE_ERRORSRC) = *reg(dev, UARTE_ERRORSRC);
    rx_start(dev);
}

static void uarte_init(const struct uart_device *dev)
{
    const struct uarte_config *config = config_of(dev);

    memset(dev->state, 0, sizeof(struct uarte_state));
    pinctrl_connect(&config->pins);
    *reg(dev, UARTE_BAUDRATE) = config->baudrate;
    *reg(dev, UARTE_CONFIG) = 0;
    *reg(dev, UARTE_ENABLE) = UARTE_ENABLED;
    if (IS_ENABLED(CONFIG_UART_RECEIVE)) {
        clear_event(dev, UARTE_EVENTS_ENDRX);
        rx_start(dev);
    }
    if (IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        *reg(dev, UARTE_INTENSET) = UARTE_INT_ENDRX;
        cortex_irq_unpend(config->irq);
        cortex_irq_enable(config->irq);
    }
}

static void uarte_write(const struct uart_device *dev, const void *data, size_t len)
{
    struct uarte_state *state = state_of(dev);
    const uint8_t *bytes = data;

    while (len > 0) {
        size_t part = len < TX_SIZE ? len : TX_SIZE;

        finish_tx(dev);
        memcpy(state->tx, bytes, part);
        state->tx_len = (uint32_t)part;
        clear_event(dev, UARTE_EVENTS_ENDTX);
        *reg(dev, UARTE_TXD_PTR) = (uint32_t)(uintptr_t)state->tx;
        *reg(dev, UARTE_TXD_MAXCNT) = (uint32_t)part;
        *reg(dev, UARTE_TASKS_STARTTX) = 1;
        bytes += part;
        len -= part;
    }
}

static size_t uarte_read(const struct uart_device *dev, void *data, size_t len)
{
    if (!IS_ENABLED(CONFIG_UART_RECEIVE)) {
        return 0;
    }
    if (!IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        rx_service(dev);
    }
    return uart_ring_take(&state_of(dev)->ring, data, len);
}

static void stop_rx(const struct uart_device *dev)
{
    cortex_irq_disable(config_of(dev)->irq);
    *reg(dev, UARTE_INTENCLR) = UINT32_MAX;
    clear_event(dev, UARTE_EVENTS_RXTO);
    *reg(dev, UARTE_TASKS_STOPRX) = 1;
    wait_for(dev, UARTE_EVENTS_RXTO, STOP_US);
    clear_event(dev, UARTE_EVENTS_ENDRX);
    clear_event(dev, UARTE_EVENTS_ERROR);
    cortex_irq_unpend(config_of(dev)->irq);
}

static void uarte_deinit(const struct uart_device *dev)
{
    const struct uarte_config *config = config_of(dev);

    finish_tx(dev);
    clear_event(dev, UARTE_EVENTS_TXSTOPPED);
    *reg(dev, UARTE_TASKS_STOPTX) = 1;
    wait_for(dev, UARTE_EVENTS_TXSTOPPED, STOP_US);
    if (IS_ENABLED(CONFIG_UART_RECEIVE)) {
        stop_rx(dev);
    }
    *reg(dev, UARTE_ENABLE) = 0;
    pinctrl_disconnect(&config->pins);
    *reg(dev, UARTE_BAUDRATE) = UARTE_BAUDRATE_RESET;
}

static const struct uart_driver uarte_driver = {
    .init = uarte_init,
    .write = uarte_write,
    .read = uarte_read,
    .deinit = uarte_deinit,
};

static const struct pinctrl_role uarte_roles[] = {
    {NRF_FUN_UART_TX, PINCTRL_OUTPUT, UARTE_PSEL_TXD},
    {NRF_FUN_UART_RX, PINCTRL_INPUT, UARTE_PSEL_RXD},
};

/* Values of the BAUDRATE register (nRF52840 PS, UARTE, BAUDRATE); 0 for a speed it does not list. */
#define UARTE_BAUDRATE_FOR(speed)                                                                                      \
    ((speed) == 9600      ? 0x00275000u                                                                                \
     : (speed) == 19200   ? 0x004ea000u                                                                                \
     : (speed) == 38400   ? 0x009d0000u                                                                                \
     : (speed) == 57600   ? 0x00eb0000u                                                                                \
     : (speed) == 115200  ? 0x01d60000u                                                                                \
     : (speed) == 230400  ? 0x03b00000u                                                                                \
     : (speed) == 250000  ? 0x04000000u                                                                                \
     : (speed) == 460800  ? 0x07400000u                                                                                \
     : (speed) == 921600  ? 0x0f000000u                                                                                \
     : (speed) == 1000000 ? 0x10000000u                                                                                \
                          : 0u)

#define UARTE_NAME(prefix, node) UTIL_CAT(prefix, DT_DEP_ORD(node))

#define UARTE_DEFINE(node)                                                                                             \
    _Static_assert(UARTE_BAUDRATE_FOR(DT_PROP(node, current_speed)) != 0, "UARTE: current-speed is not supported");    \
    static const uint32_t UARTE_NAME(uarte_psels_, node)[] = {PINCTRL_PSELS(node)};                                    \
    static const struct uarte_config UARTE_NAME(uarte_config_, node) = {                                               \
        .base = DT_REG_ADDR(node),                                                                                     \
        .irq = DT_IRQN(node),                                                                                          \
        .speed = DT_PROP(node, current_speed),                                                                         \
        .baudrate = UARTE_BAUDRATE_FOR(DT_PROP(node, current_speed)),                                                  \
        .pins = {.base = DT_REG_ADDR(node),                                                                            \
                 .roles = uarte_roles,                                                                                 \
                 .psels = UARTE_NAME(uarte_psels_, node),                                                              \
                 .role_count = ARRAY_SIZE(uarte_roles),                                                                \
                 .psel_count = ARRAY_SIZE(UARTE_NAME(uarte_psels_, node))},                                            \
    };                                                                                                                 \
    static struct uarte_state UARTE_NAME(uarte_state_, node);                                                          \
    extern const struct uart_device DEVICE_DT_NAME(node);                                                              \
    const struct uart_device DEVICE_DT_NAME(node) = {                                                                  \
        .driver = &uarte_driver,                                                                                       \
        .config = &UARTE_NAME(uarte_config_, node),                                                                    \
        .state = &UARTE_NAME(uarte_state_, node),                                                                      \
    };                                                                                                                 \
    void CORTEX_IRQ_HANDLER(DT_IRQN(node))(void);                                                                      \
    void CORTEX_IRQ_HANDLER(DT_IRQN(node))(void)                                                                       \
    {                                                                                                                  \
        rx_service(&DEVICE_DT_NAME(node));                                                                             \
    }

DT_FOREACH_STATUS_OKAY(nordic_nrf_uarte, UARTE_DEFINE)
