#include "host/memory_image.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/elf.h"
#include "host/file.h"
#include "host/ihex.h"

#define ADDRESS_SPACE (UINT64_C(1) << 32)

static uint64_t segment_end(const struct memory_segment *segment)
{
    return (uint64_t)segment->addr + segment->bytes.len;
}

void memory_image_free(struct memory_image *image)
{
    size_t i;

    for (i = 0; i < image->count; i++) {
        buffer_free(&image->segments[i].bytes);
    }
    free(image->segments);
    *image = (struct memory_image){0};
}

/* Index of the first segment that ends at `addr` or later. */
static size_t find_segment(const struct memory_image *image, uint64_t addr)
{
    size_t low = 0;
    size_t high = image->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (segment_end(&image->segments[middle]) < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Replaces segments [first, first + removed) by one; takes over `segment`. */
static void replace_segments(struct memory_image *image, size_t first, size_t removed, struct memory_segment segment)
{
    size_t tail = image->count - first - removed;
    size_t i;

    for (i = first; i < first + removed; i++) {
        buffer_free(&image->segments[i].bytes);
    }
    if (removed == 0) {
        image->segments = host_realloc(image->segments, (image->count + 1) * sizeof(*image->segments));
    }
    memmove(&image->segments[first + 1], &image->segments[first + removed], tail * sizeof(*image->segments));
    image->segments[first] = segment;
    image->count = first + 1 + tail;
}

/* One segment of the `count` old ones that touch [addr, addr + len), with the new bytes on top. */
static struct memory_segment join(const struct memory_segment *old, size_t count, uint32_t addr, const void *data,
                                  size_t len)
{
    struct memory_segment joined = {.addr = addr};
    uint64_t end = addr + (uint64_t)len;
    size_t i;

    if (count > 0) {
        uint64_t last = segment_end(&old[count - 1]);

        joined.addr = old[0].addr < addr ? old[0].addr : addr;
        end = last > end ? last : end;
    }
    buffer_fill(&joined.bytes, 0, (size_t)(end - joined.addr));
    for (i = 0; i < count; i++) {
        memcpy(joined.bytes.data + (old[i].addr - joined.addr), old[i].bytes.data, old[i].bytes.len);
    }
    memcpy(joined.bytes.data + (addr - joined.addr), data, len);
    return joined;
}

int memory_image_add(struct memory_image *image, uint32_t addr, const void *data, size_t len,
                     enum memory_overlap overlap, struct failure *failure)
{
    uint64_t end = addr + (uint64_t)len;
    size_t first = find_segment(image, addr);
    size_t last;

    if (len == 0) {
        return OK;
    }
    if (len > ADDRESS_SPACE || end > ADDRESS_SPACE) {
        return failure_set(failure, ERR_HOST_INPUT, "%zu bytes at 0x%08x reach beyond 4 GiB", len, addr);
    }
    for (last = first; last < image->count && image->segments[last].addr <= end; last++) {
        const struct memory_segment *old = &image->segments[last];

        if (overlap == MEMORY_OVERLAP_ERROR && old->addr < end && segment_end(old) > addr) {
            return failure_set(failure, ERR_HOST_INPUT,
                               "0x%08x to 0x%08llx overlaps what is already there (0x%08x to 0x%08llx)", addr,
                               (unsigned long long)end - 1, old->addr, (unsigned long long)segment_end(old) - 1);
        }
    }
    if (last == first + 1 && segment_end(&image->segments[first]) == addr) {
        buffer_append(&image->segments[first].bytes, data, len); /* the usual case: records in order */
    } else {
        struct memory_segment joined = join(&image->segments[first], last - first, addr, data, len);

        replace_segments(image, first, last - first, joined);
    }
    return OK;
}

int memory_image_add_image(struct memory_image *image, const struct memory_image *from, enum memory_overlap overlap,
                           struct failure *failure)
{
    size_t i;
    int err = OK;

    for (i = 0; i < from->count && err == OK; i++) {
        const struct memory_segment *segment = &from->segments[i];

        err = memory_image_add(image, segment->addr, segment->bytes.data, segment->bytes.len, overlap, failure);
    }
    return err;
}

bool memory_image_range(const struct memory_image *image, uint32_t *first, uint64_t *end)
{
    if (image->count == 0) {
        return false;
    }
    *first = image->segments[0].addr;
    *end = segment_end(&image->segments[image->count - 1]);
    return true;
}

void memory_image_flatten(const struct memory_image *image, uint32_t addr, size_t len, uint8_t fill, uint8_t *out)
{
    uint64_t end = addr + (uint64_t)len;
    size_t i;

    if (len > 0) {
        memset(out, fill, len);
    }
    for (i = find_segment(image, addr); i < image->count && image->segments[i].addr < end; i++) {
        const struct memory_segment *segment = &image->segments[i];
        uint64_t from = segment->addr > addr ? segment->addr : addr;
        uint64_t to = segment_end(segment) < end ? segment_end(segment) : end;

        if (from < to) {
            memcpy(out + (from - addr), segment->bytes.data + (from - segment->addr), (size_t)(to - from));
        }
    }
}

bool memory_path_is_hex(const char *path)
{
    size_t len = strlen(path);

    return len >= 4 && strcasecmp(path + len - 4, ".hex") == 0;
}

static int parse_file(struct memory_image *image, const char *path, const struct buffer *file, const uint32_t *bin_addr,
                      struct failure *failure)
{
    if (memory_path_is_hex(path)) {
        return ihex_parse(file->data, file->len, image, failure);
    }
    if (elf_is(file->data, file->len)) {
        return elf_parse(file->data, file->len, image, failure);
    }
    if (bin_addr == NULL) {
        return failure_set(failure, ERR_HOST_INPUT, "neither .hex nor ELF: a raw binary needs an address (FILE:ADDR)");
    }
    return memory_image_add(image, *bin_addr, file->data, file->len, MEMORY_OVERLAP_ERROR, failure);
}

int memory_image_load(struct memory_image *image, const char *path, const uint32_t *bin_addr,
                      enum memory_overlap overlap, struct failure *failure)
{
    struct buffer file = {0};
    struct memory_image parsed = {0};
    int err = file_read(path, &file, failure);

    if (err == OK) {
        err = parse_file(&parsed, path, &file, bin_addr, failure);
        if (err == OK) {
            err = memory_image_add_image(image, &parsed, overlap, failure);
        }
        if (err != OK) {
            (void)failure_prefix(failure, err, path);
        }
    }
    memory_image_free(&parsed);
    buffer_free(&file);
    return err;
}
