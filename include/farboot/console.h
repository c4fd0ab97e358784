/*
 * The console: the UART that devicetree's chosen `zephyr,console` names. Text and SMP frames share it.
 * Implemented in drivers/ over the UART driver of the SoC.
 */
#ifndef FARBOOT_CONSOLE_H
#define FARBOOT_CONSOLE_H

#include <stddef.h>

void console_init(void);

/* Returns when all bytes have been handed to the line; bounded by the line's speed. */
void console_write(const void *data, size_t len);

/* Takes what has been received, at most `len` bytes, without waiting. Returns the number of bytes. */
size_t console_read(void *data, size_t len);

/*
 * As console_read, but sleeps until something has been received or another interrupt came; then it may return 0.
 * Nothing that arrives between the look and the sleep is slept over. Without interrupts it does not sleep.
 */
size_t console_wait(void *data, size_t len);

/* Sends what is pending and leaves the UART as after reset. */
void console_deinit(void);

#endif
