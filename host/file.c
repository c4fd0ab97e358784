#include "host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, struct buffer *out, struct failure *failure)
{
    uint8_t chunk[16384];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));

        if (got == 0) {
            return OK;
        }
        if (got < 0 && errno != EINTR) {
            return failure_set(failure, ERR_HOST_FILE, "cannot read %s: %s", path, strerror(errno));
        }
        if (got > 0) {
            buffer_append(out, chunk, (size_t)got);
        }
    }
}

int file_read(const char *path, struct buffer *out, struct failure *failure)
{
    int fd;
    int err;

    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, "standard input", out, failure);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return failure_set(failure, ERR_HOST_FILE, "cannot open %s: %s", path, strerror(errno));
    }
    err = read_all(fd, path, out, failure);
    (void)close(fd);
    return err;
}

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, data, len);

        if (put < 0 && errno != EINTR) {
            return -1;
        }
        if (put > 0) {
            data += put;
            len -= (size_t)put;
        }
    }
    return 0;
}

/* mkstemp makes private files; an output gets the mode that open(2) would have given it. */
static mode_t default_mode(void)
{
    mode_t mask = umask(0);

    (void)umask(mask);
    return 0666 & ~mask;
}

static int write_and_rename(int fd, const char *temporary, const char *path, mode_t mode, const void *data, size_t len)
{
    int bad = fchmod(fd, mode) | write_all(fd, data, len);

    bad |= close(fd);
    return bad != 0 ? -1 : rename(temporary, path);
}

static int write_file(const char *path, mode_t mode, const void *data, size_t len, struct failure *failure)
{
    struct buffer temporary = {0};
    int fd;
    int err = OK;

    if (strcmp(path, "-") == 0) {
        return write_all(STDOUT_FILENO, data, len) == 0
                   ? OK
                   : failure_set(failure, ERR_HOST_FILE, "cannot write standard output: %s", strerror(errno));
    }
    buffer_print(&temporary, "%s.XXXXXX", path);
    fd = mkstemp((char *)temporary.data);
    if (fd < 0) {
        err = failure_set(failure, ERR_HOST_FILE, "cannot create %s: %s", path, strerror(errno));
    } else if (write_and_rename(fd, buffer_text(&temporary), path, mode, data, len) != 0) {
        err = failure_set(failure, ERR_HOST_FILE, "cannot write %s: %s", path, strerror(errno));
        (void)unlink(buffer_text(&temporary));
    }
    buffer_free(&temporary);
    return err;
}

int file_write(const char *path, const void *data, size_t len, struct failure *failure)
{
    return write_file(path, default_mode(), data, len, failure);
}

int file_write_private(const char *path, const void *data, size_t len, struct failure *failure)
{
    return write_file(path, 0600, data, len, failure);
}
