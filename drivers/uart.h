/*
 * What a UART driver offers to the console. An instance is the symbol DEVICE_DT_NAME(node); the console binds to
 * that of devicetree's chosen `zephyr,console`.
 */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include <stddef.h>
#include <stdint.h>

struct uart_device;

struct uart_driver {
    void (*init)(const struct uart_device *dev);

    /* Takes all of `data`; returns when the last part is being sent from the driver's own buffer. */
    void (*write)(const struct uart_device *dev, const void *data, size_t len);

    /* Takes what has been received, at most `len` bytes; returns the number. */
    size_t (*read)(const struct uart_device *dev, void *data, size_t len);

    /* Waits until the last byte has left, then leaves the UART as after reset. */
    void (*deinit)(const struct uart_device *dev);
};

struct uart_device {
    const struct uart_driver *driver;
    const void *config;
    void *state;
};

#endif
