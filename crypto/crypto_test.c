#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "crypto/ecdsa_p256.h"
#include "crypto/sha256.h"
#include "host/random.h"
#include "imagetool/keys.h"

/* Property: fed in any pieces, the digest is the one OpenSSL computes. */
static void test_sha256_agrees_with_openssl(void **state)
{
    struct random random = {5};
    uint8_t message[3000];

    (void)state;
    for (unsigned run = 0; run < 100; run++) {
        size_t len = random_below(&random, sizeof message);
        uint8_t expected[SHA256_SIZE];
        uint8_t found[SHA256_SIZE];
        struct sha256 sha;

        random_fill(&random, message, len);
        (void)SHA256(message, len, expected);
        sha256_init(&sha);
        for (size_t at = 0; at < len;) {
            size_t part = 1 + random_below(&random, (uint32_t)(len - at));

            sha256_update(&sha, message + at, part);
            at += part;
        }
        sha256_final(&sha, found);
        assert_memory_equal(found, expected, SHA256_SIZE);
    }
}

struct signer {
    struct signing_key *key;
    struct buffer public_der;
    struct buffer signature;
    uint8_t message[100];
    uint8_t digest[SHA256_SIZE];
};

static void sign(struct signer *signer, uint32_t seed)
{
    struct random random = {seed};
    struct failure failure;

    memset(signer, 0, sizeof *signer);
    random_fill(&random, signer->message, sizeof signer->message);
    (void)SHA256(signer->message, sizeof signer->message, signer->digest);
    assert_int_equal(signing_key_generate(key_type_by_name("ecdsa-p256"), &signer->key, &failure), OK);
    assert_int_equal(signing_key_public_der(signer->key, &signer->public_der, &failure), OK);
    assert_int_equal(
        signing_key_sign(signer->key, signer->message, sizeof signer->message, &signer->signature, &failure), OK);
}

static void release(struct signer *signer)
{
    signing_key_free(signer->key);
    buffer_free(&signer->public_der);
    buffer_free(&signer->signature);
}

static void test_signatures_of_openssl_verify_and_altered_ones_do_not(void **state)
{
    struct random random = {9};

    (void)state;
    for (uint32_t run = 0; run < 4; run++) {
        struct signer signer;
        uint8_t key[ECDSA_P256_KEY_SIZE];
        uint8_t rs[ECDSA_P256_SIGNATURE_SIZE];
        hardened_bool valid;

        sign(&signer, run);
        assert_int_equal(ecdsa_p256_key_parse(signer.public_der.data, signer.public_der.len, key), OK);
        assert_int_equal(ecdsa_p256_signature_parse(signer.signature.data, signer.signature.len, rs), OK);
        assert_int_equal(ecdsa_p256_verify(key, signer.digest, rs, &valid), OK);
        assert_int_equal(valid, HARDENED_TRUE);
        rs[random_below(&random, sizeof rs)] ^= (uint8_t)(1U << random_below(&random, 8));
        assert_int_equal(ecdsa_p256_verify(key, signer.digest, rs, &valid), ERR_CRYPTO_MISMATCH);
        assert_int_equal(valid, HARDENED_FALSE);
        release(&signer);
    }
}

static void test_numbers_outside_the_curve_are_no_signature(void **state)
{
    static const uint8_t zero[64];
    uint8_t ones[64];
    hardened_bool valid;

    (void)state;
    memset(ones, 0xff, sizeof ones);
    assert_int_equal(ecdsa_p256_verify(ones, ones, zero, &valid), ERR_CRYPTO_MISMATCH);
    assert_int_equal(valid, HARDENED_FALSE);
    assert_int_equal(ecdsa_p256_verify(zero, ones, ones, &valid), ERR_CRYPTO_MISMATCH);
    assert_int_equal(valid, HARDENED_FALSE);
}

static void test_padding_of_signatures_is_zeros_only(void **state)
{
    struct signer signer;
    uint8_t padded[ECDSA_P256_DER_MAX] = {0};
    uint8_t rs[ECDSA_P256_SIGNATURE_SIZE];

    (void)state;
    sign(&signer, 1);
    memcpy(padded, signer.signature.data, signer.signature.len);
    assert_int_equal(ecdsa_p256_signature_parse(padded, sizeof padded, rs), OK);
    if (signer.signature.len < sizeof padded) {
        padded[sizeof padded - 1] = 1;
        assert_int_equal(ecdsa_p256_signature_parse(padded, sizeof padded, rs), ERR_CRYPTO_INVALID);
    }
    release(&signer);
}

static void test_only_the_der_form_is_accepted(void **state)
{
    static const struct {
        const char *what;
        uint8_t len;
        uint8_t der[16];
    } rows[] = {
        {"empty", 0, {0}},
        {"r is negative", 8, {0x30, 6, 2, 1, 0x80, 2, 1, 1}},
        {"r is zero", 8, {0x30, 6, 2, 1, 0, 2, 1, 1}},
        {"needless leading zero", 9, {0x30, 7, 2, 2, 0, 1, 2, 1, 1}},
        {"integer without digits", 7, {0x30, 5, 2, 0, 2, 1, 1}},
        {"long form of a short length", 9, {0x30, 0x81, 6, 2, 1, 1, 2, 1, 1}},
        {"bytes behind s inside the sequence", 9, {0x30, 7, 2, 1, 1, 2, 1, 1, 0}},
        {"sequence longer than the input", 8, {0x30, 7, 2, 1, 1, 2, 1, 1}},
        {"s longer than the sequence", 8, {0x30, 6, 2, 1, 1, 2, 2, 1}},
        {"s missing", 5, {0x30, 3, 2, 1, 1}},
        {"not a sequence", 8, {0x31, 6, 2, 1, 1, 2, 1, 1}},
    };
    static const uint8_t smallest[] = {0x30, 6, 2, 1, 1, 2, 1, 1};
    uint8_t rs[ECDSA_P256_SIGNATURE_SIZE];

    (void)state;
    assert_int_equal(ecdsa_p256_signature_parse(smallest, sizeof smallest, rs), OK);
    assert_int_equal(rs[31], 1);
    assert_int_equal(rs[63], 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (ecdsa_p256_signature_parse(rows[i].der, rows[i].len, rs) != ERR_CRYPTO_INVALID) {
            fail_msg("accepted: %s", rows[i].what);
        }
    }
}

/* Fuzz: mutations of valid encodings are parsed or refused, in exactly sized heap blocks so that ASan sees any step
 * outside. */
static void test_mutated_encodings_are_survived(void **state)
{
    struct random random = {21};
    struct signer signer;

    (void)state;
    sign(&signer, 2);
    for (unsigned run = 0; run < 20000; run++) {
        const struct buffer *from = (run & 1) != 0 ? &signer.signature : &signer.public_der;
        size_t len = random_below(&random, (uint32_t)from->len + 1);
        uint8_t *der = host_alloc(len);
        uint8_t out[64];

        memcpy(der, from->data, len);
        for (unsigned flips = random_below(&random, 4); len > 0 && flips > 0; flips--) {
            der[random_below(&random, (uint32_t)len)] = (uint8_t)random_next(&random);
        }
        (void)!ecdsa_p256_signature_parse(der, len, out);
        (void)!ecdsa_p256_key_parse(der, len, out);
        free(der);
    }
    release(&signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_agrees_with_openssl),
        cmocka_unit_test(test_signatures_of_openssl_verify_and_altered_ones_do_not),
        cmocka_unit_test(test_numbers_outside_the_curve_are_no_signature),
        cmocka_unit_test(test_padding_of_signatures_is_zeros_only),
        cmocka_unit_test(test_only_the_der_form_is_accepted),
        cmocka_unit_test(test_mutated_encodings_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
