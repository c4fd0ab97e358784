#include "imagetool/slot.h"

#include <string.h>

#include <farboot/image_format.h>

#include "host/le.h"

#define FLAG_SET 1

static const uint8_t magic_usual[] = IMAGE_TRAILER_MAGIC_8;
static const uint8_t magic_tail[] = IMAGE_TRAILER_MAGIC_TAIL; /* after the write block as two bytes */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value != 0 ? value : otherwise;
}

static uint32_t max_align(const struct slot_layout *layout)
{
    uint32_t align = layout->align > SLOT_MAX_ALIGN_DEFAULT ? layout->align : SLOT_MAX_ALIGN_DEFAULT;

    return or_default(layout->max_align, align);
}

/* The magic's place: 16 bytes, or a whole write block that ends with them. */
static uint32_t magic_size(const struct slot_layout *layout)
{
    uint32_t align = max_align(layout);

    return align > IMAGE_TRAILER_MAGIC_SIZE ? align : IMAGE_TRAILER_MAGIC_SIZE;
}

uint64_t slot_trailer_size(const struct slot_layout *layout)
{
    uint64_t align = or_default(layout->align, 1);
    uint64_t status = align * 3 * or_default(layout->max_sectors, SLOT_MAX_SECTORS_DEFAULT);
    uint64_t cell = max_align(layout);

    /* Overwriting uses image_ok, copy_done and swap_info; swapping also swap_size and the status. */
    return layout->overwrite_only ? 3 * cell + magic_size(layout) : status + 4 * cell + magic_size(layout);
}

int slot_check_fit(const struct slot_layout *layout, size_t len, struct failure *failure)
{
    uint64_t trailer = slot_trailer_size(layout);

    if (layout->size == 0 || (trailer <= layout->size && len <= layout->size - trailer)) {
        return OK;
    }
    return failure_set(
        failure, ERR_IMAGE_SIZE,
        "image of 0x%zx bytes and trailer of 0x%llx bytes do not fit the slot of 0x%x bytes; at most 0x%llx "
        "bytes of image fit",
        len, (unsigned long long)trailer, layout->size,
        (unsigned long long)(trailer <= layout->size ? layout->size - trailer : 0));
}

static void make_magic(const struct slot_layout *layout, uint8_t magic[IMAGE_TRAILER_MAGIC_SIZE])
{
    if (max_align(layout) == SLOT_MAX_ALIGN_DEFAULT) {
        memcpy(magic, magic_usual, sizeof(magic_usual));
    } else {
        magic[0] = (uint8_t)max_align(layout);
        magic[1] = 0;
        memcpy(magic + 2, magic_tail, sizeof(magic_tail));
    }
}

int slot_add_trailer(const struct slot_layout *layout, enum slot_mark mark, uint32_t base, struct memory_image *image,
                     struct failure *failure)
{
    uint32_t end = base + layout->size;
    uint32_t image_ok = end - magic_size(layout) - max_align(layout);
    uint8_t magic[IMAGE_TRAILER_MAGIC_SIZE];
    uint8_t flag[32];
    int err = slot_check_fit(layout, 0, failure);

    if (err == OK && layout->size == 0) {
        err = failure_set(failure, ERR_IMAGE_SIZE, "padding needs the size of the slot (--slot-size)");
    }
    if (err == OK && base > UINT32_MAX - layout->size) {
        err = failure_set(failure, ERR_HOST_INPUT, "a slot of 0x%x bytes at 0x%08x reaches beyond 4 GiB", layout->size,
                          base);
    }
    make_magic(layout, magic);
    memset(flag, layout->erased_value, sizeof(flag));
    if (mark == SLOT_CONFIRMED) {
        flag[0] = FLAG_SET;
    }
    if (err == OK && mark != SLOT_UNMARKED && !layout->overwrite_only) {
        err = memory_image_add(image, image_ok, flag, max_align(layout), MEMORY_OVERLAP_ERROR, failure);
    }
    return err == OK ? memory_image_add(image, end - IMAGE_TRAILER_MAGIC_SIZE, magic, sizeof(magic),
                                        MEMORY_OVERLAP_ERROR, failure)
                     : err;
}

int slot_pad(const struct slot_layout *layout, enum slot_mark mark, struct buffer *image, struct failure *failure)
{
    struct memory_image trailer = {0};
    int err = slot_check_fit(layout, image->len, failure);

    if (err == OK) {
        err = slot_add_trailer(layout, mark, 0, &trailer, failure);
    }
    if (err == OK) {
        size_t len = image->len;

        buffer_fill(image, layout->erased_value, layout->size - len);
        memory_image_flatten(&trailer, (uint32_t)len, layout->size - len, layout->erased_value, image->data + len);
    }
    memory_image_free(&trailer);
    return err;
}

/* The largest write block that a magic tells, or 0 when it is none. */
static uint32_t magic_align(const uint8_t magic[IMAGE_TRAILER_MAGIC_SIZE])
{
    uint16_t align = le16_get(magic);

    if (memcmp(magic, magic_usual, sizeof(magic_usual)) == 0) {
        return SLOT_MAX_ALIGN_DEFAULT;
    }
    return memcmp(magic + 2, magic_tail, sizeof(magic_tail)) == 0 && (align == 16 || align == 32) ? align : 0;
}

static bool is_erased(const uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len && data[i] == data[0] && (data[0] == 0xff || data[0] == 0); i++) {
    }
    return i == len;
}

void slot_read_trailer(const uint8_t *data, size_t len, struct slot_trailer *trailer)
{
    const uint8_t *end = data + len;
    struct slot_layout layout = {0};
    size_t cell;

    *trailer = (struct slot_trailer){.magic_state = SLOT_MAGIC_BAD};
    if (len < sizeof(trailer->magic)) {
        return;
    }
    memcpy(trailer->magic, end - sizeof(trailer->magic), sizeof(trailer->magic));
    cell = magic_align(trailer->magic);
    if (cell == 0) {
        trailer->magic_state = is_erased(trailer->magic, sizeof(trailer->magic)) ? SLOT_MAGIC_UNSET : SLOT_MAGIC_BAD;
        return;
    }
    layout.max_align = (uint32_t)cell;
    if (len < 4 * cell + magic_size(&layout)) {
        return;
    }
    trailer->magic_state = SLOT_MAGIC_GOOD;
    trailer->max_align = layout.max_align;
    end -= magic_size(&layout);
    trailer->image_ok = *(end - cell);
    trailer->copy_done = *(end - 2 * cell);
    trailer->swap_info = *(end - 3 * cell);
    trailer->swap_size = le32_get(end - 4 * cell);
}
