/* Where things are in the slots: as the bootloader computes them, from the same geometry and options. */
#include "update/state.h"

static void open_place(struct update_place *place, uint8_t id)
{
    place->error = flash_area_open(id, &place->area);
    if (place->error == OK) {
        place->error = flash_init(place->area->dev);
    }
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

static void open_layouts(struct update *update, uint32_t max_sectors)
{
    /* Status entries of one sector. */
    static const uint8_t status_cells[] = {
        [UPDATE_SWAP_USING_OFFSET] = 2,
        [UPDATE_SWAP_USING_MOVE] = 3,
        [UPDATE_SWAP_USING_SCRATCH] = 3,
        [UPDATE_CHOOSE_WITH_REVERT] = 0,
    };
    const struct flash_area *primary = update->places[UPDATE_PRIMARY].area;
    const struct flash_area *secondary = update->places[UPDATE_SECONDARY].area;
    struct trailer_params params = {
        .max_align = trailer_max_align(write_block(primary), write_block(secondary)),
        .tlv_sizes = update_mode(update) == UPDATE_SWAP_USING_OFFSET,
    };
    uint32_t sectors =
        sector_count(primary) > sector_count(secondary) ? sector_count(primary) : sector_count(secondary);

    params.status_cells = status_cells[update_mode(update)] * (max_sectors != 0 ? max_sectors : sectors);
    for (int i = 0; i < UPDATE_SLOTS; i++) {
        struct update_place *place = &update->places[i];

        if (place->error == OK) {
            place->error = trailer_layout_init(&place->layout, place->area, &params);
        }
    }
}

/* Where the first sector with a part of the trailer begins; 0 when there is none. */
static uint32_t trailer_sector(const struct update_place *place)
{
    uint32_t start = 0;

    return trailer_first_sector(place->area, &place->layout, &start) == OK ? start : 0;
}

/* Bytes for an image in one slot. */
static uint32_t room(const struct update *update, const struct update_place *place)
{
    switch (update_mode(update)) {
    case UPDATE_SWAP_USING_OFFSET:
    case UPDATE_SWAP_USING_MOVE:
    case UPDATE_WITH_BACKUP: /* what is copied leaves the trailers' sectors alone */
        return trailer_sector(place);
    case UPDATE_SWAP_USING_SCRATCH:
        return place->layout.status;
    default:
        return place->layout.swap_info;
    }
}

/*
 * Swaps without scratch need one sector more: in front of the image in the secondary, or behind it in the primary.
 */
static uint32_t spare(const struct update *update, enum update_slot slot)
{
    bool needs = (update_mode(update) == UPDATE_SWAP_USING_OFFSET && slot == UPDATE_SECONDARY) ||
                 (update_mode(update) == UPDATE_SWAP_USING_MOVE && slot == UPDATE_PRIMARY);
    uint32_t start = 0;
    uint32_t size = 0;

    return needs && flash_area_sector_at(update->places[slot].area, 0, &start, &size) == OK ? size : 0;
}

static void find_limits(struct update *update)
{
    update->max_image = UINT32_MAX;
    for (int i = 0; i < UPDATE_SLOTS; i++) {
        const struct update_place *place = &update->places[i];
        uint32_t extra = place->error == OK ? spare(update, (enum update_slot)i) : 0;
        uint32_t limit = place->error == OK ? room(update, place) : UINT32_MAX;

        limit = limit > extra ? limit - extra : 0;
        update->max_image = limit < update->max_image ? limit : update->max_image;
        if (update_mode(update) == UPDATE_SWAP_USING_OFFSET) {
            update->image_off += extra; /* the image begins behind the spare sector */
        }
    }
}

int update_layout_open(struct update *update, const struct update_config *config)
{
    *update = (struct update){.mode = config->mode, .image = config->image};
    update->running = config->running != NULL ? config->running() : UPDATE_PRIMARY;
    for (int i = 0; i < UPDATE_SLOTS; i++) {
        open_place(&update->places[i], config->ids[i]);
    }
    open_layouts(update, config->max_sectors);
    find_limits(update);
    return update->places[update->running].error;
}
