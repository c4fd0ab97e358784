/* The one part of printing JSON that is easy to get wrong (RFC 8259, section 7). */
#ifndef HOST_JSON_H
#define HOST_JSON_H

#include "host/buffer.h"

/* Appends `text` in quotes, escaped. Bytes above 0x7f are taken for UTF-8 and pass. */
void json_print_string(struct buffer *out, const char *text);

/* Appends bytes as a string of lower-case hex digits, in quotes. */
void json_print_bytes(struct buffer *out, const uint8_t *data, size_t len);

#endif
