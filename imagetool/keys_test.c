#include "tests/unit.h"

#include <string.h>

#include "imagetool/keys.h"

static struct signing_key *generate(void)
{
    struct signing_key *key = NULL;
    struct failure failure;

    assert_int_equal(signing_key_generate(key_type_by_name("ecdsa-p256"), &key, &failure), OK);
    return key;
}

static void test_key_survives_pem(void **state)
{
    struct signing_key *key = generate();
    struct signing_key *again = NULL;
    struct signing_key *public_half = NULL;
    struct buffer pem = {0};
    struct buffer public_pem = {0};
    struct buffer der = {0};
    struct buffer der_again = {0};
    struct failure failure;

    (void)state;
    assert_int_equal(signing_key_private_pem(key, NULL, &pem, &failure), OK);
    assert_ptr_equal(strstr(buffer_text(&pem), "-----BEGIN PRIVATE KEY-----"), buffer_text(&pem));
    assert_int_equal(signing_key_parse(pem.data, pem.len, NULL, &again, &failure), OK);
    assert_true(signing_key_is_private(again));
    assert_int_equal(signing_key_public_der(key, &der, &failure), OK);
    assert_int_equal(signing_key_public_der(again, &der_again, &failure), OK);
    assert_int_equal(der.len, 91);
    assert_int_equal(der_again.len, der.len);
    assert_memory_equal(der.data, der_again.data, der.len);
    assert_int_equal(signing_key_public_pem(key, &public_pem, &failure), OK);
    assert_int_equal(signing_key_parse(public_pem.data, public_pem.len, NULL, &public_half, &failure), OK);
    assert_false(signing_key_is_private(public_half));
    assert_int_equal(signing_key_private_pem(public_half, NULL, &pem, &failure), ERR_CRYPTO_INVALID);
    assert_int_equal(signing_key_sign(public_half, "x", 1, &pem, &failure), ERR_CRYPTO_INVALID);
    buffer_free(&pem);
    buffer_free(&public_pem);
    buffer_free(&der);
    buffer_free(&der_again);
    signing_key_free(key);
    signing_key_free(again);
    signing_key_free(public_half);
}

static int answer_right(char *text, int size, bool verify)
{
    (void)verify;
    assert_true(size > 6);
    memcpy(text, "secret", 7);
    return 6;
}

static int answer_wrong(char *text, int size, bool verify)
{
    (void)verify;
    assert_true(size > 6);
    memcpy(text, "guess", 6);
    return 5;
}

static void test_protected_key_needs_its_passphrase(void **state)
{
    struct signing_key *key = generate();
    struct signing_key *again = NULL;
    struct buffer pem = {0};
    struct failure failure;

    (void)state;
    assert_int_equal(signing_key_private_pem(key, "secret", &pem, &failure), OK);
    assert_non_null(strstr(buffer_text(&pem), "ENCRYPTED"));
    assert_int_equal(signing_key_parse(pem.data, pem.len, NULL, &again, &failure), ERR_CRYPTO_INVALID);
    assert_non_null(strstr(failure.text, "passphrase"));
    assert_null(again);
    assert_int_equal(signing_key_parse(pem.data, pem.len, answer_wrong, &again, &failure), ERR_CRYPTO_INVALID);
    assert_non_null(strstr(failure.text, "passphrase"));
    assert_int_equal(signing_key_parse(pem.data, pem.len, answer_right, &again, &failure), OK);
    buffer_free(&pem);
    signing_key_free(key);
    signing_key_free(again);
}

static void test_other_keys_are_refused(void **state)
{
    /* A P-384 public key: a kind that the table does not have. */
    static const char p384[] = "-----BEGIN PUBLIC KEY-----\n"
                               "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEEJBiPZWNvt4rR84cpN5nC9wP5aPdBfZc\n"
                               "x/I+xQdiq4lyOVYi3Elw5q4Lx58dFuyPOisju8N1rPKiQtOiFocX6qwCdQ6TnI0C\n"
                               "lKD1+ZAl0BZLTmoGImRII6TF1rpmahYp\n"
                               "-----END PUBLIC KEY-----\n";
    struct signing_key *key = NULL;
    struct failure failure;

    (void)state;
    assert_int_equal(signing_key_parse(p384, strlen(p384), NULL, &key, &failure), ERR_CRYPTO_INVALID);
    assert_non_null(strstr(failure.text, "supported are: ecdsa-p256"));
    assert_int_equal(signing_key_parse("", 0, NULL, &key, &failure), ERR_CRYPTO_INVALID);
    assert_int_equal(signing_key_parse("-----BEGIN PRIVATE KEY-----\n", 28, NULL, &key, &failure), ERR_CRYPTO_INVALID);
    assert_null(key);
    assert_null(key_type_by_name("ecdsa-p257"));
}

static void test_signature_covers_every_bit(void **state)
{
    struct signing_key *key = generate();
    struct signing_key *other = generate();
    uint8_t data[64] = {0};
    struct buffer signature = {0};
    struct failure failure;
    size_t bit;

    (void)state;
    assert_int_equal(signing_key_sign(key, data, sizeof(data), &signature, &failure), OK);
    assert_true(signature.len <= signing_key_type(key)->signature_size_max);
    buffer_fill(&signature, 0, signing_key_type(key)->signature_size_max - signature.len);
    assert_int_equal(signing_key_verify(key, data, sizeof(data), signature.data, signature.len, &failure), OK);
    assert_int_equal(signing_key_verify(other, data, sizeof(data), signature.data, signature.len, &failure),
                     ERR_CRYPTO_MISMATCH);
    for (bit = 0; bit < sizeof(data) * 8; bit += 31) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(signing_key_verify(key, data, sizeof(data), signature.data, signature.len, &failure),
                         ERR_CRYPTO_MISMATCH);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(signing_key_verify(key, data, sizeof(data), signature.data, 0, &failure), ERR_CRYPTO_MISMATCH);
    assert_int_equal(signing_key_verify(key, data, sizeof(data), signature.data, 5, &failure), ERR_CRYPTO_MISMATCH);
    buffer_free(&signature);
    signing_key_free(key);
    signing_key_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key_survives_pem),
        cmocka_unit_test(test_protected_key_needs_its_passphrase),
        cmocka_unit_test(test_other_keys_are_refused),
        cmocka_unit_test(test_signature_covers_every_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
