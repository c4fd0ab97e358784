/* Making images: header, payload and TLVs, signed or only hashed. Everything happens in memory. */
#ifndef IMAGETOOL_SIGN_H
#define IMAGETOOL_SIGN_H

#include <stdbool.h>

#include <farboot/image_format.h>

#include "host/buffer.h"
#include "host/failure.h"
#include "imagetool/keys.h"
#include "imagetool/slot.h"

struct sign_tlv {
    uint16_t type; /* IMAGE_TLV_VENDOR_MIN to IMAGE_TLV_VENDOR_MAX */
    const void *data;
    size_t len;
};

/* All zero is a valid image with a 32-byte header; pointers are borrowed for the duration of the call. */
struct sign_params {
    struct image_version version;
    uint16_t header_size; /* bytes in front of the payload; 0 stands for 32 */
    uint8_t header_fill;  /* what follows the header's 32 bytes there */
    uint32_t load_addr;   /* not 0: the image is to be copied there (IMAGE_FLAG_RAM_LOAD) */
    uint32_t rom_fixed;   /* not 0: the flash address it is linked for (IMAGE_FLAG_ROM_FIXED); excludes load_addr */
    bool non_bootable;

    /* Protected TLVs. */
    const uint32_t *security_counter; /* NULL: none */
    const char *boot_record;          /* the software's role; NULL: no record */
    const struct image_dependency *dependencies;
    size_t dependency_count;
    const struct sign_tlv *custom;
    size_t custom_count;

    const struct digest *digest;          /* NULL: the key's own, or SHA-256 */
    bool public_key_full;                 /* carry the whole public key instead of its digest */
    bool pad_signature;                   /* zero bytes up to the longest signature of the key's type */
    const struct buffer *fixed_signature; /* made elsewhere over image_sign_input; the key may then be public */

    struct slot_layout slot; /* its size is checked if not 0 */
    size_t max_image_size;   /* what the update mode can install; 0: not checked */
};

/*
 * Appends to `out` what is hashed and signed: header, payload, protected TLVs.
 * Returns OK, ERR_HOST_INPUT (parameters that exclude each other or do not fit the format; line in `failure`),
 * ERR_CRYPTO_INVALID.
 */
int image_sign_input(const struct sign_params *params, const struct signing_key *key, const void *payload, size_t len,
                     struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;

/*
 * Appends the whole image to `out`, without padding (slot_pad does that). `key` may be NULL: the image then carries a
 * digest only. Returns what image_sign_input returns, ERR_IMAGE_SIZE (does not fit slot or update mode) and
 * ERR_CRYPTO_MISMATCH (the fixed signature is not one over this image).
 */
int image_sign(const struct sign_params *params, const struct signing_key *key, const void *payload, size_t len,
               struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;

/* The digest that an image with these parameters carries. Returns OK, ERR_HOST_INPUT (key and digest do not go
 * together). */
int image_sign_digest(const struct sign_params *params, const struct signing_key *key, const struct digest **digest,
                      struct failure *failure) ERROR_MUST_CHECK;

#endif
