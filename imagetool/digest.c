#include "imagetool/digest.h"

#include <string.h>

#include <openssl/evp.h>

#include "imagetool/openssl.h"

static const struct digest digests[] = {
    {"256", "SHA256", IMAGE_TLV_SHA256, 32},
    {"384", "SHA384", IMAGE_TLV_SHA384, 48},
    {"512", "SHA512", IMAGE_TLV_SHA512, 64},
};

#define DIGEST_COUNT (sizeof(digests) / sizeof(digests[0]))

const struct digest *digest_by_name(const char *name)
{
    size_t i;

    for (i = 0; i < DIGEST_COUNT; i++) {
        if (strcmp(digests[i].name, name) == 0) {
            return &digests[i];
        }
    }
    return NULL;
}

const struct digest *digest_by_tlv(uint16_t tlv)
{
    size_t i;

    for (i = 0; i < DIGEST_COUNT; i++) {
        if (digests[i].tlv == tlv) {
            return &digests[i];
        }
    }
    return NULL;
}

int digest_compute(const struct digest *digest, const void *data, size_t len, uint8_t out[DIGEST_SIZE_MAX],
                   struct failure *failure)
{
    size_t size = 0;

    if (EVP_Q_digest(NULL, digest->openssl, NULL, data, len, out, &size) != 1 || size != digest->size) {
        return openssl_failure(failure, ERR_CRYPTO_INVALID, digest->openssl);
    }
    return OK;
}
