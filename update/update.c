#include "update/update.h"

#include <string.h>

#include "boot/image.h"
#include "update/state.h"

/* Status entries of one sector in the trailer of swap using offset. */
enum { OFFSET_STATES = 2 };

static int open_area(uint8_t id, const struct flash_area **area)
{
    int error = flash_area_open(id, area);

    return error != OK ? error : flash_init((*area)->dev);
}

static uint32_t sector_count(const struct flash_area *area)
{
    uint32_t start = 0;
    uint32_t size = 0;

    return area != NULL && flash_area_sector_at(area, 0, &start, &size) == OK ? area->size / size : 0;
}

static uint32_t write_block(const struct flash_area *area)
{
    return area != NULL ? flash_geometry(area->dev)->write_block : 0;
}

/* As the bootloader computes them. */
static int open_layouts(struct update *update, uint32_t max_sectors)
{
    struct trailer_params params = {
        .max_align = trailer_max_align(write_block(update->primary), write_block(update->secondary))};

    if (update->mode == UPDATE_SWAP_USING_OFFSET) {
        uint32_t primary = sector_count(update->primary);
        uint32_t secondary = sector_count(update->secondary);
        uint32_t larger = primary > secondary ? primary : secondary;

        params.status_cells = OFFSET_STATES * (max_sectors != 0 ? max_sectors : larger);
        params.tlv_sizes = true;
    }
    if (update->secondary_error == OK) {
        update->secondary_error = trailer_layout_init(&update->secondary_layout, update->secondary, &params);
    }
    return trailer_layout_init(&update->primary_layout, update->primary, &params);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Swapping leaves the trailers' sectors alone, and the secondary's image lies one sector up. */
static int swap_offset_limits(struct update *update)
{
    uint32_t primary_end = 0;
    uint32_t secondary_end = 0;
    uint32_t start = 0;
    int error = flash_area_sector_at(update->secondary, 0, &start, &update->image_off);

    if (error == OK) {
        error = trailer_first_sector(update->primary, &update->primary_layout, &primary_end);
    }
    if (error == OK) {
        error = trailer_first_sector(update->secondary, &update->secondary_layout, &secondary_end);
    }
    if (error == OK && secondary_end > update->image_off) {
        update->max_image = smaller(primary_end, secondary_end - update->image_off);
    }
    return error;
}

static int find_limits(struct update *update)
{
    if (update->mode == UPDATE_SWAP_USING_OFFSET) {
        return swap_offset_limits(update);
    }
    update->max_image = smaller(update->primary_layout.swap_info, update->secondary_layout.swap_info);
    return OK;
}

int update_open(struct update *update, const struct update_config *config)
{
    int error;

    *update = (struct update){.mode = config->mode};
    error = open_area(config->primary_id, &update->primary);
    if (error != OK) {
        return error;
    }
    update->secondary_error = open_area(config->secondary_id, &update->secondary);
    error = open_layouts(update, config->max_sectors);
    if (error == OK && update->secondary_error == OK) {
        update->secondary_error = find_limits(update);
    }
    return error;
}

static int read_unconfirmed(const struct update *update, bool *unconfirmed)
{
    struct trailer trailer;
    int error = trailer_read(update->primary, &update->primary_layout, &trailer);

    *unconfirmed = error != OK || (trailer.magic == TRAILER_MAGIC_GOOD && trailer.copy_done == TRAILER_FLAG_SET &&
                                   trailer.image_ok != TRAILER_FLAG_SET);
    return error;
}

int update_state_read(const struct update *update, struct update_state *state)
{
    struct trailer trailer = trailer_unset();
    int error = update->secondary_error;

    if (error == OK) {
        error = read_unconfirmed(update, &state->unconfirmed);
    }
    if (error == OK) {
        error = trailer_read(update->secondary, &update->secondary_layout, &trailer);
    }
    state->pending = trailer.magic == TRAILER_MAGIC_GOOD;
    state->permanent = state->pending && trailer.image_ok == TRAILER_FLAG_SET;
    return error;
}

bool update_is_confirmed(const struct update *update)
{
    bool unconfirmed = true;

    return read_unconfirmed(update, &unconfirmed) == OK && !unconfirmed;
}

int update_state_check_free(const struct update *update)
{
    struct update_state state;
    int error = update_state_read(update, &state);

    return error == OK && state.unconfirmed ? ERR_UPDATE_STATE : error;
}

/*
 * Where the secondary slot's image is. After a swap using offset the previous image lies at the slot's start; one that
 * was uploaded, and one that was tried and reverted, lies where the mode wants it.
 */
static uint32_t find_image_off(const struct update *update)
{
    return image_has_magic(update->secondary, update->image_off) ? update->image_off : 0;
}

static int read_hash(const struct image *image, struct image_slot *info)
{
    struct image_tlv_iter iter = image_tlv_begin(image);
    struct image_tlv_entry entry;
    bool more = true;

    for (;;) {
        int error = image_tlv_next_untrusted(&iter, &entry, &more);

        if (error != OK || !more) {
            return error;
        }
        if (entry.type >= IMAGE_TLV_SHA256 && entry.type <= IMAGE_TLV_SHA512 && entry.len <= sizeof(info->hash)) {
            info->hash_len = (uint8_t)entry.len;
            return flash_area_read(image->area, entry.off, info->hash, entry.len);
        }
    }
}

/* A slot whose contents are no image is no error; flash that cannot be read is one. */
static int image_error(int error)
{
    switch (error) {
    case ERR_IMAGE_HEADER:
    case ERR_IMAGE_SIZE:
    case ERR_IMAGE_TLV:
        return OK;
    default:
        return error;
    }
}

static int read_image(const struct flash_area *area, uint32_t off, struct image_slot *info)
{
    struct image image;
    int error = image_open_untrusted(&image, area, off, area->size - off);

    info->has_image = error == OK || error == ERR_IMAGE_FLAGS;
    if (info->has_image) {
        info->version = image.header.version;
        info->bootable = error == OK;
    }
    if (error == OK) {
        error = read_hash(&image, info);
        info->has_image = error == OK;
    }
    return error == ERR_IMAGE_FLAGS ? OK : image_error(error);
}

static int read_primary(const struct update *update, struct image_slot *info)
{
    bool unconfirmed = true;
    int error = read_unconfirmed(update, &unconfirmed);

    info->size = update->primary->size;
    info->active = true;
    info->confirmed = !unconfirmed;
    return error != OK ? error : read_image(update->primary, 0, info);
}

static int read_secondary(const struct update *update, struct image_slot *info)
{
    struct update_state state;
    int error = update_state_read(update, &state);
    uint32_t off;

    if (error != OK) {
        return error;
    }
    info->size = update->secondary->size;
    info->pending = state.pending;
    info->permanent = state.permanent;
    info->confirmed = state.unconfirmed && !state.pending;
    off = find_image_off(update);
    error = read_image(update->secondary, off, info);
    /* A previous image that nothing leads back to lies where the bootloader does not install from. */
    info->bootable = info->bootable && (off == update->image_off || info->confirmed);
    return error;
}

int update_slot_read(const struct update *update, enum update_slot slot, struct image_slot *info)
{
    *info = (struct image_slot){.max_image = update->max_image};
    return slot == UPDATE_PRIMARY ? read_primary(update, info) : read_secondary(update, info);
}

static int raise_request(const struct update *update, const struct update_state *state, bool permanent)
{
    if (state->permanent == permanent) {
        return OK;
    }
    return permanent ? trailer_program_image_ok(update->secondary, &update->secondary_layout) : ERR_UPDATE_STATE;
}

int update_request(struct update *update, bool permanent)
{
    struct update_state state;
    int error = update_state_read(update, &state);

    if (error != OK || state.unconfirmed) {
        return error;
    }
    if (!image_has_magic(update->secondary, update->image_off)) {
        return ERR_IMAGE_HEADER;
    }
    if (state.pending) {
        return raise_request(update, &state, permanent);
    }
    return trailer_request(update->secondary, &update->secondary_layout, permanent, 0);
}

int update_confirm(struct update *update)
{
    return trailer_confirm(update->primary, &update->primary_layout);
}

int update_erase(struct update *update)
{
    uint32_t trailer = 0;
    int error = update_state_check_free(update);

    if (error != OK) {
        return error;
    }
    update->writer.len = 0;
    error = trailer_erase(update->secondary, &update->secondary_layout);
    if (error == OK) {
        error = trailer_first_sector(update->secondary, &update->secondary_layout, &trailer);
    }
    if (error == OK && trailer > 0) {
        error = flash_area_erase(update->secondary, 0, trailer);
    }
    return error != OK ? error : flash_area_sync(update->secondary);
}
