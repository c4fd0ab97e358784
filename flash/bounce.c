#include "flash/bounce.h"

#include <string.h>

static bool is_aligned(const struct bounce *bounce, uintptr_t value)
{
    return (value & (bounce->unit - 1)) == 0;
}

static uint32_t align_down(const struct bounce *bounce, uint32_t value)
{
    return value & ~(bounce->unit - 1);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Bytes from `off` to the next multiple of the buffer's size. */
static uint32_t to_boundary(const struct bounce *bounce, uint32_t off)
{
    return bounce->size - (off & (bounce->size - 1));
}

/* Units that hold [off, off + len), all of which lie in one buffer. */
static uint32_t span_of(const struct bounce *bounce, uint32_t off, size_t len)
{
    uint32_t end = (off & (bounce->size - 1)) + (uint32_t)len;

    return align_down(bounce, end + bounce->unit - 1) - align_down(bounce, off & (bounce->size - 1));
}

/* How much of a read needs no copy: whole units into aligned, reachable memory. */
static uint32_t direct_read_len(const struct bounce *bounce, uint32_t off, const void *dst, size_t len)
{
    if (!is_aligned(bounce, off) || !is_aligned(bounce, (uintptr_t)dst) || !bounce->can_reach(dst, len)) {
        return 0;
    }
    return align_down(bounce, (uint32_t)smaller(len, bounce->direct_max));
}

/* Up to the next boundary of the buffer, or of the unit if memory and flash are aligned alike from there on. */
static uint32_t bounced_read_len(const struct bounce *bounce, uint32_t off, const void *dst, size_t len)
{
    uint32_t head = bounce->unit - (off & (bounce->unit - 1));

    if (is_aligned(bounce, (uintptr_t)dst + head) && bounce->can_reach(dst, len)) {
        return (uint32_t)smaller(len, head);
    }
    return (uint32_t)smaller(len, to_boundary(bounce, off));
}

static int read_bounced(const struct bounce *bounce, const void *context, uint32_t off, uint8_t *dst, uint32_t len)
{
    int result = bounce->fetch(context, align_down(bounce, off), bounce->buffer, span_of(bounce, off, len));

    if (result == OK) {
        memcpy(dst, bounce->buffer + (off & (bounce->unit - 1)), len);
    }
    return result;
}

int bounce_read(const struct bounce *bounce, const void *context, uint32_t off, void *dst, size_t len)
{
    uint8_t *out = dst;

    while (len > 0) {
        uint32_t part = direct_read_len(bounce, off, out, len);
        int result;

        if (part > 0) {
            result = bounce->fetch(context, off, out, part);
        } else {
            part = bounced_read_len(bounce, off, out, len);
            result = read_bounced(bounce, context, off, out, part);
        }
        if (result != OK) {
            return result;
        }
        off += part;
        out += part;
        len -= part;
    }
    return OK;
}

/* Stores at most one buffer's worth; the padding leaves neighbouring bytes as they are. */
static int store_part(const struct bounce *bounce, const void *context, uint32_t off, const uint8_t *src, uint32_t len)
{
    uint32_t span = span_of(bounce, off, len);
    int result;

    if (is_aligned(bounce, off) && is_aligned(bounce, len) && is_aligned(bounce, (uintptr_t)src) &&
        bounce->can_reach(src, len)) {
        return bounce->store(context, off, src, len);
    }
    result = bounce->settle(context);
    if (result != OK) {
        return result;
    }
    memset(bounce->buffer, 0xff, span);
    memcpy(bounce->buffer + (off & (bounce->unit - 1)), src, len);
    return bounce->store(context, align_down(bounce, off), bounce->buffer, span);
}

int bounce_program(const struct bounce *bounce, const void *context, uint32_t off, const void *src, size_t len)
{
    const uint8_t *in = src;

    while (len > 0) {
        uint32_t part = (uint32_t)smaller(len, to_boundary(bounce, off));
        int result = store_part(bounce, context, off, in, part);

        if (result != OK) {
            return result;
        }
        off += part;
        in += part;
        len -= part;
    }
    return OK;
}
