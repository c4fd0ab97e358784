/*
 * A growing byte buffer for host tools: text being printed, files being read. `data` is always followed by a
 * zero byte that `len` does not count, so text can be used as a string. Running out of memory ends the
 * program with a message: no host tool can do anything better.
 */
#ifndef HOST_BUFFER_H
#define HOST_BUFFER_H

#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *data; /* owned; NULL while empty and never used */
    size_t len;
    size_t capacity;
};

void buffer_free(struct buffer *buffer); /* and back to empty */
void buffer_append(struct buffer *buffer, const void *data, size_t len);
void buffer_fill(struct buffer *buffer, uint8_t value, size_t len);
void buffer_print(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *buffer_text(const struct buffer *buffer); /* "" when empty; valid until the next change */

/* malloc, realloc, strdup that end the program when memory runs out. */
void *host_alloc(size_t size);
void *host_realloc(void *old, size_t size);
char *host_strdup(const char *text);

#endif
