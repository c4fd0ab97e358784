/*
 * What shall be where in a 32-bit address space: a sorted list of byte ranges that neither overlap nor touch. Intel
 * HEX, ELF and raw binary files are read into it; merged.hex and the virtual boards' flash are made from it.
 */
#ifndef HOST_MEMORY_IMAGE_H
#define HOST_MEMORY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/buffer.h"
#include "host/failure.h"

struct memory_segment {
    uint32_t addr;
    struct buffer bytes; /* never empty */
};

/* All zero is the empty image. */
struct memory_image {
    struct memory_segment *segments; /* by address */
    size_t count;
};

enum memory_overlap {
    MEMORY_OVERLAP_ERROR,   /* bytes that are already there: refused, nothing changes */
    MEMORY_OVERLAP_REPLACE, /* the new bytes win */
};

void memory_image_free(struct memory_image *image); /* and back to empty */

/* Adds `len` bytes at `addr`. Returns OK, ERR_HOST_INPUT (overlap, or beyond 4 GiB; line in `failure`). */
int memory_image_add(struct memory_image *image, uint32_t addr, const void *data, size_t len,
                     enum memory_overlap overlap, struct failure *failure) ERROR_MUST_CHECK;

/* Adds all of `from`; the same results. */
int memory_image_add_image(struct memory_image *image, const struct memory_image *from, enum memory_overlap overlap,
                           struct failure *failure) ERROR_MUST_CHECK;

/* First address used and first address after the last one used. Returns false for the empty image. */
bool memory_image_range(const struct memory_image *image, uint32_t *first, uint64_t *end);

/* Fills out[0..len) with the bytes at `addr` and on; where there are none, with `fill`. */
void memory_image_flatten(const struct memory_image *image, uint32_t addr, size_t len, uint8_t fill, uint8_t *out);

/*
 * Adds a file: Intel HEX when its name ends in .hex, ELF (32-bit little endian; the loadable segments at their
 * physical addresses) when it begins with ELF's magic, otherwise raw bytes at *bin_addr. `bin_addr` may be NULL, then a
 * raw file is an error. Returns OK, ERR_HOST_FILE, ERR_HOST_INPUT (line in `failure`, naming the file).
 */
int memory_image_load(struct memory_image *image, const char *path, const uint32_t *bin_addr,
                      enum memory_overlap overlap, struct failure *failure) ERROR_MUST_CHECK;

/* Whether a path names an Intel HEX file: ends in .hex, in either case. */
bool memory_path_is_hex(const char *path);

#endif
