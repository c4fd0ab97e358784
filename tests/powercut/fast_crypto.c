/*
 * crypto/ for simulations: the same answers, sooner. SHA-256 by OpenSSL, which uses the processor's instructions;
 * P-256 by the code under test, remembered by the exact bytes it was asked about. crypto/crypto_test.c proves that the
 * digests are the same, and the test powercut_plain runs without this file.
 */
#include <string.h>

#include <openssl/evp.h>

#include <farboot/soc.h>
#include <p256-m.h>

#include "crypto/ecdsa_p256.h"

#define MEMORY 256U

static EVP_MD_CTX *context;

void sha256_init(struct sha256 *sha)
{
    memset(sha, 0, sizeof *sha);
    if (context == NULL) {
        context = EVP_MD_CTX_new();
    }
    if (EVP_DigestInit_ex2(context, EVP_sha256(), NULL) != 1) {
        panic("OpenSSL refuses SHA-256");
    }
}

void sha256_update(struct sha256 *sha, const void *data, size_t len)
{
    (void)sha;
    (void)EVP_DigestUpdate(context, data, len);
}

void sha256_final(struct sha256 *sha, uint8_t digest[SHA256_SIZE])
{
    (void)sha;
    (void)EVP_DigestFinal_ex(context, digest, NULL);
}

struct question {
    uint8_t key[ECDSA_P256_KEY_SIZE];
    uint8_t digest[SHA256_SIZE];
    uint8_t signature[ECDSA_P256_SIGNATURE_SIZE];
};

static struct question asked[MEMORY];
static int answers[MEMORY];
static size_t asked_count;

static int answer(const struct question *question)
{
    size_t at = 0;

    while (at < asked_count && memcmp(&asked[at], question, sizeof *question) != 0) {
        at++;
    }
    if (at == asked_count) {
        at = asked_count < MEMORY ? asked_count++ : MEMORY - 1;
        asked[at] = *question;
        answers[at] = p256_ecdsa_verify(question->signature, question->key, question->digest, SHA256_SIZE);
    }
    return answers[at];
}

int ecdsa_p256_verify(const uint8_t key[ECDSA_P256_KEY_SIZE], const uint8_t digest[SHA256_SIZE],
                      const uint8_t signature[ECDSA_P256_SIGNATURE_SIZE], hardened_bool *valid)
{
    struct question question;

    memcpy(question.key, key, sizeof question.key);
    memcpy(question.digest, digest, sizeof question.digest);
    memcpy(question.signature, signature, sizeof question.signature);
    *valid = answer(&question) == P256_SUCCESS ? HARDENED_TRUE : HARDENED_FALSE;
    return *valid == HARDENED_TRUE ? OK : ERR_CRYPTO_MISMATCH;
}
