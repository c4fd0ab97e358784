/*
 * UARTs with the registers of National's PC16550D, at any spacing (reg-shift). Sends through the FIFO and waits for it;
 * receives into a ring: from the interrupt with CONFIG_UART_INTERRUPT_DRIVEN, or when asked without it. The FIFO of 16
 * bytes bridges 1.4 ms at 115200 baud.
 */
#include <stdbool.h>
#include <string.h>

#include <farboot/devicetree.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "drivers/uart.h"
#include "drivers/uart_ring.h"
#include "soc/arm/cortex_m.h"

/* Registers by number, PC16550D data sheet, table II. */
#define NS16550_RBR          0u /* read: received; write: to send; with LCR_DLAB low byte of the divisor */
#define NS16550_IER          1u /* with LCR_DLAB: high byte of the divisor */
#define NS16550_FCR          2u
#define NS16550_LCR          3u
#define NS16550_MCR          4u
#define NS16550_LSR          5u

#define NS16550_IER_RECEIVED 1u
#define NS16550_FCR_ON       7u /* FIFOs enabled and emptied; an interrupt for each byte */
#define NS16550_LCR_8N1      3u
#define NS16550_LCR_DLAB     0x80u
#define NS16550_LSR_READY    1u    /* a byte was received */
#define NS16550_LSR_ROOM     0x20u /* the FIFO for sending is empty */
#define NS16550_LSR_SENT     0x40u /* and the last byte has left */

#define FIFO_SIZE            16u
#define SEND_US              100000u /* for a FIFO to leave; 16 ms at 9600 baud, and the peer may hold the line up */

struct ns16550_config {
    uint32_t base;
    uint32_t irq;
    uint16_t divisor;
    uint8_t shift; /* registers are 2^shift bytes apart */
};

static const struct ns16550_config *config_of(const struct uart_device *dev)
{
    return dev->config;
}

static volatile uint8_t *reg(const struct uart_device *dev, uint32_t number)
{
    const struct ns16550_config *config = config_of(dev);

    return (volatile uint8_t *)(uintptr_t)(config->base + (number << config->shift)); /* NOLINT: fixed address */
}

static void wait_for(const struct uart_device *dev, uint8_t status)
{
    struct deadline end = deadline_in(SEND_US);

    while ((*reg(dev, NS16550_LSR) & status) == 0 && !deadline_passed(&end)) {
    }
}

static void set_divisor(const struct uart_device *dev, uint16_t divisor)
{
    *reg(dev, NS16550_LCR) = NS16550_LCR_DLAB;
    *reg(dev, NS16550_RBR) = (uint8_t)divisor;
    *reg(dev, NS16550_IER) = (uint8_t)(divisor >> 8);
    *reg(dev, NS16550_LCR) = NS16550_LCR_8N1;
}

/* At most two FIFOs' worth, so that a line that never pauses keeps nobody here. */
static void rx_service(const struct uart_device *dev)
{
    for (uint32_t i = 0; i < 2 * FIFO_SIZE && (*reg(dev, NS16550_LSR) & NS16550_LSR_READY) != 0; i++) {
        uart_ring_put(dev->state, *reg(dev, NS16550_RBR));
    }
}

static void ns16550_init(const struct uart_device *dev)
{
    memset(dev->state, 0, sizeof(struct uart_ring));
    *reg(dev, NS16550_IER) = 0;
    set_divisor(dev, config_of(dev)->divisor);
    *reg(dev, NS16550_FCR) = NS16550_FCR_ON;
    if (IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        cortex_irq_unpend(config_of(dev)->irq);
        cortex_irq_enable(config_of(dev)->irq);
        *reg(dev, NS16550_IER) = NS16550_IER_RECEIVED;
    }
}

/* A line that is stuck loses text and holds nobody up for longer than the deadline. */
static void ns16550_write(const struct uart_device *dev, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    while (len > 0) {
        size_t part = len < FIFO_SIZE ? len : FIFO_SIZE;

        wait_for(dev, NS16550_LSR_ROOM);
        for (size_t i = 0; i < part; i++) {
            *reg(dev, NS16550_RBR) = bytes[i];
        }
        bytes += part;
        len -= part;
    }
}

static size_t ns16550_read(const struct uart_device *dev, void *data, size_t len)
{
    if (!IS_ENABLED(CONFIG_UART_RECEIVE)) {
        return 0;
    }
    if (!IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        rx_service(dev);
    }
    return uart_ring_take(dev->state, data, len);
}

static void ns16550_deinit(const struct uart_device *dev)
{
    wait_for(dev, NS16550_LSR_SENT);
    *reg(dev, NS16550_IER) = 0;
    cortex_irq_disable(config_of(dev)->irq);
    *reg(dev, NS16550_FCR) = NS16550_FCR_ON; /* empties them */
    *reg(dev, NS16550_FCR) = 0;
    set_divisor(dev, 0);
    *reg(dev, NS16550_LCR) = 0;
    cortex_irq_unpend(config_of(dev)->irq);
}

static const struct uart_driver ns16550_driver = {
    .init = ns16550_init,
    .write = ns16550_write,
    .read = ns16550_read,
    .deinit = ns16550_deinit,
};

#define NS16550_CLOCK(node)   DT_PROP(node, clock_frequency)
#define NS16550_SPEED(node)   DT_PROP(node, current_speed)
#define NS16550_DIVISOR(node) ((NS16550_CLOCK(node) + 8u * NS16550_SPEED(node)) / (16u * NS16550_SPEED(node)))
/* What a receiver that samples the middle of the tenth bit takes, both ends together 5 %. */
#define NS16550_IS_EXACT(node)                                                                                         \
    (NS16550_CLOCK(node) / (16u * NS16550_DIVISOR(node)) < NS16550_SPEED(node) / 100u * 102u &&                        \
     NS16550_CLOCK(node) / (16u * NS16550_DIVISOR(node)) > NS16550_SPEED(node) / 100u * 98u)

#define NS16550_NAME(prefix, node) UTIL_CAT(prefix, DT_DEP_ORD(node))

#define NS16550_DEFINE(node)                                                                                           \
    _Static_assert(NS16550_IS_EXACT(node), "ns16550: no divisor of clock-frequency comes near current-speed");         \
    static const struct ns16550_config NS16550_NAME(ns16550_config_, node) = {                                         \
        .base = DT_REG_ADDR(node),                                                                                     \
        .irq = DT_IRQN(node),                                                                                          \
        .divisor = NS16550_DIVISOR(node),                                                                              \
        .shift = DT_PROP(node, reg_shift),                                                                             \
    };                                                                                                                 \
    static struct uart_ring NS16550_NAME(ns16550_ring_, node);                                                         \
    extern const struct uart_device DEVICE_DT_NAME(node);                                                              \
    const struct uart_device DEVICE_DT_NAME(node) = {                                                                  \
        .driver = &ns16550_driver,                                                                                     \
        .config = &NS16550_NAME(ns16550_config_, node),                                                                \
        .state = &NS16550_NAME(ns16550_ring_, node),                                                                   \
    };                                                                                                                 \
    void CORTEX_IRQ_HANDLER(DT_IRQN(node))(void);                                                                      \
    void CORTEX_IRQ_HANDLER(DT_IRQN(node))(void)                                                                       \
    {                                                                                                                  \
        rx_service(&DEVICE_DT_NAME(node));                                                                             \
    }

DT_FOREACH_STATUS_OKAY(ns16550, NS16550_DEFINE)
