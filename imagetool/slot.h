/*
 * The slot around an image: how much of it MCUboot's trailer takes, and an image padded to the whole slot with a
 * trailer that asks for an update. The field positions are those of docs/SPEC.md, "Trailer".
 */
#ifndef IMAGETOOL_SLOT_H
#define IMAGETOOL_SLOT_H

#include "host/memory_image.h"

#define SLOT_MAX_ALIGN_DEFAULT   8u
#define SLOT_MAX_SECTORS_DEFAULT 128u

struct slot_layout {
    uint32_t size;        /* bytes; 0: unknown, sizes are not checked */
    uint32_t align;       /* write block, a power of two up to 32; 0 stands for 1 */
    uint32_t max_align;   /* largest write block of the slots: 8, 16 or 32; 0 stands for max(8, align) */
    uint32_t max_sectors; /* entries of the swap status; 0 stands for 128 */
    bool overwrite_only;  /* no swap status, and image_ok means nothing */
    uint8_t erased_value; /* what erased flash reads as */
};

enum slot_mark {
    SLOT_UNMARKED,  /* magic only: an update that is tried once */
    SLOT_TEST,      /* the same, with image_ok written out as erased in HEX files */
    SLOT_CONFIRMED, /* image_ok set: a permanent update, or a first image that needs no confirmation */
};

/* Bytes at the slot's end that no image may use. */
uint64_t slot_trailer_size(const struct slot_layout *layout);

/* Whether an image of `len` bytes fits. Returns OK, ERR_IMAGE_SIZE (line with all sizes in `failure`). */
int slot_check_fit(const struct slot_layout *layout, size_t len, struct failure *failure) ERROR_MUST_CHECK;

/* Fills `image` up to the slot's size with the erased value and a trailer. Returns OK, ERR_IMAGE_SIZE. */
int slot_pad(const struct slot_layout *layout, enum slot_mark mark, struct buffer *image,
             struct failure *failure) ERROR_MUST_CHECK;

/*
 * Adds only the trailer's written fields for a slot at `base` (the rest of an erased slot needs no programming).
 * Returns OK, ERR_IMAGE_SIZE, ERR_HOST_INPUT (beyond 4 GiB).
 */
int slot_add_trailer(const struct slot_layout *layout, enum slot_mark mark, uint32_t base, struct memory_image *image,
                     struct failure *failure) ERROR_MUST_CHECK;

enum slot_magic {
    SLOT_MAGIC_GOOD,
    SLOT_MAGIC_UNSET, /* erased */
    SLOT_MAGIC_BAD,
};

/* What the end of a padded image says; all but `magic_state` and `magic` only when the magic is good. */
struct slot_trailer {
    enum slot_magic magic_state;
    uint8_t magic[16];
    uint32_t max_align; /* bytes, told by the magic */
    uint8_t image_ok;
    uint8_t copy_done;
    uint8_t swap_info;
    uint32_t swap_size;
};

/* Reads the trailer of a slot of `len` bytes. Fields that would lie outside of it make the magic bad. */
void slot_read_trailer(const uint8_t *data, size_t len, struct slot_trailer *trailer);

#endif
