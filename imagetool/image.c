#include "imagetool/image.h"

#include <stdlib.h>

#include "host/file.h"
#include "host/le.h"
#include "host/memory_image.h"

/* No image is as large as this; a HEX file with an address out of line would otherwise claim gigabytes. */
#define IMAGE_SPAN_MAX (UINT64_C(256) * 1024 * 1024)

static struct image_header read_header(const uint8_t *at)
{
    struct image_header header = {
        .magic = le32_get(at),
        .load_addr = le32_get(at + offsetof(struct image_header, load_addr)),
        .hdr_size = le16_get(at + offsetof(struct image_header, hdr_size)),
        .protect_tlv_size = le16_get(at + offsetof(struct image_header, protect_tlv_size)),
        .img_size = le32_get(at + offsetof(struct image_header, img_size)),
        .flags = le32_get(at + offsetof(struct image_header, flags)),
    };
    const uint8_t *version = at + offsetof(struct image_header, version);

    header.version = (struct image_version){version[0], version[1], le16_get(version + 2), le32_get(version + 4)};
    return header;
}

/* An info header at `off` with the right magic whose area lies inside the image. */
static int read_info(const struct image_view *view, size_t off, uint16_t magic, size_t *total, struct failure *failure)
{
    if (view->len - off < sizeof(struct image_tlv_info)) {
        return failure_set(failure, ERR_IMAGE_TLV, "the image ends at 0x%zx, before its TLV area (is it truncated?)",
                           view->len);
    }
    if (le16_get(view->data + off) != magic) {
        return failure_set(failure, ERR_IMAGE_TLV, "TLV area at 0x%zx begins with 0x%04x instead of 0x%04x", off,
                           le16_get(view->data + off), magic);
    }
    *total = le16_get(view->data + off + 2);
    if (*total < sizeof(struct image_tlv_info) || *total > view->len - off) {
        return failure_set(failure, ERR_IMAGE_TLV, "TLV area at 0x%zx says that it has 0x%zx bytes; the file has 0x%zx",
                           off, *total, view->len - off);
    }
    return OK;
}

/* The entries of an area of `total` bytes at `off`. */
static int read_entries(struct image_view *view, size_t off, size_t total, bool is_protected, struct failure *failure)
{
    size_t end = off + total;
    size_t at = off + sizeof(struct image_tlv_info);

    while (at < end) {
        struct image_entry entry = {.is_protected = is_protected};

        if (end - at < sizeof(struct image_tlv)) {
            return failure_set(failure, ERR_IMAGE_TLV, "TLV entry at 0x%zx crosses the end of its area", at);
        }
        entry.type = le16_get(view->data + at);
        entry.len = le16_get(view->data + at + 2);
        entry.data = view->data + at + sizeof(struct image_tlv);
        at += sizeof(struct image_tlv);
        if (entry.len > end - at) {
            return failure_set(failure, ERR_IMAGE_TLV, "TLV 0x%02x of %u bytes at 0x%zx crosses the end of its area",
                               entry.type, entry.len, at);
        }
        at += entry.len;
        view->entries = host_realloc(view->entries, (view->count + 1) * sizeof(*view->entries));
        view->entries[view->count++] = entry;
    }
    return OK;
}

static int read_protected(struct image_view *view, struct failure *failure)
{
    size_t total = 0;
    int err;

    view->unprotected_off = view->protected_off;
    if (view->header.protect_tlv_size == 0) {
        return OK;
    }
    err = read_info(view, view->protected_off, IMAGE_TLV_PROTECTED_INFO_MAGIC, &total, failure);
    if (err == OK && total != view->header.protect_tlv_size) {
        err = failure_set(failure, ERR_IMAGE_TLV,
                          "protected TLV area has 0x%zx bytes, but the header says that it has 0x%x", total,
                          view->header.protect_tlv_size);
    }
    if (err == OK) {
        err = read_entries(view, view->protected_off, total, true, failure);
    }
    view->unprotected_off += total;
    return err;
}

static int read_unprotected(struct image_view *view, struct failure *failure)
{
    size_t total = 0;
    int err = read_info(view, view->unprotected_off, IMAGE_TLV_INFO_MAGIC, &total, failure);

    if (err == OK) {
        err = read_entries(view, view->unprotected_off, total, false, failure);
    }
    view->end = view->unprotected_off + total;
    return err;
}

static int check_header(const struct image_view *view, struct failure *failure)
{
    const struct image_header *header = &view->header;

    if (header->hdr_size < sizeof(struct image_header)) {
        return failure_set(failure, ERR_IMAGE_SIZE, "the header says that it has %u bytes; it needs %zu",
                           header->hdr_size, sizeof(struct image_header));
    }
    if (header->hdr_size > view->len || header->img_size > view->len - header->hdr_size) {
        return failure_set(failure, ERR_IMAGE_SIZE,
                           "header and payload of 0x%x and 0x%x bytes exceed the 0x%zx bytes there are (is it "
                           "truncated?)",
                           header->hdr_size, header->img_size, view->len);
    }
    return OK;
}

int image_parse(const uint8_t *data, size_t len, struct image_view *view, struct failure *failure)
{
    int err;

    *view = (struct image_view){.data = data, .len = len};
    if (len < sizeof(struct image_header) || le32_get(data) != IMAGE_MAGIC) {
        return failure_set(failure, ERR_IMAGE_HEADER, "Invalid image magic; is this an MCUboot image?");
    }
    view->header = read_header(data);
    err = check_header(view, failure);
    if (err == OK) {
        view->protected_off = (size_t)view->header.hdr_size + view->header.img_size;
        err = read_protected(view, failure);
    }
    if (err == OK) {
        err = read_unprotected(view, failure);
    }
    if (err != OK) {
        image_view_free(view);
    }
    return err;
}

void image_view_free(struct image_view *view)
{
    free(view->entries);
    view->entries = NULL;
    view->count = 0;
}

const struct image_entry *image_find(const struct image_view *view, uint16_t type, const struct image_entry *after)
{
    size_t i = after != NULL ? (size_t)(after - view->entries) + 1 : 0;

    for (; i < view->count; i++) {
        if (view->entries[i].type == type) {
            return &view->entries[i];
        }
    }
    return NULL;
}

int image_file_read(const char *path, struct buffer *out, struct failure *failure)
{
    struct memory_image image = {0};
    uint32_t first = 0;
    uint64_t end = 0;
    int err;

    if (!memory_path_is_hex(path)) {
        return file_read(path, out, failure);
    }
    err = memory_image_load(&image, path, NULL, MEMORY_OVERLAP_ERROR, failure);
    if (err == OK && memory_image_range(&image, &first, &end) && end - first > IMAGE_SPAN_MAX) {
        err = failure_set(failure, ERR_HOST_INPUT, "%s: from 0x%08x to 0x%08llx is too far apart for one image", path,
                          first, (unsigned long long)end - 1);
    }
    if (err == OK && end > first) {
        size_t at = out->len;

        buffer_fill(out, 0xff, (size_t)(end - first));
        memory_image_flatten(&image, first, (size_t)(end - first), 0xff, out->data + at);
    }
    memory_image_free(&image);
    return err;
}
