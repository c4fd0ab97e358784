#include "imagetool/boot_record.h"

#include <stdio.h>
#include <string.h>

/* CBOR major types (RFC 8949, section 3.1). */
enum cbor_major { CBOR_UNSIGNED = 0, CBOR_BYTES = 2, CBOR_TEXT = 3, CBOR_MAP = 5 };

enum record_key {
    RECORD_SW_TYPE = 1,
    RECORD_MEASUREMENT = 2,
    RECORD_VERSION = 4,
    RECORD_SIGNER = 5,
    RECORD_DIGEST_NAME = 6,
};

/* Head of an item whose number or length is below 256. */
static void cbor_head(struct buffer *out, enum cbor_major major, size_t value)
{
    const uint8_t head[] = {(uint8_t)((unsigned)major << 5 | (value < 24 ? value : 24)), (uint8_t)value};

    buffer_append(out, head, value < 24 ? 1 : 2);
}

static void cbor_entry(struct buffer *out, enum record_key key, enum cbor_major major, const void *data, size_t len)
{
    cbor_head(out, CBOR_UNSIGNED, key);
    cbor_head(out, major, len);
    buffer_append(out, data, len);
}

void boot_record_print(const char *sw_type, const struct image_version *version, const struct digest *digest,
                       const uint8_t *signer, size_t signer_len, struct buffer *out)
{
    static const uint8_t unmeasured[DIGEST_SIZE_MAX];
    char text[24];

    (void)snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor, version->revision);
    cbor_head(out, CBOR_MAP, 5);
    cbor_entry(out, RECORD_SW_TYPE, CBOR_TEXT, sw_type, strlen(sw_type));
    cbor_entry(out, RECORD_VERSION, CBOR_TEXT, text, strlen(text));
    cbor_entry(out, RECORD_SIGNER, CBOR_BYTES, signer, signer_len);
    cbor_entry(out, RECORD_DIGEST_NAME, CBOR_TEXT, digest->openssl, strlen(digest->openssl));
    cbor_entry(out, RECORD_MEASUREMENT, CBOR_BYTES, unmeasured, digest->size);
}
