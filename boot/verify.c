#include "boot/verify.h"

#include <string.h>

#include <farboot/watchdog.h>

#include "crypto/ecdsa_p256.h"

/* What the walk over the TLVs has found so far. */
struct walk {
    const struct verifier *verifier;
    const struct image *image;
    uint8_t digest[SHA256_SIZE];
    const struct boot_key *key; /* selected by the last KEYHASH, for the next signature; NULL: none */
    hardened_bool digest_valid;
    hardened_bool signature_valid;
    int signature_error; /* why signature_valid is not true */
};

static int digest_range(const struct walk *walk, struct sha256 *sha, uint32_t from, uint32_t to)
{
    const struct image *image = walk->image;
    int err = OK;

    while (err == OK && from < to) {
        uint32_t part = to - from;

        part = part < walk->verifier->buffer_size ? part : (uint32_t)walk->verifier->buffer_size;
        err = flash_area_read(image->area, image->off + from, walk->verifier->buffer, part);
        sha256_update(sha, walk->verifier->buffer, part);
        from += part;
        watchdog_feed();
    }
    return err;
}

/* The header is hashed from the copy whose sizes were checked: flash may answer differently the second time. */
static int digest_image(struct walk *walk)
{
    struct sha256 sha;
    int err;

    sha256_init(&sha);
    sha256_update(&sha, &walk->image->header, sizeof walk->image->header);
    err = digest_range(walk, &sha, sizeof walk->image->header, walk->image->protected_end);
    sha256_final(&sha, walk->digest);
    if (VERIFY_GIVES_DIGEST && walk->verifier->digest != NULL) {
        memcpy(walk->verifier->digest, walk->digest, sizeof walk->digest);
    }
    return err;
}

static int check_digest(struct walk *walk, const uint8_t *value, uint16_t len)
{
    if (len != SHA256_SIZE) {
        return ERR_IMAGE_HASH;
    }
    walk->digest_valid = hardened_equal(value, walk->digest, SHA256_SIZE);
    return hardened_launder(walk->digest_valid) == HARDENED_TRUE ? OK : ERR_IMAGE_HASH;
}

static int select_key(struct walk *walk, const uint8_t *value, uint16_t len)
{
    walk->key = NULL;
    if (len == 0 || len > SHA256_SIZE) {
        return ERR_IMAGE_KEY;
    }
    for (size_t i = 0; i < walk->verifier->key_count; i++) {
        const struct boot_key *key = &walk->verifier->keys[i];
        uint8_t digest[SHA256_SIZE];
        struct sha256 sha;

        sha256_init(&sha);
        sha256_update(&sha, key->der, key->len);
        sha256_final(&sha, digest);
        if (hardened_equal(value, digest, len) == HARDENED_TRUE) {
            walk->key = key;
        }
    }
    return OK;
}

static int check_signature(struct walk *walk, const uint8_t *value, uint16_t len)
{
    uint8_t key[ECDSA_P256_KEY_SIZE];
    uint8_t signature[ECDSA_P256_SIGNATURE_SIZE];

    if (walk->key == NULL) {
        return OK;
    }
    walk->signature_valid = HARDENED_FALSE;
    walk->signature_error = ERR_IMAGE_SIGNATURE;
    if (ecdsa_p256_key_parse(walk->key->der, walk->key->len, key) == OK &&
        ecdsa_p256_signature_parse(value, len, signature) == OK &&
        ecdsa_p256_verify(key, walk->digest, signature, &walk->signature_valid) == OK) {
        walk->signature_error = OK;
    }
    walk->key = NULL;
    return OK;
}

/* Types that MCUboot allows outside what is hashed. Anything else there could be added by anybody. */
static bool may_be_unprotected(uint16_t type)
{
    return type == IMAGE_TLV_KEYHASH || type == IMAGE_TLV_PUBKEY ||
           (type >= IMAGE_TLV_SHA256 && type <= IMAGE_TLV_SHA512) ||
           (type >= IMAGE_TLV_RSA2048_PSS && type <= IMAGE_TLV_ED25519) ||
           (type >= IMAGE_TLV_ENC_RSA2048 && type <= IMAGE_TLV_ENC_X25519);
}

static int visit(struct walk *walk, const struct image_tlv_entry *entry)
{
    uint8_t value[ECDSA_P256_DER_MAX];
    int err;

    if (!entry->is_protected && !may_be_unprotected(entry->type)) {
        return ERR_IMAGE_TLV;
    }
    if (entry->type != IMAGE_TLV_SHA256 && entry->type != IMAGE_TLV_KEYHASH && entry->type != IMAGE_TLV_ECDSA_SIG) {
        return OK;
    }
    if (entry->len > sizeof value) {
        return ERR_IMAGE_TLV;
    }
    err = flash_area_read(walk->image->area, entry->off, value, entry->len);
    if (err != OK) {
        return err;
    }
    switch (entry->type) {
    case IMAGE_TLV_SHA256:
        return check_digest(walk, value, entry->len);
    case IMAGE_TLV_KEYHASH:
        return select_key(walk, value, entry->len);
    default:
        return check_signature(walk, value, entry->len);
    }
}

static int walk_tlvs(struct walk *walk)
{
    struct image_tlv_iter iter = image_tlv_begin(walk->image);
    struct image_tlv_entry entry;
    bool more = true;
    int err = OK;

    while (err == OK && more) {
        err = image_tlv_next_untrusted(&iter, &entry, &more);
        if (err == OK && more) {
            err = visit(walk, &entry);
        }
    }
    return err;
}

/* Of an image whose digest and signature hold. */
static int check_counter(const struct verifier *verifier, const struct image *image, hardened_bool *valid)
{
    uint32_t found = 0;
    int err;

    if (!VERIFY_CAN_COUNT || !verifier->has_counter) {
        *valid = HARDENED_TRUE;
        return OK;
    }
    err = image_security_counter(image, &found);
    if (err != OK || found < verifier->lowest_counter) {
        return err != OK ? err : ERR_IMAGE_COUNTER;
    }
    HARDENED_CHECK(hardened_launder(found) >= verifier->lowest_counter);
    *valid = HARDENED_TRUE;
    return OK;
}

int verify_image(const struct verifier *verifier, const struct image *image, hardened_bool *valid)
{
    struct walk walk = {.verifier = verifier,
                        .image = image,
                        .digest_valid = HARDENED_FALSE,
                        .signature_valid = HARDENED_FALSE,
                        .signature_error = ERR_IMAGE_KEY};
    int err;

    *valid = HARDENED_FALSE;
    err = digest_image(&walk);
    if (err == OK) {
        err = walk_tlvs(&walk);
    }
    if (err != OK) {
        return err;
    }
    if (hardened_launder(walk.digest_valid) != HARDENED_TRUE) {
        return ERR_IMAGE_HASH;
    }
    HARDENED_CHECK(walk.digest_valid == HARDENED_TRUE);
    if (hardened_launder(walk.signature_valid) != HARDENED_TRUE) {
        return walk.signature_error;
    }
    HARDENED_CHECK(walk.signature_valid == HARDENED_TRUE);
    return check_counter(verifier, image, valid);
}
