/*
 * Reading an image that somebody made: every size is checked against the bytes that are there before it is used.
 * An image need not be signed, and need not be bootable, to be read.
 */
#ifndef IMAGETOOL_IMAGE_H
#define IMAGETOOL_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include <farboot/image_format.h>

#include "host/buffer.h"
#include "host/failure.h"

struct image_entry {
    uint16_t type;
    uint16_t len;
    const uint8_t *data; /* in the image's bytes */
    bool is_protected;
};

struct image_view {
    const uint8_t *data; /* borrowed */
    size_t len;          /* of `data`; what follows `end` is padding and perhaps a trailer */
    struct image_header header;
    size_t protected_off;        /* end of the payload; the protected area if header.protect_tlv_size is not 0 */
    size_t unprotected_off;      /* end of what is hashed and signed */
    size_t end;                  /* end of the image */
    struct image_entry *entries; /* owned, in order */
    size_t count;
};

/*
 * Fills `view`, to be freed with image_view_free after OK. `data` must outlive it. Returns OK, ERR_IMAGE_HEADER (no
 * image), ERR_IMAGE_SIZE (sizes in the header overflow or exceed `len`), ERR_IMAGE_TLV (malformed TLV area); line in
 * `failure`.
 */
int image_parse(const uint8_t *data, size_t len, struct image_view *view, struct failure *failure) ERROR_MUST_CHECK;
void image_view_free(struct image_view *view);

/* The first entry of this type after `after` (NULL: from the start), or NULL. */
const struct image_entry *image_find(const struct image_view *view, uint16_t type, const struct image_entry *after);

/*
 * Reads a file that holds one image: Intel HEX when its name ends in .hex (gaps read as 0xff), otherwise raw bytes.
 * Appends to `out`. Returns OK, ERR_HOST_FILE, ERR_HOST_INPUT (line in `failure`).
 */
int image_file_read(const char *path, struct buffer *out, struct failure *failure) ERROR_MUST_CHECK;

#endif
