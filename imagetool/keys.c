#include "imagetool/keys.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "host/file.h"
#include "imagetool/openssl.h"

static const struct key_type key_types[] = {
    {"ecdsa-p256", "ecdsa", "EC", "prime256v1", "256", IMAGE_TLV_ECDSA_SIG, 72},
};

#define KEY_TYPE_COUNT (sizeof(key_types) / sizeof(key_types[0]))

struct signing_key {
    const struct key_type *type;
    EVP_PKEY *pkey;
    bool is_private;
};

const struct key_type *key_type_by_name(const char *name)
{
    size_t i;

    for (i = 0; i < KEY_TYPE_COUNT; i++) {
        if (strcmp(key_types[i].name, name) == 0) {
            return &key_types[i];
        }
    }
    return NULL;
}

void key_type_names(struct buffer *out)
{
    size_t i;

    for (i = 0; i < KEY_TYPE_COUNT; i++) {
        buffer_print(out, "%s%s", i > 0 ? ", " : "", key_types[i].name);
    }
}

static const struct key_type *type_of(const EVP_PKEY *pkey)
{
    char group[64] = "";
    size_t len;
    size_t i;

    (void)EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len);
    for (i = 0; i < KEY_TYPE_COUNT; i++) {
        if (EVP_PKEY_is_a(pkey, key_types[i].algorithm) && strcmp(group, key_types[i].group) == 0) {
            return &key_types[i];
        }
    }
    return NULL;
}

/* Takes over `pkey`. */
static int wrap(EVP_PKEY *pkey, bool is_private, struct signing_key **key, struct failure *failure)
{
    const struct key_type *type = type_of(pkey);

    if (type == NULL) {
        struct buffer names = {0};

        key_type_names(&names);
        (void)failure_set(failure, ERR_CRYPTO_INVALID, "this kind of key is not supported; supported are: %s",
                          buffer_text(&names));
        buffer_free(&names);
        EVP_PKEY_free(pkey);
        return ERR_CRYPTO_INVALID;
    }
    /* A file may hold the point compressed; images and bootloaders hold it uncompressed. */
    (void)EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
    *key = host_alloc(sizeof(**key));
    **key = (struct signing_key){type, pkey, is_private};
    return OK;
}

int signing_key_generate(const struct key_type *type, struct signing_key **key, struct failure *failure)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, type->algorithm, type->group);

    *key = NULL;
    return pkey != NULL ? wrap(pkey, true, key, failure)
                        : openssl_failure(failure, ERR_CRYPTO_INVALID, "cannot make a key");
}

int key_passphrase_from_terminal(char *text, int size, bool verify)
{
    return EVP_read_pw_string(text, size, "Enter key passphrase: ", verify) == 0 ? (int)strlen(text) : -1;
}

struct passphrase_request {
    key_passphrase_ask ask;
    bool asked; /* the file is protected */
};

static int on_passphrase(char *text, int size, int writing, void *context)
{
    struct passphrase_request *request = context;

    (void)writing;
    request->asked = true;
    return request->ask != NULL ? request->ask(text, size, false) : -1;
}

int signing_key_parse(const void *pem, size_t len, key_passphrase_ask ask, struct signing_key **key,
                      struct failure *failure)
{
    struct passphrase_request request = {ask, false};
    BIO *bio = BIO_new_mem_buf(pem, len < INT_MAX ? (int)len : INT_MAX);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, on_passphrase, &request);
    bool is_private = pkey != NULL;

    *key = NULL;
    if (!is_private && !request.asked) {
        (void)BIO_reset(bio);
        pkey = PEM_read_bio_PUBKEY(bio, NULL, on_passphrase, &request);
    }
    BIO_free(bio);
    ERR_clear_error();
    if (pkey == NULL) {
        return failure_set(failure, ERR_CRYPTO_INVALID,
                           request.asked ? "the key is protected, and the passphrase is missing or wrong"
                                         : "no private or public key in PEM form");
    }
    return wrap(pkey, is_private, key, failure);
}

int signing_key_load(const char *path, key_passphrase_ask ask, struct signing_key **key, struct failure *failure)
{
    struct buffer pem = {0};
    int err = file_read(path, &pem, failure);

    *key = NULL;
    if (err == OK) {
        err = signing_key_parse(pem.data, pem.len, ask, key, failure);
        if (err != OK) {
            (void)failure_prefix(failure, err, path);
        }
        OPENSSL_cleanse(pem.data, pem.len);
    }
    buffer_free(&pem);
    return err;
}

void signing_key_free(struct signing_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

const struct key_type *signing_key_type(const struct signing_key *key)
{
    return key->type;
}

bool signing_key_is_private(const struct signing_key *key)
{
    return key->is_private;
}

int signing_key_public_der(const struct signing_key *key, struct buffer *out, struct failure *failure)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key->pkey, &der);

    if (len <= 0) {
        return openssl_failure(failure, ERR_CRYPTO_INVALID, "cannot encode the public key");
    }
    buffer_append(out, der, (size_t)len);
    OPENSSL_free(der);
    return OK;
}

/* Appends what was written to `bio` if `written`; frees it. */
static int take_bio(BIO *bio, bool written, struct buffer *out, struct failure *failure)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    if (written && len > 0) {
        buffer_append(out, data, (size_t)len);
    }
    BIO_free(bio);
    return written ? OK : openssl_failure(failure, ERR_CRYPTO_INVALID, "cannot encode the key");
}

int signing_key_public_pem(const struct signing_key *key, struct buffer *out, struct failure *failure)
{
    BIO *bio = BIO_new(BIO_s_mem());

    return take_bio(bio, PEM_write_bio_PUBKEY(bio, key->pkey) == 1, out, failure);
}

int signing_key_private_pem(const struct signing_key *key, const char *passphrase, struct buffer *out,
                            struct failure *failure)
{
    const EVP_CIPHER *cipher = passphrase != NULL ? EVP_aes_256_cbc() : NULL;
    int len = passphrase != NULL ? (int)strlen(passphrase) : 0;
    BIO *bio;

    if (!key->is_private) {
        return failure_set(failure, ERR_CRYPTO_INVALID, "this is only the public half of a key");
    }
    bio = BIO_new(BIO_s_secmem());
    return take_bio(bio, PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, cipher, passphrase, len, NULL, NULL) == 1, out,
                    failure);
}

int signing_key_sign(const struct signing_key *key, const void *data, size_t len, struct buffer *out,
                     struct failure *failure)
{
    const char *digest = digest_by_name(key->type->digest)->openssl;
    EVP_MD_CTX *context;
    uint8_t signature[512];
    size_t signature_len = sizeof(signature);
    bool done;

    if (!key->is_private) {
        return failure_set(failure, ERR_CRYPTO_INVALID, "signing needs the private key; this is only its public half");
    }
    context = EVP_MD_CTX_new();
    done = EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key->pkey, NULL) == 1 &&
           EVP_DigestSign(context, signature, &signature_len, data, len) == 1;
    EVP_MD_CTX_free(context);
    if (!done) {
        return openssl_failure(failure, ERR_CRYPTO_INVALID, "cannot sign");
    }
    buffer_append(out, signature, signature_len);
    return OK;
}

/* Length of the ASN.1 SEQUENCE at the start, without padding behind it. P-256 signatures have one length byte. */
static size_t trimmed_len(const uint8_t *signature, size_t len)
{
    return len >= 2 && signature[1] < 0x80 && (size_t)signature[1] + 2 < len ? (size_t)signature[1] + 2 : len;
}

int signing_key_verify(const struct signing_key *key, const void *data, size_t len, const uint8_t *signature,
                       size_t signature_len, struct failure *failure)
{
    const char *digest = digest_by_name(key->type->digest)->openssl;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool matches = EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key->pkey, NULL) == 1 &&
                   EVP_DigestVerify(context, signature, trimmed_len(signature, signature_len), data, len) == 1;

    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return matches ? OK : failure_set(failure, ERR_CRYPTO_MISMATCH, "the signature does not match");
}
