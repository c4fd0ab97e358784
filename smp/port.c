#include "smp/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#include "host/buffer.h"

enum { WRITE_TIMEOUT_MS = 10000 };

static const struct {
    uint32_t baud;
    speed_t speed;
} speeds[] = {{9600, B9600},     {19200, B19200},   {38400, B38400},   {57600, B57600},    {115200, B115200},
              {230400, B230400}, {460800, B460800}, {921600, B921600}, {1000000, B1000000}};

static int find_speed(uint32_t baud, speed_t *speed, struct failure *failure)
{
    size_t i;

    for (i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
        if (speeds[i].baud == baud) {
            *speed = speeds[i].speed;
            return OK;
        }
    }
    return failure_set(failure, ERR_HOST_INPUT, "no such speed: %u baud (115200 is usual)", (unsigned)baud);
}

static int set_raw(int fd, speed_t speed)
{
    struct termios settings;

    if (tcgetattr(fd, &settings) != 0) {
        return -1;
    }
    settings.c_iflag = 0;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    settings.c_cflag = CS8 | CREAD | CLOCAL;
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 0;
    if (cfsetispeed(&settings, speed) != 0 || cfsetospeed(&settings, speed) != 0) {
        return -1;
    }
    return tcsetattr(fd, TCSANOW, &settings);
}

static int open_failure(const char *path, struct failure *failure)
{
    if (errno == ENOENT) {
        return failure_set(failure, ERR_HOST_FILE,
                           "port %s does not exist: is the board connected? (its port is usually /dev/ttyACM0)", path);
    }
    if (errno == EACCES) {
        return failure_set(failure, ERR_HOST_FILE,
                           "no permission for port %s: add yourself to the group that owns it (ls -l %s)", path, path);
    }
    return failure_set(failure, ERR_HOST_FILE, "cannot open port %s: %s", path, strerror(errno));
}

int port_open(struct port *port, const char *path, uint32_t baud, struct failure *failure)
{
    speed_t speed = B115200;
    int error = find_speed(baud, &speed, failure);

    if (error != OK) {
        return error;
    }
    *port = (struct port){.fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)};
    if (port->fd < 0) {
        return open_failure(path, failure);
    }
    if (flock(port->fd, LOCK_EX | LOCK_NB) != 0) {
        error = failure_set(failure, ERR_HOST_FILE, "port %s is in use by another program", path);
    } else if (set_raw(port->fd, speed) != 0) {
        error = failure_set(failure, ERR_HOST_FILE, "%s is not a serial port", path);
    }
    if (error != OK) {
        (void)close(port->fd);
        return error;
    }
    port->path = host_strdup(path);
    return OK;
}

void port_close(struct port *port)
{
    (void)close(port->fd);
    free(port->path);
}

static int gone(const struct port *port, struct failure *failure)
{
    return failure_set(failure, ERR_HOST_FILE, "port %s is gone: was the board disconnected?", port->path);
}

int port_write(struct port *port, const void *data, size_t len, struct failure *failure)
{
    const uint8_t *bytes = data;

    while (len > 0) {
        struct pollfd wait = {.fd = port->fd, .events = POLLOUT};
        ssize_t count = write(port->fd, bytes, len);

        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            return gone(port, failure);
        }
        if (count > 0) {
            bytes += count;
            len -= (size_t)count;
        } else if (poll(&wait, 1, WRITE_TIMEOUT_MS) == 0) {
            return failure_set(failure, ERR_HOST_FILE, "port %s takes no data", port->path);
        }
    }
    return OK;
}

int port_read(struct port *port, void *data, size_t size, int timeout_ms, size_t *len, struct failure *failure)
{
    struct pollfd wait = {.fd = port->fd, .events = POLLIN};
    ssize_t count;

    *len = 0;
    if (poll(&wait, 1, timeout_ms) <= 0) {
        return OK;
    }
    count = read(port->fd, data, size);
    if (count > 0) {
        *len = (size_t)count;
        return OK;
    }
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return OK;
    }
    return gone(port, failure);
}
