#include "imagetool/sign.h"

#include <string.h>

#include "host/le.h"
#include "imagetool/boot_record.h"

static uint16_t header_size(const struct sign_params *params)
{
    return params->header_size != 0 ? params->header_size : (uint16_t)sizeof(struct image_header);
}

int image_sign_digest(const struct sign_params *params, const struct signing_key *key, const struct digest **digest,
                      struct failure *failure)
{
    const char *wanted = key != NULL ? signing_key_type(key)->digest : "256";

    *digest = params->digest != NULL ? params->digest : digest_by_name(wanted);
    if (key != NULL && *digest != digest_by_name(wanted)) {
        return failure_set(failure, ERR_HOST_INPUT, "%s keys sign SHA-%s digests, not SHA-%s",
                           signing_key_type(key)->name, wanted, (*digest)->name);
    }
    return OK;
}

static int tlv_append(struct buffer *out, uint16_t type, const void *data, size_t len, struct failure *failure)
{
    if (len > UINT16_MAX) {
        return failure_set(failure, ERR_HOST_INPUT, "TLV 0x%02x of %zu bytes exceeds 65535", type, len);
    }
    le16_append(out, type);
    le16_append(out, (uint16_t)len);
    buffer_append(out, data, len);
    return OK;
}

/* Digest of the public key; zeros without a key. */
static int key_digest(const struct signing_key *key, const struct digest *digest, uint8_t out[DIGEST_SIZE_MAX],
                      struct failure *failure)
{
    struct buffer der = {0};
    int err = OK;

    memset(out, 0, DIGEST_SIZE_MAX);
    if (key != NULL) {
        err = signing_key_public_der(key, &der, failure);
        if (err == OK) {
            err = digest_compute(digest, der.data, der.len, out, failure);
        }
    }
    buffer_free(&der);
    return err;
}

static int append_boot_record(const struct sign_params *params, const struct signing_key *key, struct buffer *out,
                              struct failure *failure)
{
    struct buffer record = {0};
    const struct digest *digest = NULL;
    uint8_t signer[DIGEST_SIZE_MAX];
    int err;

    if (params->boot_record == NULL) {
        return OK;
    }
    if (strlen(params->boot_record) > BOOT_RECORD_TYPE_MAX) {
        return failure_set(failure, ERR_HOST_INPUT, "boot record type '%s' has more than %d characters",
                           params->boot_record, BOOT_RECORD_TYPE_MAX);
    }
    err = image_sign_digest(params, key, &digest, failure);
    if (err == OK) {
        err = key_digest(key, digest, signer, failure);
    }
    if (err == OK) {
        /* Without a key the signer is 32 zero bytes, whatever the digest. */
        boot_record_print(params->boot_record, &params->version, digest, signer, key != NULL ? digest->size : 32,
                          &record);
        err = tlv_append(out, IMAGE_TLV_BOOT_RECORD, record.data, record.len, failure);
    }
    buffer_free(&record);
    return err;
}

static void version_append(struct buffer *out, const struct image_version *version)
{
    const uint8_t start[] = {version->major, version->minor};

    buffer_append(out, start, sizeof(start));
    le16_append(out, version->revision);
    le32_append(out, version->build);
}

static int append_dependency(const struct image_dependency *dependency, struct buffer *out, struct failure *failure)
{
    struct buffer data = {0};
    int err;

    buffer_fill(&data, dependency->image_id, 1);
    buffer_fill(&data, 0, sizeof(dependency->pad));
    version_append(&data, &dependency->min_version);
    err = tlv_append(out, IMAGE_TLV_DEPENDENCY, data.data, data.len, failure);
    buffer_free(&data);
    return err;
}

static int append_security_counter(const struct sign_params *params, struct buffer *out, struct failure *failure)
{
    struct buffer data = {0};
    int err;

    if (params->security_counter == NULL) {
        return OK;
    }
    le32_append(&data, *params->security_counter);
    err = tlv_append(out, IMAGE_TLV_SEC_CNT, data.data, data.len, failure);
    buffer_free(&data);
    return err;
}

static int append_custom(const struct sign_params *params, size_t index, struct buffer *out, struct failure *failure)
{
    const struct sign_tlv *tlv = &params->custom[index];
    size_t i;

    if (tlv->type < IMAGE_TLV_VENDOR_MIN || tlv->type > IMAGE_TLV_VENDOR_MAX) {
        return failure_set(failure, ERR_HOST_INPUT, "custom TLV type 0x%04x is not from 0x%04x to 0x%04x", tlv->type,
                           IMAGE_TLV_VENDOR_MIN, IMAGE_TLV_VENDOR_MAX);
    }
    for (i = 0; i < index; i++) {
        if (params->custom[i].type == tlv->type) {
            return failure_set(failure, ERR_HOST_INPUT, "custom TLV 0x%04x is given twice", tlv->type);
        }
    }
    return tlv_append(out, tlv->type, tlv->data, tlv->len, failure);
}

/* The protected entries without their info header, in the order that imgtool gives them. */
static int protected_entries(const struct sign_params *params, const struct signing_key *key, struct buffer *out,
                             struct failure *failure)
{
    int err = append_security_counter(params, out, failure);
    size_t i;

    if (err == OK) {
        err = append_boot_record(params, key, out, failure);
    }
    for (i = 0; i < params->dependency_count && err == OK; i++) {
        err = append_dependency(&params->dependencies[i], out, failure);
    }
    for (i = 0; i < params->custom_count && err == OK; i++) {
        err = append_custom(params, i, out, failure);
    }
    return err;
}

/* An area: its info header and `entries`. */
static int area_append(struct buffer *out, uint16_t magic, const struct buffer *entries, struct failure *failure)
{
    size_t total = sizeof(struct image_tlv_info) + entries->len;

    if (total > UINT16_MAX) {
        return failure_set(failure, ERR_HOST_INPUT, "TLV area of %zu bytes exceeds 65535", total);
    }
    le16_append(out, magic);
    le16_append(out, (uint16_t)total);
    buffer_append(out, entries->data, entries->len);
    return OK;
}

static uint32_t header_flags(const struct sign_params *params)
{
    return (params->load_addr != 0 ? IMAGE_FLAG_RAM_LOAD : 0u) | (params->rom_fixed != 0 ? IMAGE_FLAG_ROM_FIXED : 0u) |
           (params->non_bootable ? IMAGE_FLAG_NON_BOOTABLE : 0u);
}

static void header_append(const struct sign_params *params, size_t payload_len, size_t protected_len,
                          struct buffer *out)
{
    le32_append(out, IMAGE_MAGIC);
    le32_append(out, params->rom_fixed != 0 ? params->rom_fixed : params->load_addr);
    le16_append(out, header_size(params));
    le16_append(out, (uint16_t)protected_len);
    le32_append(out, (uint32_t)payload_len);
    le32_append(out, header_flags(params));
    version_append(out, &params->version);
    le32_append(out, 0);
    buffer_fill(out, params->header_fill, header_size(params) - sizeof(struct image_header));
}

static int check_params(const struct sign_params *params, size_t len, struct failure *failure)
{
    if (params->header_size != 0 && params->header_size < sizeof(struct image_header)) {
        return failure_set(failure, ERR_HOST_INPUT, "a header of %u bytes is too small: at least %zu",
                           params->header_size, sizeof(struct image_header));
    }
    if (params->load_addr != 0 && params->rom_fixed != 0) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "an image is loaded to RAM (--load-addr) or fixed in ROM (--rom-fixed), not both");
    }
    if (len > UINT32_MAX / 2) {
        return failure_set(failure, ERR_HOST_INPUT, "payload of %zu bytes is too large for an image", len);
    }
    return OK;
}

int image_sign_input(const struct sign_params *params, const struct signing_key *key, const void *payload, size_t len,
                     struct buffer *out, struct failure *failure)
{
    struct buffer entries = {0};
    struct buffer area = {0};
    int err = check_params(params, len, failure);

    if (err == OK) {
        err = protected_entries(params, key, &entries, failure);
    }
    if (err == OK && entries.len > 0) {
        err = area_append(&area, IMAGE_TLV_PROTECTED_INFO_MAGIC, &entries, failure);
    }
    if (err == OK) {
        header_append(params, len, area.len, out);
        buffer_append(out, payload, len);
        buffer_append(out, area.data, area.len);
    }
    buffer_free(&entries);
    buffer_free(&area);
    return err;
}

/* KEYHASH or PUBKEY: which key the signature is to be checked with. */
static int append_key(const struct sign_params *params, const struct signing_key *key, const struct digest *digest,
                      struct buffer *out, struct failure *failure)
{
    struct buffer der = {0};
    uint8_t hash[DIGEST_SIZE_MAX];
    int err = key_digest(key, digest, hash, failure);

    if (err == OK && !params->public_key_full) {
        return tlv_append(out, IMAGE_TLV_KEYHASH, hash, digest->size, failure);
    }
    if (err == OK) {
        err = signing_key_public_der(key, &der, failure);
    }
    if (err == OK) {
        err = tlv_append(out, IMAGE_TLV_PUBKEY, der.data, der.len, failure);
    }
    buffer_free(&der);
    return err;
}

static int append_signature(const struct sign_params *params, const struct signing_key *key, const struct buffer *input,
                            struct buffer *out, struct failure *failure)
{
    const struct key_type *type = signing_key_type(key);
    const struct buffer *fixed = params->fixed_signature;
    struct buffer signature = {0};
    int err;

    if (fixed != NULL) {
        buffer_append(&signature, fixed->data, fixed->len);
        err = signing_key_verify(key, input->data, input->len, fixed->data, fixed->len, failure);
    } else {
        err = signing_key_sign(key, input->data, input->len, &signature, failure);
    }
    if (err == OK && params->pad_signature && signature.len < type->signature_size_max) {
        buffer_fill(&signature, 0, type->signature_size_max - signature.len);
    }
    if (err == OK) {
        err = tlv_append(out, (uint16_t)type->signature_tlv, signature.data, signature.len, failure);
    }
    buffer_free(&signature);
    return err;
}

static int unprotected_entries(const struct sign_params *params, const struct signing_key *key,
                               const struct buffer *input, struct buffer *out, struct failure *failure)
{
    const struct digest *digest = NULL;
    uint8_t hash[DIGEST_SIZE_MAX];
    int err = image_sign_digest(params, key, &digest, failure);

    if (err == OK) {
        err = digest_compute(digest, input->data, input->len, hash, failure);
    }
    if (err == OK) {
        err = tlv_append(out, (uint16_t)digest->tlv, hash, digest->size, failure);
    }
    if (err == OK && key != NULL) {
        err = append_key(params, key, digest, out, failure);
    }
    if (err == OK && key != NULL) {
        err = append_signature(params, key, input, out, failure);
    }
    return err;
}

static int check_size(const struct sign_params *params, size_t len, struct failure *failure)
{
    if (params->max_image_size != 0 && len > params->max_image_size) {
        return failure_set(failure, ERR_IMAGE_SIZE,
                           "image of 0x%zx bytes exceeds the 0x%zx bytes that the update mode can install, by %zu "
                           "bytes",
                           len, params->max_image_size, len - params->max_image_size);
    }
    return slot_check_fit(&params->slot, len, failure);
}

int image_sign(const struct sign_params *params, const struct signing_key *key, const void *payload, size_t len,
               struct buffer *out, struct failure *failure)
{
    struct buffer image = {0};
    struct buffer entries = {0};
    int err = image_sign_input(params, key, payload, len, &image, failure);

    if (err == OK) {
        err = unprotected_entries(params, key, &image, &entries, failure);
    }
    if (err == OK) {
        err = area_append(&image, IMAGE_TLV_INFO_MAGIC, &entries, failure);
    }
    if (err == OK) {
        err = check_size(params, image.len, failure);
    }
    if (err == OK) {
        buffer_append(out, image.data, image.len);
    }
    buffer_free(&image);
    buffer_free(&entries);
    return err;
}
