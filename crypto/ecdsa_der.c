/* The DER encodings of P-256 keys and signatures. Their bytes are untrusted. */
#include <stdbool.h>
#include <string.h>

#include "crypto/ecdsa_p256.h"

#define DER_INTEGER  0x02U
#define DER_SEQUENCE 0x30U
#define COORDINATE   32U

/* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING of 66 bytes: no unused bits, uncompressed point }. */
static const uint8_t spki_head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
                                    0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

int ecdsa_p256_key_parse(const uint8_t *der, size_t len, uint8_t key[ECDSA_P256_KEY_SIZE])
{
    if (len != sizeof spki_head + ECDSA_P256_KEY_SIZE || memcmp(der, spki_head, sizeof spki_head) != 0) {
        return ERR_CRYPTO_INVALID;
    }
    memcpy(key, der + sizeof spki_head, ECDSA_P256_KEY_SIZE);
    return OK;
}

/* What is left to read. */
struct der_input {
    const uint8_t *at;
    size_t len;
};

/* Takes tag and length of an element that fits into what is left. Lengths over 127 do not occur here. */
static bool take_head(struct der_input *in, uint8_t tag, size_t *len)
{
    if (in->len < 2 || in->at[0] != tag || in->at[1] > 127 || in->at[1] > in->len - 2) {
        return false;
    }
    *len = in->at[1];
    in->at += 2;
    in->len -= 2;
    return true;
}

/* Takes a positive INTEGER of at most 256 bits in its shortest form, as 32 bytes big endian. */
static bool take_integer(struct der_input *in, uint8_t out[COORDINATE])
{
    const uint8_t *digits;
    size_t len;

    if (!take_head(in, DER_INTEGER, &len) || len == 0 || (in->at[0] & 0x80) != 0) {
        return false;
    }
    digits = in->at;
    in->at += len;
    in->len -= len;
    if (digits[0] == 0) {
        if (len < 2 || (digits[1] & 0x80) == 0) { /* a leading zero only in front of a set top bit; never 0 itself */
            return false;
        }
        digits++;
        len--;
    }
    if (len > COORDINATE) {
        return false;
    }
    memset(out, 0, COORDINATE - len);
    memcpy(out + COORDINATE - len, digits, len);
    return true;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

int ecdsa_p256_signature_parse(const uint8_t *der, size_t len, uint8_t signature[ECDSA_P256_SIGNATURE_SIZE])
{
    struct der_input in = {der, len};
    size_t body;
    size_t behind;

    if (!take_head(&in, DER_SEQUENCE, &body)) {
        return ERR_CRYPTO_INVALID;
    }
    behind = in.len - body;
    in.len = body;
    if (!take_integer(&in, signature) || !take_integer(&in, signature + COORDINATE) || in.len != 0 ||
        !all_zero(in.at, behind)) {
        return ERR_CRYPTO_INVALID;
    }
    return OK;
}
