/* The host's end of the board's console: standard input and output, a pseudo terminal, or a file. */
#ifndef VBOARD_UART_HOST_H
#define VBOARD_UART_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#include "host/failure.h"

struct uart_host {
    int in;     /* -1: no input */
    int out;    /* -1: nowhere */
    int slave;  /* kept open, so that the master survives clients that come and go */
    FILE *log;  /* a copy of what the board sends */
    char *link; /* owned; symbolic link to the pseudo terminal */
    bool deaf;  /* nobody takes the output; do not wait for it again */
    bool raw;   /* `saved` is to be restored */
    struct termios saved;
};

/*
 * `mode` is "stdio", "pty" or "log:FILE"; `link` and `log_path` may be NULL. Returns OK; ERR_HOST_INPUT, ERR_HOST_FILE
 * (line in `failure`). `name` receives the pseudo terminal's name, "" in the other modes.
 */
int uart_host_open(struct uart_host *uart, const char *mode, const char *link, const char *log_path, char *name,
                   size_t name_size, struct failure *failure) ERROR_MUST_CHECK;
void uart_host_close(struct uart_host *uart);

void uart_host_put(struct uart_host *uart, uint8_t byte);

enum uart_host_result { UART_HOST_NOTHING, UART_HOST_DATA, UART_HOST_ENDED, UART_HOST_INTERRUPTED };

/* Waits at most `timeout_ms` (-1: for ever) for input. UART_HOST_ENDED, without waiting: no input will ever come. */
enum uart_host_result uart_host_get(struct uart_host *uart, int timeout_ms, uint8_t *data, size_t size, size_t *len);

#endif
