#include "host/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *require(void *memory)
{
    if (memory == NULL) {
        (void)fputs("farboot: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *host_alloc(size_t size)
{
    return require(calloc(1, size != 0 ? size : 1));
}

void *host_realloc(void *old, size_t size)
{
    return require(realloc(old, size != 0 ? size : 1));
}

char *host_strdup(const char *text)
{
    return require(strdup(text));
}

/* Room for `len` more bytes and the zero byte. Doubling keeps appending linear. */
static void reserve(struct buffer *buffer, size_t len)
{
    size_t wanted = buffer->len + len + 1;

    if (wanted > buffer->capacity) {
        buffer->capacity = wanted > 2 * buffer->capacity ? wanted : 2 * buffer->capacity;
        buffer->data = host_realloc(buffer->data, buffer->capacity);
    }
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    reserve(buffer, len);
    if (len > 0) {
        memcpy(buffer->data + buffer->len, data, len);
    }
    buffer->len += len;
    buffer->data[buffer->len] = 0;
}

void buffer_fill(struct buffer *buffer, uint8_t value, size_t len)
{
    reserve(buffer, len);
    memset(buffer->data + buffer->len, value, len);
    buffer->len += len;
    buffer->data[buffer->len] = 0;
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_list again;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len > 0) {
        reserve(buffer, (size_t)len);
        (void)vsnprintf((char *)buffer->data + buffer->len, (size_t)len + 1, format, again);
        buffer->len += (size_t)len;
    }
    va_end(again);
}

const char *buffer_text(const struct buffer *buffer)
{
    return buffer->data != NULL ? (const char *)buffer->data : "";
}
