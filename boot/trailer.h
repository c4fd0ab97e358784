/*
 * The trailer at the end of a slot: the one place that knows its bytes. Byte-compatible with MCUboot 2.4; every field
 * is in docs/SPEC.md, "Trailer". Shared by the bootloader and by the application side (update/), which uses only the
 * flags. Relies on flash areas; holds no state.
 *
 * Reading is total: whatever bytes are found, they have a meaning here. No field has a checksum, so what a field says
 * is believed only in the order in which fields are written: the magic last.
 */
#ifndef BOOT_TRAILER_H
#define BOOT_TRAILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/flash_area.h>
#include <farboot/image_format.h>

#define TRAILER_MAX_ALIGN_MIN 8U
/*
 * MCUboot's swap modes end at write blocks of 32 bytes. For larger ones, which only Farboot swaps, the layout is the
 * same; firmware with such flash says so, since each is a buffer on the stack.
 */
#ifndef CONFIG_MCUBOOT_BOOT_MAX_ALIGN
#define CONFIG_MCUBOOT_BOOT_MAX_ALIGN 128
#endif
#define TRAILER_MAX_ALIGN_MAX (CONFIG_MCUBOOT_BOOT_MAX_ALIGN > 32 ? CONFIG_MCUBOOT_BOOT_MAX_ALIGN : 32)

/* The numbers are MCUboot's; they appear in its log lines. */
enum trailer_magic { TRAILER_MAGIC_GOOD = 1, TRAILER_MAGIC_BAD = 2, TRAILER_MAGIC_UNSET = 3 };
enum trailer_flag { TRAILER_FLAG_SET = 1, TRAILER_FLAG_BAD = 2, TRAILER_FLAG_UNSET = 3 };

/* What is to happen, or is happening, to an image pair; the low nibble of swap_info. */
enum swap_type { SWAP_NONE = 1, SWAP_TEST = 2, SWAP_PERM = 3, SWAP_REVERT = 4 };

struct trailer_params {
    uint32_t max_align;    /* largest write block of the slots, 8 to 128: trailer_max_align */
    uint32_t status_cells; /* swap status entries; 0 for modes without and for users of the flags alone */
    uint32_t move_cells;   /* of them, the first ones that count apart (swap using move) */
    uint32_t cell;         /* bytes of one entry, a multiple of the write block; 0: the write block */
    bool tlv_sizes;        /* the field that only swap using offset has */
};

/* Offsets are bytes from the start of the area. */
struct trailer_layout {
    uint8_t erased_value;
    bool has_tlv_sizes;
    uint8_t magic_value[IMAGE_TRAILER_MAGIC_SIZE]; /* depends on max_align */
    uint32_t magic;
    uint32_t image_ok;
    uint32_t copy_done;
    uint32_t swap_info;
    uint32_t tlv_sizes; /* meaningful when the mode has the field */
    uint32_t swap_size;
    uint32_t status; /* the first cell; the trailer starts here */
    uint32_t status_cells;
    uint32_t move_cells;
    uint32_t cell; /* bytes of a status cell */
    uint32_t write_block;
    uint32_t max_align;
};

/* What a trailer says. */
struct trailer {
    enum trailer_magic magic;
    enum trailer_flag image_ok;
    enum trailer_flag copy_done;
    enum swap_type swap_type; /* SWAP_NONE also for what is no type */
    uint8_t image_index;
    uint32_t swap_size;   /* as stored */
    uint32_t tlv_sizes;   /* as stored */
    uint32_t moves_done;  /* move cells up to the last one that is written; a torn cell counts, see SPEC */
    uint32_t status_done; /* the same of the others */
};

/* max(8, both write blocks). */
uint32_t trailer_max_align(uint32_t write_block_a, uint32_t write_block_b);

/*
 * The layout in `area`, computed from its size and its device's geometry. Does not touch the device.
 * Returns OK; ERR_BOOT_GEOMETRY: the area is too small or a write block is larger than max_align allows.
 */
int trailer_layout_init(struct trailer_layout *layout, const struct flash_area *area,
                        const struct trailer_params *params) ERROR_MUST_CHECK;

/* Returns OK; what flash_area_read returns. */
int trailer_read(const struct flash_area *area, const struct trailer_layout *layout,
                 struct trailer *trailer) ERROR_MUST_CHECK;

/* No status cell is written. */
static inline bool trailer_status_is_clear(const struct trailer *trailer)
{
    return trailer->moves_done == 0 && trailer->status_done == 0;
}

/* A trailer as an area without one reads, or as one is taken that cannot be read. */
struct trailer trailer_unset(void);

/*
 * Programs a whole trailer into erased flash, magic last, and returns when it is durable. Of `trailer` the fields
 * swap_type, image_index, image_ok, copy_done (SET or not), swap_size and tlv_sizes count; SWAP_NONE leaves swap_info
 * erased. Returns OK; what flash_area_program and flash_area_sync return.
 */
int trailer_program(const struct flash_area *area, const struct trailer_layout *layout,
                    const struct trailer *trailer) ERROR_MUST_CHECK;

/* Each programs one field and returns when it is durable: OK; what flash_area_program and _sync return. */
int trailer_program_magic(const struct flash_area *area, const struct trailer_layout *layout) ERROR_MUST_CHECK;
int trailer_program_image_ok(const struct flash_area *area, const struct trailer_layout *layout) ERROR_MUST_CHECK;
int trailer_program_copy_done(const struct flash_area *area, const struct trailer_layout *layout) ERROR_MUST_CHECK;
int trailer_program_swap_info(const struct flash_area *area, const struct trailer_layout *layout, enum swap_type type,
                              uint8_t image_index) ERROR_MUST_CHECK;

/* Status cell `index` (from 0; below status_cells) becomes `state` (1, 2 or 3). */
int trailer_program_status(const struct flash_area *area, const struct trailer_layout *layout, uint32_t index,
                           uint8_t state) ERROR_MUST_CHECK;

/*
 * Erases the sectors that hold the trailer, the last one first, and returns when that is durable. Image data that
 * shares the first of them is lost with it. Returns OK; what flash_area_erase, _sync and _sector_at return.
 */
int trailer_erase(const struct flash_area *area, const struct trailer_layout *layout) ERROR_MUST_CHECK;

/* The same with the sectors that hold a part of `off` to `end`. */
int trailer_erase_sectors(const struct flash_area *area, uint32_t off, uint32_t end) ERROR_MUST_CHECK;

/* Start of the first sector that holds a part of the trailer. Returns OK; ERR_FLASH_INVALID as flash_area_sector_at. */
int trailer_first_sector(const struct flash_area *area, const struct trailer_layout *layout,
                         uint32_t *start) ERROR_MUST_CHECK;

/*
 * For the application side, on the secondary slot: asks the bootloader to install the image in it, to try it once or
 * `permanent`. A request that is already there stays as it is.
 * Returns OK; ERR_BOOT_TRAILER: what is there is neither a request nor erased nor the beginning of this request, erase
 * the slot; what flash areas return.
 */
int trailer_request(const struct flash_area *area, const struct trailer_layout *layout, bool permanent,
                    uint8_t image_index) ERROR_MUST_CHECK;

/*
 * For the application side, on the primary slot: the running image stays. Nothing to do without a trailer.
 * Returns OK; ERR_BOOT_TRAILER: the magic is neither there nor erased; what flash areas return.
 */
int trailer_confirm(const struct flash_area *area, const struct trailer_layout *layout) ERROR_MUST_CHECK;

#endif
