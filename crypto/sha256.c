#include "crypto/sha256.h"

#include <assert.h>

#include <mbedtls/sha256.h>

#include <farboot/soc.h>

static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct sha256), "the library's context fits");
static_assert(_Alignof(mbedtls_sha256_context) <= _Alignof(struct sha256), "the library's context fits");

static mbedtls_sha256_context *context(struct sha256 *sha)
{
    return (mbedtls_sha256_context *)(void *)sha;
}

/* The library in software has no way to fail; a result other than 0 is a broken invariant. */
static void require(int result)
{
    if (result != 0) {
        panic("sha256");
    }
}

void sha256_init(struct sha256 *sha)
{
    mbedtls_sha256_init(context(sha));
    require(mbedtls_sha256_starts(context(sha), 0));
}

void sha256_update(struct sha256 *sha, const void *data, size_t len)
{
    require(mbedtls_sha256_update(context(sha), data, len));
}

void sha256_final(struct sha256 *sha, uint8_t digest[SHA256_SIZE])
{
    require(mbedtls_sha256_finish(context(sha), digest));
    mbedtls_sha256_free(context(sha));
}
