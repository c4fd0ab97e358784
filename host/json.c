#include "host/json.h"

void json_print_string(struct buffer *out, const char *text)
{
    buffer_append(out, "\"", 1);
    for (; *text != 0; text++) {
        if (*text == '"' || *text == '\\') {
            buffer_print(out, "\\%c", *text);
        } else if ((unsigned char)*text < 0x20) {
            buffer_print(out, "\\u%04x", (unsigned char)*text);
        } else {
            buffer_append(out, text, 1);
        }
    }
    buffer_append(out, "\"", 1);
}

void json_print_bytes(struct buffer *out, const uint8_t *data, size_t len)
{
    size_t i;

    buffer_append(out, "\"", 1);
    for (i = 0; i < len; i++) {
        buffer_print(out, "%02x", data[i]);
    }
    buffer_append(out, "\"", 1);
}
