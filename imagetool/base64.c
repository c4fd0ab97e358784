#include "imagetool/base64.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

/* More than any signature; keeps lengths inside OpenSSL's int. */
#define BASE64_MAX 0x100000u

void base64_print(const uint8_t *data, size_t len, struct buffer *out)
{
    uint8_t group[3];
    uint8_t text[5];
    size_t at;

    for (at = 0; at < len; at += sizeof(group)) {
        size_t part = len - at < sizeof(group) ? len - at : sizeof(group);

        memcpy(group, data + at, part);
        (void)EVP_EncodeBlock(text, group, (int)part);
        buffer_append(out, text, 4);
    }
}

int base64_parse(const char *text, struct buffer *out, struct failure *failure)
{
    size_t len;
    uint8_t *bytes;
    int count;

    text += strspn(text, " \t\r\n");
    len = strcspn(text, " \t\r\n");
    if (len == 0 || len > BASE64_MAX || text[len + strspn(text + len, " \t\r\n")] != 0) {
        return failure_set(failure, ERR_HOST_INPUT, "not one word of base64");
    }
    bytes = host_alloc(len);
    count = EVP_DecodeBlock(bytes, (const uint8_t *)text, (int)len);
    if (count >= 0) {
        size_t padding = (text[len - 1] == '=' ? 1u : 0u) + (text[len - 2] == '=' ? 1u : 0u);

        buffer_append(out, bytes, (size_t)count - padding);
    }
    free(bytes);
    return count >= 0 ? OK : failure_set(failure, ERR_HOST_INPUT, "malformed base64");
}
