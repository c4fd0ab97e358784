/* Checking an image as a bootloader would: digest first, then the signature of one key. */
#ifndef IMAGETOOL_VERIFY_H
#define IMAGETOOL_VERIFY_H

#include "imagetool/image.h"
#include "imagetool/keys.h"

struct verify_result {
    const struct digest *digest;
    uint8_t value[DIGEST_SIZE_MAX];
    bool is_signed; /* the image carries a signature, checked or not */
};

/*
 * `key` NULL: only the digest is checked. Returns OK, ERR_IMAGE_FLAGS (encrypted: the digest is that of the plain
 * text), ERR_IMAGE_HASH (missing, of another kind than the key signs, or wrong), ERR_IMAGE_SIGNATURE (none that the
 * key made), ERR_IMAGE_KEY (signed by the key, but the image names another one, so that no bootloader would try it),
 * ERR_CRYPTO_INVALID; line in `failure`.
 */
int image_verify(const struct image_view *view, const struct signing_key *key, struct verify_result *result,
                 struct failure *failure) ERROR_MUST_CHECK;

#endif
