/*
 * Files as host tools use them: read whole, written whole. A file is written under a temporary name in the
 * same directory and renamed when complete, so that a failure never leaves a half-written output behind.
 */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include "host/buffer.h"
#include "host/failure.h"

/* Appends the file's contents to `out`. "-" reads standard input. Returns OK, ERR_HOST_FILE (line in
 * `failure`). */
int file_read(const char *path, struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;

/* Replaces the file. "-" writes standard output. Returns OK, ERR_HOST_FILE (line in `failure`). */
int file_write(const char *path, const void *data, size_t len, struct failure *failure) ERROR_MUST_CHECK;

/* The same for a secret: only the owner may read it. */
int file_write_private(const char *path, const void *data, size_t len, struct failure *failure) ERROR_MUST_CHECK;

#endif
