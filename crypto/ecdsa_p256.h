/*
 * ECDSA on the curve P-256 (FIPS 186-5, SEC 2 secp256r1), verification only, and the two DER encodings it needs. The
 * mathematics is p256-m's; here is no arithmetic.
 */
#ifndef CRYPTO_ECDSA_P256_H
#define CRYPTO_ECDSA_P256_H

#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

#include "crypto/sha256.h"
#include "hardened/hardened.h"

#define ECDSA_P256_KEY_SIZE       64U /* x, y: 32 bytes each, big endian */
#define ECDSA_P256_SIGNATURE_SIZE 64U /* r, s: the same */
#define ECDSA_P256_DER_MAX        72U /* longest DER signature */

/*
 * Whether `signature` over `digest` was made with the private half of `key`. *valid is HARDENED_TRUE only then.
 * Returns OK; ERR_CRYPTO_MISMATCH: it was not, or key or signature are no numbers of this curve.
 */
int ecdsa_p256_verify(const uint8_t key[ECDSA_P256_KEY_SIZE], const uint8_t digest[SHA256_SIZE],
                      const uint8_t signature[ECDSA_P256_SIGNATURE_SIZE], hardened_bool *valid) ERROR_MUST_CHECK;

/*
 * Reads a SubjectPublicKeyInfo (RFC 5480) with an uncompressed point of P-256, 91 bytes and no others.
 * Returns OK, ERR_CRYPTO_INVALID.
 */
int ecdsa_p256_key_parse(const uint8_t *der, size_t len, uint8_t key[ECDSA_P256_KEY_SIZE]) ERROR_MUST_CHECK;

/*
 * Reads SEQUENCE { INTEGER r, INTEGER s } (RFC 3279), in the one encoding that DER allows; zero bytes behind it are
 * padding of imgtool --pad-sig. Returns OK, ERR_CRYPTO_INVALID.
 */
int ecdsa_p256_signature_parse(const uint8_t *der, size_t len,
                               uint8_t signature[ECDSA_P256_SIGNATURE_SIZE]) ERROR_MUST_CHECK;

#endif
