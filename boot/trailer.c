#include "boot/trailer.h"

#include <string.h>

#include <farboot/util.h>

#define SWAP_INFO_TYPE_MASK   0x0fU
#define SWAP_INFO_IMAGE_SHIFT 4U
#define FLAG_SET              0x01U

/* Firmware of the mode whose trailers have no status has no code for its cells, and for the sizes that belong to it. */
#define CAN_HAVE_STATUS (!IS_ENABLED(CONFIG_MCUBOOT) || !IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP))

static uint32_t align_up(uint32_t value, uint32_t align)
{
    return (value + align - 1) / align * align;
}

static uint32_t align_down(uint32_t value, uint32_t align)
{
    return value / align * align;
}

uint32_t trailer_max_align(uint32_t write_block_a, uint32_t write_block_b)
{
    uint32_t larger = write_block_a > write_block_b ? write_block_a : write_block_b;

    return larger > TRAILER_MAX_ALIGN_MIN ? larger : TRAILER_MAX_ALIGN_MIN;
}

/* The value for 8 is one of its own; in the others the alignment is followed by one that they share. */
static void set_magic(struct trailer_layout *layout)
{
    static const uint8_t for_8[IMAGE_TRAILER_MAGIC_SIZE] = IMAGE_TRAILER_MAGIC_8;
    static const uint8_t tail[IMAGE_TRAILER_MAGIC_SIZE - 2] = IMAGE_TRAILER_MAGIC_TAIL;
    bool is_8 = layout->max_align == TRAILER_MAX_ALIGN_MIN;

    layout->magic_value[0] = is_8 ? for_8[0] : (uint8_t)layout->max_align;
    layout->magic_value[1] = is_8 ? for_8[1] : 0;
    memcpy(layout->magic_value + 2, is_8 ? for_8 + 2 : tail, sizeof tail);
}

int trailer_layout_init(struct trailer_layout *layout, const struct flash_area *area,
                        const struct trailer_params *params)
{
    const struct flash_geometry *geometry = flash_geometry(area->dev);
    uint32_t align = params->max_align;
    uint32_t cell = params->cell != 0 ? params->cell : geometry->write_block;
    /* Magic, image_ok, copy_done, swap_info, sizes: never more than six aligned fields, plus rounding. */
    uint32_t fields = 8 * align;

    if (align < TRAILER_MAX_ALIGN_MIN || align > TRAILER_MAX_ALIGN_MAX || cell == 0 || cell > align ||
        cell % geometry->write_block != 0 || area->size < fields ||
        (CAN_HAVE_STATUS && params->status_cells > (area->size - fields) / cell)) {
        return ERR_BOOT_GEOMETRY;
    }
    layout->max_align = align;
    set_magic(layout);
    layout->cell = cell;
    layout->write_block = geometry->write_block;
    layout->erased_value = geometry->erased_value;
    layout->has_tlv_sizes = CAN_HAVE_STATUS && params->tlv_sizes;
    layout->magic = area->size - IMAGE_TRAILER_MAGIC_SIZE;
    layout->image_ok = align_down(layout->magic - align, align);
    layout->copy_done = layout->image_ok - align;
    layout->swap_info = layout->copy_done - align;
    layout->tlv_sizes = layout->swap_info - align;
    layout->swap_size = layout->tlv_sizes - (layout->has_tlv_sizes ? align : 0);
    layout->status_cells = params->status_cells;
    layout->move_cells = params->move_cells;
    /* MCUboot adds lengths instead of following the fields down; the difference shows when the size is not aligned. */
    layout->status = area->size - align_up(IMAGE_TRAILER_MAGIC_SIZE, align) - (layout->has_tlv_sizes ? 5 : 4) * align -
                     (CAN_HAVE_STATUS ? params->status_cells * cell : 0);
    return OK;
}

static bool is_erased(const struct trailer_layout *layout, const uint8_t *bytes, size_t len)
{
    uint8_t difference = 0;

    for (size_t i = 0; i < len; i++) {
        difference |= bytes[i] ^ layout->erased_value;
    }
    return difference == 0;
}

static enum trailer_magic parse_magic(const struct trailer_layout *layout, const uint8_t *bytes)
{
    if (memcmp(bytes, layout->magic_value, IMAGE_TRAILER_MAGIC_SIZE) == 0) {
        return TRAILER_MAGIC_GOOD;
    }
    return is_erased(layout, bytes, IMAGE_TRAILER_MAGIC_SIZE) ? TRAILER_MAGIC_UNSET : TRAILER_MAGIC_BAD;
}

static enum trailer_flag parse_flag(const struct trailer_layout *layout, uint8_t byte)
{
    if (byte == FLAG_SET) {
        return TRAILER_FLAG_SET;
    }
    return byte == layout->erased_value ? TRAILER_FLAG_UNSET : TRAILER_FLAG_BAD;
}

static enum swap_type parse_swap_type(const struct trailer_layout *layout, uint8_t byte)
{
    uint8_t type = byte & SWAP_INFO_TYPE_MASK;

    if (byte == layout->erased_value || type < SWAP_NONE || type > SWAP_REVERT) {
        return SWAP_NONE;
    }
    return (enum swap_type)type;
}

static uint32_t parse_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/*
 * Finds the last status cell that is written, of either part. The ones before it are done even if one reads as erased:
 * torn, it may have read as written when the next one was begun.
 */
static int read_status(const struct flash_area *area, const struct trailer_layout *layout, struct trailer *trailer)
{
    uint8_t cells[128];
    uint32_t total = CAN_HAVE_STATUS ? layout->status_cells * layout->cell : 0;
    uint32_t index = 0;

    trailer->moves_done = 0;
    trailer->status_done = 0;
    for (uint32_t at = 0; at < total;) {
        uint32_t part = total - at < sizeof cells ? total - at : (uint32_t)sizeof cells;
        int err = flash_area_read(area, layout->status + at, cells, part);

        if (err != OK) {
            return err;
        }
        for (uint32_t i = 0; i < part; i += layout->cell) {
            index++;
            if (is_erased(layout, cells + i, layout->cell)) {
                continue;
            }
            if (index <= layout->move_cells) {
                trailer->moves_done = index;
            } else {
                trailer->status_done = index - layout->move_cells;
            }
        }
        at += part;
    }
    return OK;
}

struct trailer trailer_unset(void)
{
    static const struct trailer unset = {.magic = TRAILER_MAGIC_UNSET,
                                         .image_ok = TRAILER_FLAG_UNSET,
                                         .copy_done = TRAILER_FLAG_UNSET,
                                         .swap_type = SWAP_NONE};

    return unset;
}

int trailer_read(const struct flash_area *area, const struct trailer_layout *layout, struct trailer *trailer)
{
    uint8_t fields[8 * TRAILER_MAX_ALIGN_MAX];
    uint32_t start = layout->swap_size;
    int err = flash_area_read(area, start, fields, area->size - start);
    uint8_t swap_info;

    if (err != OK) {
        return err;
    }
    swap_info = fields[layout->swap_info - start];
    trailer->magic = parse_magic(layout, fields + (layout->magic - start));
    trailer->image_ok = parse_flag(layout, fields[layout->image_ok - start]);
    trailer->copy_done = parse_flag(layout, fields[layout->copy_done - start]);
    trailer->swap_type = parse_swap_type(layout, swap_info);
    trailer->image_index = trailer->swap_type == SWAP_NONE ? 0 : swap_info >> SWAP_INFO_IMAGE_SHIFT;
    trailer->swap_size = CAN_HAVE_STATUS ? parse_u32(fields) : 0;
    trailer->tlv_sizes = CAN_HAVE_STATUS && layout->has_tlv_sizes ? parse_u32(fields + (layout->tlv_sizes - start)) : 0;
    return read_status(area, layout, trailer);
}

/*
 * Programs `len` bytes at the start of a field, padded to whole write blocks with the erased value. Waits until it is
 * durable: what follows in the caller may be true only then, and `block` does not outlive this call.
 */
static int program_field(const struct flash_area *area, const struct trailer_layout *layout, uint32_t off,
                         const void *data, size_t len)
{
    uint8_t block[TRAILER_MAX_ALIGN_MAX];
    int err;

    memset(block, layout->erased_value, sizeof block);
    memcpy(block, data, len);
    err = flash_area_program(area, off, block, align_up((uint32_t)len, layout->write_block));
    return err != OK ? err : flash_area_sync(area);
}

/* Five callers, most of them inlined into one function: a copy for each costs more than the calls. */
static __attribute__((noinline)) int program_byte(const struct flash_area *area, const struct trailer_layout *layout,
                                                  uint32_t off, uint8_t value)
{
    return program_field(area, layout, off, &value, sizeof value);
}

static int program_u32(const struct flash_area *area, const struct trailer_layout *layout, uint32_t off, uint32_t value)
{
    uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};

    return program_field(area, layout, off, bytes, sizeof bytes);
}

int trailer_program_magic(const struct flash_area *area, const struct trailer_layout *layout)
{
    uint8_t cell[TRAILER_MAX_ALIGN_MAX];
    uint32_t len = align_up(IMAGE_TRAILER_MAGIC_SIZE, layout->max_align);
    uint32_t front = layout->magic - align_down(layout->magic, layout->max_align);

    memset(cell, layout->erased_value, sizeof cell);
    memcpy(cell + front, layout->magic_value, IMAGE_TRAILER_MAGIC_SIZE);
    return program_field(area, layout, layout->magic - front, cell, len);
}

int trailer_program_image_ok(const struct flash_area *area, const struct trailer_layout *layout)
{
    return program_byte(area, layout, layout->image_ok, FLAG_SET);
}

int trailer_program_copy_done(const struct flash_area *area, const struct trailer_layout *layout)
{
    return program_byte(area, layout, layout->copy_done, FLAG_SET);
}

int trailer_program_swap_info(const struct flash_area *area, const struct trailer_layout *layout, enum swap_type type,
                              uint8_t image_index)
{
    return program_byte(area, layout, layout->swap_info,
                        (uint8_t)((unsigned)image_index << SWAP_INFO_IMAGE_SHIFT | (unsigned)type));
}

int trailer_program_status(const struct flash_area *area, const struct trailer_layout *layout, uint32_t index,
                           uint8_t state)
{
    return program_byte(area, layout, layout->status + index * layout->cell, state);
}

/* The fields whose presence is a choice. */
static int program_flags(const struct flash_area *area, const struct trailer_layout *layout,
                         const struct trailer *trailer)
{
    int err = OK;

    if (trailer->copy_done == TRAILER_FLAG_SET) {
        err = trailer_program_copy_done(area, layout);
    }
    if (err == OK && trailer->swap_type != SWAP_NONE) {
        err = trailer_program_swap_info(area, layout, trailer->swap_type, trailer->image_index);
    }
    if (err == OK && trailer->image_ok == TRAILER_FLAG_SET) {
        err = trailer_program_image_ok(area, layout);
    }
    return err;
}

int trailer_program(const struct flash_area *area, const struct trailer_layout *layout, const struct trailer *trailer)
{
    int err = program_flags(area, layout, trailer);

    if (CAN_HAVE_STATUS && err == OK) {
        err = program_u32(area, layout, layout->swap_size, trailer->swap_size);
    }
    if (CAN_HAVE_STATUS && err == OK && layout->has_tlv_sizes) {
        err = program_u32(area, layout, layout->tlv_sizes, trailer->tlv_sizes);
    }
    /* The magic makes the other fields true: only after each of them is on flash, since power may fail here. */
    return err != OK ? err : trailer_program_magic(area, layout);
}

int trailer_first_sector(const struct flash_area *area, const struct trailer_layout *layout, uint32_t *start)
{
    uint32_t size;

    return flash_area_sector_at(area, layout->status, start, &size);
}

int trailer_erase_sectors(const struct flash_area *area, uint32_t off, uint32_t end)
{
    int err = OK;

    while (err == OK && end > off) {
        uint32_t start = 0;
        uint32_t size = 0;

        err = flash_area_sector_at(area, end - 1, &start, &size);
        if (err == OK) {
            err = flash_area_erase(area, start, size);
            end = start;
        }
    }
    return err != OK ? err : flash_area_sync(area);
}

int trailer_erase(const struct flash_area *area, const struct trailer_layout *layout)
{
    /* The sector with the magic first: a trailer is never seen without the status that it needs. */
    return trailer_erase_sectors(area, layout->status, area->size);
}

/* Fields that an interrupted request left may stay where they say the same; programming cannot take them back. */
static int complete_request(const struct flash_area *area, const struct trailer_layout *layout,
                            const struct trailer *found, bool permanent, uint8_t image_index)
{
    int err = OK;

    if (found->image_ok != TRAILER_FLAG_UNSET && !permanent) {
        return ERR_BOOT_TRAILER;
    }
    if (found->swap_type == SWAP_NONE) {
        err = trailer_program_swap_info(area, layout, permanent ? SWAP_PERM : SWAP_TEST, image_index);
    }
    if (err == OK && permanent && found->image_ok != TRAILER_FLAG_SET) {
        err = trailer_program_image_ok(area, layout);
    }
    /* The request is whole or not there at all: the magic only after the rest is on flash. */
    return err != OK ? err : trailer_program_magic(area, layout);
}

int trailer_request(const struct flash_area *area, const struct trailer_layout *layout, bool permanent,
                    uint8_t image_index)
{
    struct trailer found;
    int err = trailer_read(area, layout, &found);

    if (err != OK || found.magic == TRAILER_MAGIC_GOOD) {
        return err;
    }
    return found.magic == TRAILER_MAGIC_BAD ? ERR_BOOT_TRAILER
                                            : complete_request(area, layout, &found, permanent, image_index);
}

int trailer_confirm(const struct flash_area *area, const struct trailer_layout *layout)
{
    struct trailer trailer;
    int err = trailer_read(area, layout, &trailer);

    if (err != OK || trailer.magic == TRAILER_MAGIC_UNSET) {
        return err;
    }
    if (trailer.magic == TRAILER_MAGIC_BAD) {
        return ERR_BOOT_TRAILER;
    }
    return trailer.image_ok == TRAILER_FLAG_UNSET ? trailer_program_image_ok(area, layout) : OK;
}
