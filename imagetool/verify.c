#include "imagetool/verify.h"

#include <string.h>

static const struct image_entry *find_digest(const struct image_view *view, const struct digest **digest)
{
    size_t i;

    for (i = 0; i < view->count; i++) {
        *digest = digest_by_tlv(view->entries[i].type);
        if (*digest != NULL && !view->entries[i].is_protected) {
            return &view->entries[i];
        }
    }
    return NULL;
}

static int check_digest(const struct image_view *view, const struct signing_key *key, struct verify_result *result,
                        struct failure *failure)
{
    const struct image_entry *entry = find_digest(view, &result->digest);
    int err;

    if (entry == NULL) {
        return failure_set(failure, ERR_IMAGE_HASH, "the image carries no digest");
    }
    if (key != NULL && result->digest != digest_by_name(signing_key_type(key)->digest)) {
        return failure_set(failure, ERR_IMAGE_HASH, "Key type does not match TLV record: %s keys do not sign %s",
                           signing_key_type(key)->name, result->digest->openssl);
    }
    err = digest_compute(result->digest, view->data, view->unprotected_off, result->value, failure);
    if (err == OK && (entry->len != result->digest->size || memcmp(entry->data, result->value, entry->len) != 0)) {
        err = failure_set(failure, ERR_IMAGE_HASH, "Image has an invalid hash");
    }
    return err;
}

/* Whether the image names this key: by its digest or in full. */
static int check_key_name(const struct image_view *view, const struct signing_key *key, const struct digest *digest,
                          struct failure *failure)
{
    struct buffer der = {0};
    uint8_t hash[DIGEST_SIZE_MAX];
    int err = signing_key_public_der(key, &der, failure);
    bool named = false;
    size_t i;

    if (err == OK) {
        err = digest_compute(digest, der.data, der.len, hash, failure);
    }
    for (i = 0; i < view->count && err == OK; i++) {
        const struct image_entry *entry = &view->entries[i];

        named |= entry->type == IMAGE_TLV_KEYHASH && entry->len == digest->size &&
                 memcmp(entry->data, hash, entry->len) == 0;
        named |=
            entry->type == IMAGE_TLV_PUBKEY && entry->len == der.len && memcmp(entry->data, der.data, entry->len) == 0;
    }
    buffer_free(&der);
    if (err == OK && !named) {
        err = failure_set(failure, ERR_IMAGE_KEY,
                          "the signature is right, but the image does not name this key: no bootloader would try it");
    }
    return err;
}

static int check_signature(const struct image_view *view, const struct signing_key *key, const struct digest *digest,
                           struct failure *failure)
{
    uint16_t type = (uint16_t)signing_key_type(key)->signature_tlv;
    const struct image_entry *entry = image_find(view, type, NULL);

    for (; entry != NULL; entry = image_find(view, type, entry)) {
        if (!entry->is_protected &&
            signing_key_verify(key, view->data, view->unprotected_off, entry->data, entry->len, failure) == OK) {
            return check_key_name(view, key, digest, failure);
        }
    }
    return failure_set(failure, ERR_IMAGE_SIGNATURE, "No signature found for the given key");
}

static bool carries_signature(const struct image_view *view)
{
    static const uint16_t types[] = {IMAGE_TLV_RSA2048_PSS, IMAGE_TLV_RSA3072_PSS, IMAGE_TLV_ECDSA_SIG,
                                     IMAGE_TLV_ED25519};
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (image_find(view, types[i], NULL) != NULL) {
            return true;
        }
    }
    return false;
}

int image_verify(const struct image_view *view, const struct signing_key *key, struct verify_result *result,
                 struct failure *failure)
{
    int err;

    *result = (struct verify_result){.is_signed = carries_signature(view)};
    if ((view->header.flags & (IMAGE_FLAG_ENCRYPTED_AES128 | IMAGE_FLAG_ENCRYPTED_AES256)) != 0) {
        return failure_set(failure, ERR_IMAGE_FLAGS,
                           "the image is encrypted: its digest is that of the plain text; verify it before encryption");
    }
    err = check_digest(view, key, result, failure);
    return err == OK && key != NULL ? check_signature(view, key, result->digest, failure) : err;
}
