#define _XOPEN_SOURCE 600 /* posix_openpt and its relatives */

#include "vboard/uart_host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/buffer.h"

#define TAKE_MS 200 /* how long a reader may leave the pseudo terminal full before its output is dropped */

static void make_raw(struct termios *settings)
{
    settings->c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP | IXON | PARMRK);
    settings->c_oflag &= ~(tcflag_t)OPOST;
    settings->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    settings->c_cflag = (settings->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    settings->c_cc[VMIN] = 1;
    settings->c_cc[VTIME] = 0;
}

/* A terminal gives every key at once; control-C still ends the run. */
static int open_stdio(struct uart_host *uart)
{
    struct termios settings;

    uart->in = STDIN_FILENO;
    uart->out = STDOUT_FILENO;
    if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &uart->saved) == 0) {
        settings = uart->saved;
        make_raw(&settings);
        settings.c_oflag = uart->saved.c_oflag;
        settings.c_lflag |= ISIG;
        uart->raw = tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0;
    }
    return OK;
}

static int open_slave(struct uart_host *uart, const char *name)
{
    struct termios settings;

    uart->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (uart->slave < 0 || tcgetattr(uart->slave, &settings) != 0) {
        return -1;
    }
    make_raw(&settings);
    settings.c_lflag &= ~(tcflag_t)ISIG;
    return tcsetattr(uart->slave, TCSANOW, &settings);
}

static int make_link(struct uart_host *uart, const char *link, const char *name, struct failure *failure)
{
    if (link == NULL) {
        return OK;
    }
    (void)unlink(link);
    if (symlink(name, link) != 0) {
        return failure_set(failure, ERR_HOST_FILE, "cannot create the link %s: %s", link, strerror(errno));
    }
    uart->link = host_strdup(link);
    return OK;
}

static int open_pty(struct uart_host *uart, const char *link, char *name, size_t name_size, struct failure *failure)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    const char *slave = NULL;

    uart->in = master;
    uart->out = master;
    if (master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0) {
        slave = ptsname(master);
    }
    if (slave == NULL || open_slave(uart, slave) != 0 || fcntl(master, F_SETFL, O_NONBLOCK) != 0) {
        return failure_set(failure, ERR_HOST_FILE, "cannot open a pseudo terminal: %s", strerror(errno));
    }
    (void)snprintf(name, name_size, "%s", slave);
    return make_link(uart, link, name, failure);
}

static int open_file(const char *path, FILE **file, struct failure *failure)
{
    *file = fopen(path, "wb");
    if (*file == NULL) {
        return failure_set(failure, ERR_HOST_FILE, "cannot write %s: %s", path, strerror(errno));
    }
    return OK;
}

static int open_mode(struct uart_host *uart, const char *mode, const char *link, char *name, size_t name_size,
                     struct failure *failure)
{
    if (strcmp(mode, "stdio") == 0) {
        return open_stdio(uart);
    }
    if (strcmp(mode, "pty") == 0) {
        return open_pty(uart, link, name, name_size, failure);
    }
    if (strncmp(mode, "log:", 4) == 0) {
        uart->out = open(mode + 4, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        return uart->out >= 0 ? OK
                              : failure_set(failure, ERR_HOST_FILE, "cannot write %s: %s", mode + 4, strerror(errno));
    }
    return failure_set(failure, ERR_HOST_INPUT, "--uart takes stdio, pty or log:FILE, not '%s'", mode);
}

int uart_host_open(struct uart_host *uart, const char *mode, const char *link, const char *log_path, char *name,
                   size_t name_size, struct failure *failure)
{
    int err = OK;

    *uart = (struct uart_host){.in = -1, .out = -1, .slave = -1};
    name[0] = 0;
    if (log_path != NULL) {
        err = open_file(log_path, &uart->log, failure);
    }
    if (err == OK) {
        err = open_mode(uart, mode, link, name, name_size, failure);
    }
    if (err != OK) {
        uart_host_close(uart);
    }
    return err;
}

void uart_host_close(struct uart_host *uart)
{
    if (uart->raw) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &uart->saved);
    }
    if (uart->link != NULL) {
        (void)unlink(uart->link);
        free(uart->link);
    }
    if (uart->log != NULL) {
        (void)fclose(uart->log);
    }
    if (uart->slave >= 0) {
        (void)close(uart->slave);
    }
    if (uart->out > STDERR_FILENO) {
        (void)close(uart->out);
    }
    *uart = (struct uart_host){.in = -1, .out = -1, .slave = -1};
}

static bool wait_for(int fd, short events, int timeout_ms)
{
    struct pollfd poller = {.fd = fd, .events = events};

    return poll(&poller, 1, timeout_ms) > 0;
}

/* Emulated time runs ahead of the reader, so a full pseudo terminal is waited for; not when nobody reads at all. */
void uart_host_put(struct uart_host *uart, uint8_t byte)
{
    ssize_t put;

    if (uart->log != NULL) {
        (void)fputc(byte, uart->log);
        if (byte == '\n') {
            (void)fflush(uart->log);
        }
    }
    if (uart->out < 0) {
        return;
    }
    put = write(uart->out, &byte, 1);
    if (put < 0 && errno == EAGAIN && !uart->deaf) {
        uart->deaf = !wait_for(uart->out, POLLOUT, TAKE_MS);
        put = write(uart->out, &byte, 1);
    }
    if (put == 1) {
        uart->deaf = false;
    }
}

enum uart_host_result uart_host_get(struct uart_host *uart, int timeout_ms, uint8_t *data, size_t size, size_t *len)
{
    struct pollfd poller = {.fd = uart->in, .events = POLLIN};
    ssize_t got;
    int ready;

    if (uart->in < 0) {
        return UART_HOST_ENDED;
    }
    ready = poll(&poller, 1, timeout_ms);
    if (ready <= 0) {
        return ready < 0 ? UART_HOST_INTERRUPTED : UART_HOST_NOTHING;
    }
    got = read(uart->in, data, size);
    if (got > 0) {
        *len = (size_t)got;
        return UART_HOST_DATA;
    }
    if (got == 0) {
        uart->in = -1; /* end of standard input */
    }
    return got == 0 ? UART_HOST_ENDED : UART_HOST_NOTHING;
}
