#include "tests/powercut/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/random.h"
#include "tests/powercut/images.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "powercut: %s\n", what);
        exit(1);
    }
}

static void init_side(struct world *world, enum world_side side)
{
    static const char *const names[WORLD_SIDES] = {"internal", "external"};
    const struct world_geometry *geometry = &world->geometry;
    uint32_t sector = geometry->sector[side];
    uint32_t size = geometry->slot_size[side] + 2 * sector;
    struct random random = {side + 1};

    world->range[side] = (struct flash_range){0, sector, size / sector};
    world->erase_time[side] = (struct nor_erase_time){sector, 1};
    world->config[side] =
        (struct nor_config){.name = names[side],
                            .geometry = {size, geometry->write_block[side], 0xff, 1, &world->range[side]},
                            .max_programs = geometry->max_programs[side],
                            .timing = {256, 1, 1, 1, &world->erase_time[side], 1}};
    world->data[side] = host_alloc(size);
    random_fill(&random, world->data[side], size);
    nor_device_init(&world->device[side], &world->power, &world->config[side], world->data[side]);
    world->area[side] = (struct flash_area){
        .dev = &world->device[side].flash, .off = sector, .size = geometry->slot_size[side], .id = (uint8_t)side};
}

static void lay_out(struct world *world, uint32_t max_sectors)
{
    const struct world_geometry *geometry = &world->geometry;
    bool offset = world->mode == &boot_mode_swap_offset;
    uint32_t larger = 0;

    for (int side = 0; side < WORLD_SIDES; side++) {
        uint32_t sectors = geometry->slot_size[side] / geometry->sector[side];

        larger = sectors > larger ? sectors : larger;
    }
    for (int side = 0; side < WORLD_SIDES; side++) {
        struct trailer_params params = {.max_align =
                                            trailer_max_align(geometry->write_block[0], geometry->write_block[1]),
                                        .status_cells = offset ? 2 * (max_sectors != 0 ? max_sectors : larger) : 0,
                                        .tlv_sizes = offset};

        require(trailer_layout_init(&world->layout[side], &world->area[side], &params) == OK, "impossible trailer");
    }
}

void world_init(struct world *world, const struct world_geometry *geometry, const struct boot_mode *mode,
                uint32_t max_sectors)
{
    memset(world, 0, sizeof *world);
    world->geometry = *geometry;
    world->mode = mode;
    init_side(world, WORLD_PRIMARY);
    init_side(world, WORLD_SECONDARY);
    lay_out(world, max_sectors);
    world->areas =
        (struct boot_areas){.primary = &world->area[WORLD_PRIMARY], .secondary = &world->area[WORLD_SECONDARY]};
    world->boot = (struct boot_config){.images = &world->areas,
                                       .image_count = 1,
                                       .mode = mode,
                                       .keys = images_key(),
                                       .key_count = 1,
                                       .buffer = world->buffer,
                                       .buffer_size = sizeof world->buffer,
                                       .max_sectors = max_sectors,
                                       .validate_primary = true};
    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
}

void world_free(struct world *world)
{
    for (int side = 0; side < WORLD_SIDES; side++) {
        nor_device_free(&world->device[side]);
        free(world->data[side]);
    }
}

static size_t program_count(const struct world *world, int side)
{
    return world->config[side].geometry.size / world->config[side].geometry.write_block;
}

void world_save(const struct world *world, struct world_state *state)
{
    for (int side = 0; side < WORLD_SIDES; side++) {
        const struct nor_model *model = &world->device[side].model;
        size_t size = world->config[side].geometry.size;

        if (state->data[side] == NULL) {
            state->data[side] = host_alloc(size);
            state->programs[side] = model->programs != NULL ? host_alloc(program_count(world, side)) : NULL;
        }
        memcpy(state->data[side], world->data[side], size);
        if (model->programs != NULL) {
            memcpy(state->programs[side], model->programs, program_count(world, side));
        }
    }
}

void world_restore(struct world *world, const struct world_state *state)
{
    for (int side = 0; side < WORLD_SIDES; side++) {
        struct nor_model *model = &world->device[side].model;

        memcpy(world->data[side], state->data[side], world->config[side].geometry.size);
        if (model->programs != NULL) {
            memcpy(model->programs, state->programs[side], program_count(world, side));
        }
        model->violation[0] = '\0';
        world->device[side].running.kind = NOR_OP_NONE;
    }
}

void world_state_free(struct world_state *state)
{
    for (int side = 0; side < WORLD_SIDES; side++) {
        free(state->data[side]);
        free(state->programs[side]);
    }
    memset(state, 0, sizeof *state);
}

void world_erase_slot(struct world *world, enum world_side side)
{
    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    require(flash_area_erase(&world->area[side], 0, world->area[side].size) == OK &&
                flash_area_sync(&world->area[side]) == OK,
            "cannot erase a slot");
}

void world_put_image(struct world *world, enum world_side side, uint32_t off, const struct buffer *image)
{
    uint32_t block = world->geometry.write_block[side];
    struct buffer padded = {0};

    buffer_append(&padded, image->data, image->len);
    buffer_fill(&padded, 0xff, (block - image->len % block) % block);
    require(flash_area_program(&world->area[side], off, padded.data, padded.len) == OK &&
                flash_area_sync(&world->area[side]) == OK,
            "cannot write an image");
    buffer_free(&padded);
}

void world_request(struct world *world, bool permanent)
{
    require(trailer_request(&world->area[WORLD_SECONDARY], &world->layout[WORLD_SECONDARY], permanent, 0) == OK,
            "cannot request an update");
}

void world_confirm(struct world *world)
{
    require(trailer_confirm(&world->area[WORLD_PRIMARY], &world->layout[WORLD_PRIMARY]) == OK, "cannot confirm");
}

uint32_t world_upload_off(const struct world *world)
{
    return world->mode == &boot_mode_swap_offset ? world->geometry.sector[WORLD_SECONDARY] : 0;
}

bool world_has_image(const struct world *world, enum world_side side, uint32_t off, const struct buffer *image)
{
    return memcmp(world->data[side] + world->area[side].off + off, image->data, image->len) == 0;
}

struct trailer world_trailer(struct world *world, enum world_side side)
{
    struct trailer trailer = trailer_unset();

    require(trailer_read(&world->area[side], &world->layout[side], &trailer) == OK, "cannot read a trailer");
    return trailer;
}

struct trailer world_peek_trailer(const struct world *world, enum world_side side)
{
    struct nor_power power = {.cut_at = NOR_NO_CUT};
    struct nor_device device;
    struct flash_area area = world->area[side];
    struct trailer trailer = trailer_unset();

    nor_device_init(&device, &power, &world->config[side], world->data[side]);
    area.dev = &device.flash;
    require(trailer_read(&area, &world->layout[side], &trailer) == OK, "cannot read a trailer");
    nor_device_free(&device);
    return trailer;
}

uint32_t world_largest_upload(const struct world *world)
{
    const struct trailer_layout *primary = &world->layout[WORLD_PRIMARY];
    const struct trailer_layout *secondary = &world->layout[WORLD_SECONDARY];
    uint32_t room[WORLD_SIDES];

    if (world->mode == &boot_mode_overwrite) {
        return primary->swap_info < secondary->swap_info ? primary->swap_info : secondary->swap_info;
    }
    room[0] = primary->status / world->geometry.sector[0] * world->geometry.sector[0];
    room[1] = secondary->status / world->geometry.sector[1] * world->geometry.sector[1] - world->geometry.sector[1];
    return room[0] < room[1] ? room[0] : room[1];
}

bool world_guards_hold(const struct world *world, const struct world_state *state)
{
    for (int side = 0; side < WORLD_SIDES; side++) {
        uint32_t sector = world->geometry.sector[side];
        uint32_t last = sector + world->geometry.slot_size[side];

        if (memcmp(world->data[side], state->data[side], sector) != 0 ||
            memcmp(world->data[side] + last, state->data[side] + last, sector) != 0) {
            return false;
        }
    }
    return true;
}

const char *world_violation(const struct world *world)
{
    const char *internal = world->device[WORLD_PRIMARY].model.violation;

    return internal[0] != '\0' ? internal : world->device[WORLD_SECONDARY].model.violation;
}
