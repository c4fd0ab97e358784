/*
 * The one place that copes with what a flash controller cannot do itself: offsets, lengths and memory addresses that
 * are not multiples of its unit, and memory its DMA cannot reach (internal flash as the source of a program). Drivers
 * hand their transfers to it and see only aligned ones, in reachable memory, that cross no multiple of the buffer's
 * size.
 */
#ifndef FLASH_BOUNCE_H
#define FLASH_BOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

struct bounce {
    uint8_t *buffer;     /* `size` bytes, aligned to `unit`, reachable */
    uint32_t size;       /* a power of two, a multiple of `unit`; at most the device's program page */
    uint32_t unit;       /* bytes, a power of two: what offset, length and address of a transfer are multiples of */
    uint32_t direct_max; /* longest transfer that passes the buffer by, bytes; a multiple of `unit` */

    /* Whether the controller reaches memory at this address; for a read also whether it may write there. */
    bool (*can_reach)(const void *memory, size_t len);

    /* The driver's transfers; `context` is its own. Errors are passed on unchanged. */
    int (*fetch)(const void *context, uint32_t off, void *dst, uint32_t len);
    int (*store)(const void *context, uint32_t off, const void *src, uint32_t len);

    /* Returns when the source of the last store is no longer needed; the buffer is about to be filled again. */
    int (*settle)(const void *context);
};

/*
 * Reads any range into any memory. `fetch` may be asked for bytes around the range, never beyond the `unit` that its
 * first or last byte is in. Returns OK or the first error of `fetch`; then `dst` is partly written.
 */
int bounce_read(const struct bounce *bounce, const void *context, uint32_t off, void *dst, size_t len) ERROR_MUST_CHECK;

/*
 * Programs any range from any memory. Bytes around the range are stored as 0xff, which changes nothing in a NOR flash
 * whose erased value is 0xff. `store` is called once for each multiple of `size` that the range touches, in ascending
 * order. Returns OK or the first error of `settle` or `store`.
 */
int bounce_program(const struct bounce *bounce, const void *context, uint32_t off, const void *src,
                   size_t len) ERROR_MUST_CHECK;

#endif
