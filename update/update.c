#include "update/update.h"

#include <string.h>

#include "boot/image.h"
#include "update/state.h"

static const struct update_place *running_place(const struct update *update)
{
    return &update->places[update->running];
}

int update_open(struct update *update, const struct update_config *config)
{
    return update_layout_open(update, config);
}

/* Torn flags and an unreadable trailer count as unconfirmed. */
static int read_unconfirmed(const struct update *update, bool *unconfirmed)
{
    const struct update_place *place = running_place(update);
    struct trailer trailer = trailer_unset();
    int error = trailer_read(place->area, &place->layout, &trailer);
    bool is_tried = trailer.copy_done == TRAILER_FLAG_SET || update_mode(update) == UPDATE_CHOOSE_WITH_REVERT;

    *unconfirmed = error != OK || (update_mode(update) != UPDATE_CHOOSE && trailer.magic == TRAILER_MAGIC_GOOD &&
                                   is_tried && trailer.image_ok != TRAILER_FLAG_SET);
    return error;
}

int update_state_read(const struct update *update, enum update_slot slot, struct update_state *state)
{
    const struct update_place *place = &update->places[slot];
    struct trailer trailer = trailer_unset();
    int error = place->error;

    if (error == OK) {
        error = read_unconfirmed(update, &state->unconfirmed);
    }
    if (error == OK && update_mode(update) != UPDATE_CHOOSE) {
        error = trailer_read(place->area, &place->layout, &trailer);
    }
    state->failed = update_mode(update) == UPDATE_CHOOSE_WITH_REVERT && trailer.magic == TRAILER_MAGIC_GOOD &&
                    trailer.image_ok == TRAILER_FLAG_UNSET &&
                    (trailer.copy_done == TRAILER_FLAG_SET || trailer.swap_type == SWAP_REVERT);
    state->pending = trailer.magic == TRAILER_MAGIC_GOOD && !state->failed;
    state->permanent = state->pending && trailer.image_ok == TRAILER_FLAG_SET;
    return error;
}

bool update_is_confirmed(const struct update *update)
{
    bool unconfirmed = true;

    return read_unconfirmed(update, &unconfirmed) == OK && !unconfirmed;
}

int update_state_check_free(const struct update *update, enum update_slot slot)
{
    struct update_state state;
    int error = slot == update->running ? ERR_UPDATE_STATE : update_state_read(update, slot, &state);

    return error == OK && state.unconfirmed ? ERR_UPDATE_STATE : error;
}

/*
 * Where a slot's image is. After a swap using offset the previous image lies at the secondary's start; one that was
 * uploaded, and one that was tried and reverted, lies where the mode wants it.
 */
static uint32_t find_image_off(const struct update *update, enum update_slot slot)
{
    return slot != UPDATE_PRIMARY && image_has_magic(update->places[slot].area, update->image_off) ? update->image_off
                                                                                                   : 0;
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

static int read_running(const struct update *update, struct image_slot *info)
{
    bool unconfirmed = true;
    int error = read_unconfirmed(update, &unconfirmed);

    info->size = running_place(update)->area->size;
    info->active = true;
    info->confirmed = !unconfirmed;
    return error != OK ? error : read_image(running_place(update)->area, 0, info);
}

/* Whether an external slot holds what is running, by digest: then it is no place for an upload and nothing to go back
 * to. */
static int holds_running(const struct update *update, enum update_slot slot, bool *holds)
{
    struct image_slot running = {0};
    struct image_slot other = {0};
    int error = update->places[slot].error;

    if (error == OK) {
        error = read_image(running_place(update)->area, 0, &running);
    }
    if (error == OK) {
        error = read_image(update->places[slot].area, 0, &other);
    }
    *holds = running.has_image && other.has_image && running.hash_len > 0 && running.hash_len == other.hash_len &&
             memcmp(running.hash, other.hash, running.hash_len) == 0;
    return error;
}

int update_target(const struct update *update, enum update_slot *slot)
{
    bool is_copy = false;
    int error = OK;

    *slot = UPDATE_SECONDARY;
    if (update_mode(update) == UPDATE_WITH_BACKUP) {
        error = holds_running(update, UPDATE_SECONDARY, &is_copy);
        *slot = is_copy ? UPDATE_BACKUP : UPDATE_SECONDARY;
    } else if (update_chooses(update) && update->running == UPDATE_SECONDARY) {
        *slot = UPDATE_PRIMARY;
    }
    return error != OK ? error : update->places[*slot].error;
}

/* docs/SPEC.md, "Choosing": a request or a confirmation goes before none, then the higher version, then the primary. */
bool update_state_goes_first(const struct update *update, enum update_slot slot, const struct image_version *version)
{
    const struct update_place *place = running_place(update);
    struct trailer trailer = trailer_unset();
    struct image_slot running = {0};
    int order;

    if (trailer_read(place->area, &place->layout, &trailer) != OK || read_image(place->area, 0, &running) != OK) {
        return false;
    }
    if (update_mode(update) == UPDATE_CHOOSE_WITH_REVERT &&
        (trailer.magic != TRAILER_MAGIC_GOOD || trailer.image_ok == TRAILER_FLAG_UNSET)) {
        return true;
    }
    order = image_version_compare(version, &running.version);
    return order > 0 || (order == 0 && slot < update->running);
}

/* How a slot's image stands when the bootloader chooses. */
static void read_choice(const struct update *update, enum update_slot slot, struct image_slot *info)
{
    bool asks = info->pending || update_mode(update) == UPDATE_CHOOSE;

    info->pending = info->has_image && info->bootable && asks && !info->confirmed &&
                    update_state_goes_first(update, slot, &info->version);
    info->permanent = info->pending && (info->permanent || update_mode(update) == UPDATE_CHOOSE);
}

static int read_other(const struct update *update, enum update_slot slot, struct image_slot *info)
{
    struct update_state state;
    int error = update_state_read(update, slot, &state);
    bool is_copy = false;
    uint32_t off;

    if (error == OK && update_mode(update) == UPDATE_WITH_BACKUP) {
        error = holds_running(update, slot, &is_copy);
    }
    if (error != OK) {
        return error;
    }
    info->size = update->places[slot].area->size;
    info->pending = state.pending;
    info->permanent = state.permanent;
    info->confirmed = state.unconfirmed && !is_copy && (update_chooses(update) ? !state.failed : !state.pending);
    off = find_image_off(update, slot);
    error = read_image(update->places[slot].area, off, info);
    /* A previous image that nothing leads back to lies where the bootloader does not install from. */
    info->bootable = info->bootable && (off == update->image_off || info->confirmed);
    if (update_chooses(update)) {
        read_choice(update, slot, info);
    }
    return error;
}

int update_slot_read(const struct update *update, enum update_slot slot, struct image_slot *info)
{
    *info = (struct image_slot){.max_image = update->max_image};
    if (slot == UPDATE_PRIMARY && update->places[slot].error != OK) {
        return update->places[slot].error;
    }
    return slot == update->running ? read_running(update, info) : read_other(update, slot, info);
}

/* Two requests would let the bootloader choose between them. */
static int withdraw_others(const struct update *update, enum update_slot slot)
{
    int error = OK;

    for (enum update_slot other = UPDATE_SECONDARY; error == OK && other < UPDATE_SLOTS; other++) {
        const struct update_place *place = &update->places[other];
        struct update_state state = {0};

        if (other == slot || other == update->running || place->error != OK) {
            continue;
        }
        error = update_state_read(update, other, &state);
        if (error == OK && state.pending) {
            error = trailer_erase(place->area, &place->layout);
        }
    }
    return error;
}

static int place_request(const struct update *update, enum update_slot slot, const struct update_state *state,
                         bool permanent)
{
    const struct update_place *place = &update->places[slot];

    if (!state->pending) {
        int error = OK;

        if (update_mode(update) == UPDATE_WITH_BACKUP) {
            error = withdraw_others(update, slot);
        } else if (state->failed) { /* its trailer says so until it is gone */
            error = trailer_erase(place->area, &place->layout);
        }
        return error != OK ? error : trailer_request(place->area, &place->layout, permanent, update->image);
    }
    if (state->permanent == permanent) {
        return OK;
    }
    return permanent ? trailer_program_image_ok(place->area, &place->layout) : ERR_UPDATE_STATE;
}

int update_request(struct update *update, enum update_slot slot, bool permanent)
{
    struct update_state state;
    struct image_slot info = {0};
    int error = slot == update->running ? ERR_UPDATE_STATE : update_state_read(update, slot, &state);

    if (error != OK || state.unconfirmed) {
        return error;
    }
    if (!image_has_magic(update->places[slot].area, update->image_off)) {
        return ERR_IMAGE_HEADER;
    }
    if (update_chooses(update)) {
        error = update_slot_read(update, slot, &info);
        if (error == OK && !update_state_goes_first(update, slot, &info.version)) {
            error = ERR_IMAGE_VERSION;
        }
        if (error != OK || update_mode(update) == UPDATE_CHOOSE) {
            return error; /* without trailers its being there is the request */
        }
    }
    return place_request(update, slot, &state, permanent);
}

int update_confirm(struct update *update)
{
    const struct update_place *place = running_place(update);

    return update_mode(update) == UPDATE_CHOOSE ? OK : trailer_confirm(place->area, &place->layout);
}

int update_erase(struct update *update, enum update_slot slot)
{
    const struct update_place *place = &update->places[slot];
    uint32_t trailer = 0;
    int error = update_state_check_free(update, slot);

    if (error != OK) {
        return error;
    }
    update->writer.len = 0;
    error = trailer_erase(place->area, &place->layout);
    if (error == OK) {
        error = trailer_first_sector(place->area, &place->layout, &trailer);
    }
    if (error == OK && trailer > 0) {
        error = flash_area_erase(place->area, 0, trailer);
    }
    return error != OK ? error : flash_area_sync(place->area);
}
