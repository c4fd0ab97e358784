/* SHA-256, fed in pieces. The mathematics is Mbed TLS's; this is its face, without its headers. */
#ifndef CRYPTO_SHA256_H
#define CRYPTO_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32U

struct sha256 {
    uint32_t opaque[27]; /* the library's context; crypto/sha256.c asserts that it fits */
};

void sha256_init(struct sha256 *sha);
void sha256_update(struct sha256 *sha, const void *data, size_t len);

/* Writes the digest and leaves nothing of the message in `sha`. */
void sha256_final(struct sha256 *sha, uint8_t digest[SHA256_SIZE]);

#endif
