/* The digests that an image may carry, as a table; SHA-2 by OpenSSL. */
#ifndef IMAGETOOL_DIGEST_H
#define IMAGETOOL_DIGEST_H

#include <farboot/image_format.h>

#include "host/failure.h"

#define DIGEST_SIZE_MAX 64

struct digest {
    const char *name;    /* as in --sha: "256" */
    const char *openssl; /* as OpenSSL calls it, which is also its name in a boot record: "SHA256" */
    enum image_tlv_type tlv;
    uint16_t size;
};

/* The row, or NULL. */
const struct digest *digest_by_name(const char *name);
const struct digest *digest_by_tlv(uint16_t tlv);

/* Returns OK, ERR_CRYPTO_INVALID (OpenSSL refuses, for example in a restricted configuration; line in `failure`). */
int digest_compute(const struct digest *digest, const void *data, size_t len, uint8_t out[DIGEST_SIZE_MAX],
                   struct failure *failure) ERROR_MUST_CHECK;

#endif
