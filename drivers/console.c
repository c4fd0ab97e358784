/*
 * The console over the UART of devicetree's chosen `zephyr,console`. Text is collected, so that a line is one or two
 * transfers, and ends with CR LF on the wire; frames pass unchanged.
 */
#include <stdbool.h>

#include <farboot/console.h>
#include <farboot/devicetree.h>
#include <farboot/soc.h>
#include <farboot/util.h>

#include "drivers/console_text.h"
#include "drivers/uart.h"
#include "soc/arm/cortex_m.h"

extern const struct uart_device DEVICE_DT_NAME(DT_CHOSEN(zephyr_console));
static const struct uart_device *const uart = &DEVICE_DT_NAME(DT_CHOSEN(zephyr_console));

static bool console_is_up; /* a fault may want to print before or after */

static struct {
    char text[32];
    size_t len;
} pending;

static void flush(void)
{
    size_t len = pending.len;

    pending.len = 0;
    if (console_is_up && len > 0) {
        uart->driver->write(uart, pending.text, len);
    }
}

static void put(char c)
{
    pending.text[pending.len++] = c;
    if (pending.len == sizeof(pending.text)) {
        flush();
    }
}

void console_put(char c)
{
    if (c == '\n') {
        put('\r');
        put(c);
        flush();
    } else {
        put(c);
    }
}

void console_init(void)
{
    uart->driver->init(uart);
    console_is_up = true;
}

void console_write(const void *data, size_t len)
{
    flush();
    if (console_is_up) {
        uart->driver->write(uart, data, len);
    }
}

size_t console_read(void *data, size_t len)
{
    return console_is_up ? uart->driver->read(uart, data, len) : 0;
}

size_t console_wait(void *data, size_t len)
{
    uint32_t primask = cortex_irq_save();
    size_t count = console_read(data, len);

    /* With interrupts masked a byte that comes now stays pending and ends the sleep at once. */
    if (count == 0 && IS_ENABLED(CONFIG_UART_INTERRUPT_DRIVEN)) {
        soc_idle();
    }
    cortex_irq_restore(primask);
    return count > 0 ? count : console_read(data, len);
}

void console_deinit(void)
{
    flush();
    if (console_is_up) {
        console_is_up = false;
        uart->driver->deinit(uart);
    }
}
