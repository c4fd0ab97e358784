/*
 * Keys that sign images: made, read from PEM, printed; signing and verifying with them. OpenSSL does the arithmetic.
 * A kind of key is one row of a table in keys.c.
 */
#ifndef IMAGETOOL_KEYS_H
#define IMAGETOOL_KEYS_H

#include <stdbool.h>

#include <farboot/image_format.h>

#include "host/buffer.h"
#include "host/failure.h"
#include "imagetool/digest.h"

struct key_type {
    const char *name;       /* as in keygen --type: "ecdsa-p256" */
    const char *short_name; /* what its C array is called: "ecdsa" */
    const char *algorithm;  /* OpenSSL's names */
    const char *group;
    const char *digest; /* name of the image digest that goes with it */
    enum image_tlv_type signature_tlv;
    size_t signature_size_max; /* --pad-sig fills up to here */
};

/* A private key, or only its public half. */
struct signing_key;

/*
 * Asks for the passphrase of a protected key file: writes at most `size` characters to `text` and returns how many,
 * or -1 when there is nobody to ask. `verify`: ask twice, for a new key.
 */
typedef int (*key_passphrase_ask)(char *text, int size, bool verify);
int key_passphrase_from_terminal(char *text, int size, bool verify);

/* NULL: no such type. */
const struct key_type *key_type_by_name(const char *name);
/* The names of all types, separated by ", ". */
void key_type_names(struct buffer *out);

/*
 * Makes a key or reads one from PEM: a PKCS#8 or traditional private key, or a SubjectPublicKeyInfo. `ask` may be NULL:
 * then a protected file is an error. *key is to be freed by the caller, NULL after an error.
 * Return OK, ERR_HOST_FILE, ERR_CRYPTO_INVALID (no key, kind not supported, wrong passphrase; line in `failure`).
 */
int signing_key_generate(const struct key_type *type, struct signing_key **key,
                         struct failure *failure) ERROR_MUST_CHECK;
int signing_key_parse(const void *pem, size_t len, key_passphrase_ask ask, struct signing_key **key,
                      struct failure *failure) ERROR_MUST_CHECK;
int signing_key_load(const char *path, key_passphrase_ask ask, struct signing_key **key,
                     struct failure *failure) ERROR_MUST_CHECK;
void signing_key_free(struct signing_key *key); /* NULL is allowed */

const struct key_type *signing_key_type(const struct signing_key *key);
bool signing_key_is_private(const struct signing_key *key);

/*
 * Append the public key: as SubjectPublicKeyInfo DER, the form whose digest is the KEYHASH TLV and which bootloaders
 * hold, or as PEM; or the private key as PKCS#8 PEM, AES-256 protected when `passphrase` is not NULL.
 * Return OK, ERR_CRYPTO_INVALID (line in `failure`).
 */
int signing_key_public_der(const struct signing_key *key, struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;
int signing_key_public_pem(const struct signing_key *key, struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;
int signing_key_private_pem(const struct signing_key *key, const char *passphrase, struct buffer *out,
                            struct failure *failure) ERROR_MUST_CHECK;

/* Appends the signature over `data`. Returns OK, ERR_CRYPTO_INVALID (public key only, OpenSSL refuses). */
int signing_key_sign(const struct signing_key *key, const void *data, size_t len, struct buffer *out,
                     struct failure *failure) ERROR_MUST_CHECK;

/* Checks one; zero bytes behind it (--pad-sig) do not matter. Returns OK, ERR_CRYPTO_MISMATCH. */
int signing_key_verify(const struct signing_key *key, const void *data, size_t len, const uint8_t *signature,
                       size_t signature_len, struct failure *failure) ERROR_MUST_CHECK;

#endif
