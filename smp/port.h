/* A serial port, or a pseudo terminal that stands for one, as a raw line of bytes. Host only. */
#ifndef SMP_PORT_H
#define SMP_PORT_H

#include <stddef.h>
#include <stdint.h>

#include "host/failure.h"

struct port {
    int fd;
    char *path; /* owned */
};

/*
 * Opens `path` raw (8 data bits, no parity, no flow control) at `baud`, for this process alone. Returns OK;
 * ERR_HOST_INPUT (no such speed); ERR_HOST_FILE (cannot be opened, is no terminal, or is in use). Line in `failure`.
 */
int port_open(struct port *port, const char *path, uint32_t baud, struct failure *failure) ERROR_MUST_CHECK;
void port_close(struct port *port);

/* Returns OK when all bytes were handed to the line, ERR_HOST_FILE (line in `failure`). Waits at most 10 s. */
int port_write(struct port *port, const void *data, size_t len, struct failure *failure) ERROR_MUST_CHECK;

/*
 * Waits up to `timeout_ms` for bytes and takes at most `size`. Returns OK with their number in `*len` (0: none came);
 * ERR_HOST_FILE when the port is gone (line in `failure`).
 */
int port_read(struct port *port, void *data, size_t size, int timeout_ms, size_t *len,
              struct failure *failure) ERROR_MUST_CHECK;

#endif
