/*
 * UART without DMA of nRF SoCs (nRF51 Series Reference Manual, "UART"; nRF52840 PS has it as deprecated). Sends a byte
 * at a time. Receives into a ring: from the interrupt with CONFIG_UART_INTERRUPT_DRIVEN, or when asked without it; the
 * FIFO of six bytes bridges 520 us at 115200 baud.
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

#define UART_TASKS_STARTRX  0x000u
#define UART_TASKS_STOPRX   0x004u
#define UART_TASKS_STARTTX  0x008u
#define UART_TASKS_STOPTX   0x00cu
#define UART_EVENTS_RXDRDY  0x108u
#define UART_EVENTS_TXDRDY  0x11cu
#define UART_INTENSET       0x304u
#define UART_INTENCLR       0x308u
#define UART_ENABLE         0x500u
#define UART_PSEL_TXD       0x50cu
#define UART_PSEL_RXD       0x514u
#define UART_RXD            0x518u
#define UART_TXD            0x51cu
#define UART_BAUDRATE       0x524u

#define UART_ENABLED        4u
#define UART_INT_RXDRDY     (1u << 2)
#define UART_BAUDRATE_RESET 0x04000000u
#define FIFO_SIZE           6u
#define BYTE_US             2500u /* twice what ten bits take at 9600 baud */

struct nrf_uart_config {
    uint32_t base;
    uint32_t irq;
    uint32_t baudrate; /* register value */
    struct pinctrl pins;
};

static const struct nrf_uart_config *config_of(const struct uart_device *dev)
{
    return dev->config;
}

static volatile uint32_t *reg(const struct uart_device *dev, uint32_t offset)
{
    return reg32(config_of(dev)->base + offset);
}

/* Clearing the event is read back: it must have arrived before the next byte can come, and before a handler returns. */
static void rx_service(const struct uart_device *dev)
{
    for (uint32_t i = 0; i < FIFO_SIZE && *reg(dev, UART_EVENTS_RXDRDY) != 0; i++) {
        *reg(dev, UART_EVENTS_RXDRDY) = 0;
        (void)*reg(dev, UART_EVENTS_RXDRDY);
        uart_ring_put(dev->state, (uint8_t)*reg(dev, UART_RXD));
    }
}

static void nrf_uart_init(const struct uart_device *dev)
{
    const struct nrf_uart_config *config = config_of(dev);

    memset(dev->state, 0, sizeof(struct uart_ring));
    pinctrl_connect(&config->pins);
    *reg(dev, UART_BAUDRATE) = config->baudrate;
    *reg(dev, UART_ENABLE) = UART_ENABLED;
    *reg(dev, UART_TASKS_STARTTX) = 1;
    if (IS_ENABLED(CONFIG_UART_RECEIVE)) {
        *reg(dev, UART_EVENTS_RXDRDY) = 0;
        *reg(dev, UART_TASKS_STARTRX) = 1;
    }
    if (IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        *reg(dev, UART_INTENSET) = UART_INT_RXDRDY;
        cortex_irq_unpend(config->irq);
        cortex_irq_enable(config->irq);
    }
}

/* A line that is stuck loses text and holds nobody up. */
static void nrf_uart_write(const struct uart_device *dev, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        struct deadline end = deadline_in(BYTE_US);

        *reg(dev, UART_EVENTS_TXDRDY) = 0;
        *reg(dev, UART_TXD) = bytes[i];
        while (*reg(dev, UART_EVENTS_TXDRDY) == 0 && !deadline_passed(&end)) {
        }
    }
}

static size_t nrf_uart_read(const struct uart_device *dev, void *data, size_t len)
{
    if (!IS_ENABLED(CONFIG_UART_RECEIVE)) {
        return 0;
    }
    if (!IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        rx_service(dev);
    }
    return uart_ring_take(dev->state, data, len);
}

static void nrf_uart_deinit(const struct uart_device *dev)
{
    const struct nrf_uart_config *config = config_of(dev);

    cortex_irq_disable(config->irq);
    *reg(dev, UART_INTENCLR) = UINT32_MAX;
    *reg(dev, UART_TASKS_STOPRX) = 1;
    *reg(dev, UART_TASKS_STOPTX) = 1;
    *reg(dev, UART_ENABLE) = 0;
    *reg(dev, UART_EVENTS_RXDRDY) = 0;
    *reg(dev, UART_EVENTS_TXDRDY) = 0;
    cortex_irq_unpend(config->irq);
    pinctrl_disconnect(&config->pins);
    *reg(dev, UART_BAUDRATE) = UART_BAUDRATE_RESET;
}

static const struct uart_driver nrf_uart_driver = {
    .init = nrf_uart_init,
    .write = nrf_uart_write,
    .read = nrf_uart_read,
    .deinit = nrf_uart_deinit,
};

static const struct pinctrl_role nrf_uart_roles[] = {
    {NRF_FUN_UART_TX, PINCTRL_OUTPUT, UART_PSEL_TXD},
    {NRF_FUN_UART_RX, PINCTRL_INPUT, UART_PSEL_RXD},
};

/* Values of the BAUDRATE register; 0 for a speed that is not listed here. */
#define NRF_UART_BAUDRATE_FOR(speed)                                                                                   \
    ((speed) == 9600     ? 0x00275000u                                                                                 \
     : (speed) == 38400  ? 0x009d5000u                                                                                 \
     : (speed) == 57600  ? 0x00ebf000u                                                                                 \
     : (speed) == 115200 ? 0x01d7e000u                                                                                 \
                         : 0u)

#define NRF_UART_NAME(prefix, node) UTIL_CAT(prefix, DT_DEP_ORD(node))

#define NRF_UART_DEFINE(node)                                                                                          \
    _Static_assert(NRF_UART_BAUDRATE_FOR(DT_PROP(node, current_speed)) != 0, "UART: current-speed is not supported");  \
    static const uint32_t NRF_UART_NAME(nrf_uart_psels_, node)[] = {PINCTRL_PSELS(node)};                              \
    static const struct nrf_uart_config NRF_UART_NAME(nrf_uart_config_, node) = {                                      \
        .base = DT_REG_ADDR(node),                                                                                     \
        .irq = DT_IRQN(node),                                                                                          \
        .baudrate = NRF_UART_BAUDRATE_FOR(DT_PROP(node, current_speed)),                                               \
        .pins = {.base = DT_REG_ADDR(node),                                                                            \
                 .roles = nrf_uart_roles,                                                                              \
                 .psels = NRF_UART_NAME(nrf_uart_psels_, node),                                                        \
                 .role_count = ARRAY_SIZE(nrf_uart_roles),                                                             \
                 .psel_count = ARRAY_SIZE(NRF_UART_NAME(nrf_uart_psels_, node))},                                      \
    };                                                                                                                 \
    static struct uart_ring NRF_UART_NAME(nrf_uart_ring_, node);                                                       \
    extern const struct uart_device DEVICE_DT_NAME(node);                                                              \
    const struct uart_device DEVICE_DT_NAME(node) = {                                                                  \
        .driver = &nrf_uart_driver,                                                                                    \
        .config = &NRF_UART_NAME(nrf_uart_config_, node),                                                              \
        .state = &NRF_UART_NAME(nrf_uart_ring_, node),                                                                 \
    };                                                                                                                 \
    void CORTEX_IRQ_HANDLER(DT_IRQN(node))(void);                                                                      \
    void CORTEX_IRQ_HANDLER(DT_IRQN(node))(void)                                                                       \
    {                                                                                                                  \
        rx_service(&DEVICE_DT_NAME(node));                                                                             \
    }

DT_FOREACH_STATUS_OKAY(nordic_nrf_uart, NRF_UART_DEFINE)
