/*
 * An image in a slot: header and TLV areas, read from flash that may hold anything. Sizes are checked without overflow
 * and against the slot before anything is hashed. The header is read once; who verifies the image hashes the header
 * that was checked, not a second reading of it.
 */
#ifndef BOOT_IMAGE_H
#define BOOT_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <farboot/flash_area.h>
#include <farboot/image_format.h>

#include "crypto/sha256.h"

struct image {
    const struct flash_area *area;
    uint32_t off;               /* of the image in the area */
    struct image_header header; /* as read from flash, checked */
    uint32_t protected_end;     /* end of what is hashed: header, payload, protected TLVs; from `off` */
    uint32_t end;               /* end of the unprotected TLVs, the image's total size; from `off` */
};

struct image_tlv_entry {
    uint16_t type;
    uint16_t len;
    uint32_t off; /* of the value, in the area */
    bool is_protected;
};

/* Where a walk over all TLVs stands. Offsets are from the start of the image. */
struct image_tlv_iter {
    const struct image *image;
    uint32_t at;
};

/*
 * Reads and checks header and TLV infos of an image at `off` that may take `limit` bytes.
 * Returns OK; ERR_IMAGE_HEADER: no header; ERR_IMAGE_SIZE: sizes overflow or exceed `limit` or the area;
 * ERR_IMAGE_FLAGS: encrypted, compressed or not bootable; ERR_IMAGE_TLV; what flash_area_read returns.
 */
int image_open_untrusted(struct image *image, const struct flash_area *area, uint32_t off,
                         uint32_t limit) ERROR_MUST_CHECK;

/* Whether there is an image's magic at `off`. False also when it cannot be read. */
bool image_has_magic(const struct flash_area *area, uint32_t off);

/* Bytes of the unprotected TLV area, its info included. */
static inline uint16_t image_unprotected_size(const struct image *image)
{
    return (uint16_t)(image->end - image->protected_end);
}

/* The protected TLVs, then the others. */
struct image_tlv_iter image_tlv_begin(const struct image *image);

/*
 * The next TLV, whose value lies inside its area. `*more` is false when there is none.
 * Returns OK; ERR_IMAGE_TLV: an entry leaves its area; what flash_area_read returns.
 */
int image_tlv_next_untrusted(struct image_tlv_iter *iter, struct image_tlv_entry *entry, bool *more) ERROR_MUST_CHECK;

/*
 * The image's security counter, from its protected TLVs.
 * Returns OK; ERR_IMAGE_COUNTER: it has none; what image_tlv_next_untrusted returns.
 */
int image_security_counter(const struct image *image, uint32_t *value) ERROR_MUST_CHECK;

/* The digest that the image names, as read now. Returns OK; ERR_IMAGE_HASH: it names none; what
 * image_tlv_next_untrusted returns. */
int image_digest(const struct image *image, uint8_t digest[SHA256_SIZE]) ERROR_MUST_CHECK;

/* Negative, 0 or positive as version `a` is lower than, equal to or higher than `b`; build numbers do not count. */
int image_version_compare(const struct image_version *a, const struct image_version *b);

#endif
