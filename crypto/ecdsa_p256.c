#include "crypto/ecdsa_p256.h"

#include <p256-m.h>

int ecdsa_p256_verify(const uint8_t key[ECDSA_P256_KEY_SIZE], const uint8_t digest[SHA256_SIZE],
                      const uint8_t signature[ECDSA_P256_SIGNATURE_SIZE], hardened_bool *valid)
{
    int result;

    *valid = HARDENED_FALSE;
    result = p256_ecdsa_verify(signature, key, digest, SHA256_SIZE);
    if (hardened_launder((uint32_t)result) != P256_SUCCESS) {
        return ERR_CRYPTO_MISMATCH;
    }
    HARDENED_CHECK(hardened_launder((uint32_t)result) == P256_SUCCESS);
    *valid = HARDENED_TRUE;
    return OK;
}
