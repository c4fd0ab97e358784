/*
 * Whether an image may run: its digest, and the signature over it with one of the keys of this bootloader. Relies on
 * crypto/ and on an image whose sizes were checked (boot/image.h). The result is hardened.
 */
#ifndef BOOT_VERIFY_H
#define BOOT_VERIFY_H

#include <farboot/util.h>

#include "boot/image.h"
#include "crypto/sha256.h"
#include "hardened/hardened.h"

/* A public key this bootloader trusts: SubjectPublicKeyInfo in DER, as `farboot imgtool getpub` writes it. */
struct boot_key {
    const uint8_t *der;
    size_t len;
};

/* A bootloader without the option has no code for security counters. */
#define VERIFY_CAN_COUNT (!IS_ENABLED(CONFIG_MCUBOOT) || IS_ENABLED(CONFIG_MCUBOOT_HW_DOWNGRADE_PREVENTION))

struct verifier {
    const struct boot_key *keys;
    size_t key_count;
    uint8_t *buffer;    /* for reading what is hashed; any size, larger is faster */
    size_t buffer_size; /* bytes */
    uint8_t *digest;    /* SHA256_SIZE bytes, that of the image that was verified last; NULL: nobody wants it */
    bool has_counter;   /* images without security counter, or below lowest_counter, are refused */
    uint32_t lowest_counter;
};

/* Nor for handing out digests. */
#define VERIFY_GIVES_DIGEST (!IS_ENABLED(CONFIG_MCUBOOT) || IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP))

/*
 * Walks the TLVs of `image` as MCUboot does: the digest must be there and right; each KEYHASH selects the key for the
 * signature that follows; the last signature with a known key counts. *valid is HARDENED_TRUE only if all of it holds.
 * Returns OK; ERR_IMAGE_HASH; ERR_IMAGE_KEY: no signature by a known key; ERR_IMAGE_SIGNATURE; ERR_IMAGE_COUNTER;
 * ERR_IMAGE_TLV: malformed, or of a type that the unprotected area must not have; what flash_area_read returns.
 */
int verify_image(const struct verifier *verifier, const struct image *image, hardened_bool *valid) ERROR_MUST_CHECK;

#endif
