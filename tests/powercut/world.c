#include "tests/powercut/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/mode.h"
#include "host/random.h"
#include "tests/powercut/images.h"
#include "tests/powercut/modes.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        (void)fprintf(stderr, "powercut: %s\n", what);
        exit(1);
    }
}

/* Appends `run` to a device's sectors and returns where it begins. */
static uint32_t add_run(struct world *world, enum world_device id, const struct world_run *run)
{
    struct flash_geometry *geometry = &world->config[id].geometry;
    uint32_t off = geometry->size;

    require(geometry->range_count < WORLD_RANGES, "too many ranges");
    world->range[id][geometry->range_count++] = (struct flash_range){off, run->sector, run->count};
    geometry->size += run->sector * run->count;
    return off;
}

static void add_guard(struct world *world, enum world_device id)
{
    const struct world_run guard = {world->geometry->flash[id].slot[0].sector, 1};

    (void)add_run(world, id, &guard);
}

/* An area of `count` runs, and the guard behind it. */
static void add_area(struct world *world, enum world_device id, unsigned area, const struct world_run *runs,
                     size_t count)
{
    struct flash_area *out = &world->area[area];

    *out = (struct flash_area){
        .dev = &world->device[id].flash, .off = world->config[id].geometry.size, .id = (uint8_t)area};
    for (size_t i = 0; i < count && runs[i].count != 0; i++) {
        (void)add_run(world, id, &runs[i]);
        out->size += runs[i].sector * runs[i].count;
    }
    world->guarded[world->guarded_count++] = out;
    add_guard(world, id);
}

static void add_slots(struct world *world, unsigned image)
{
    const struct world_flash *flash = world->geometry->flash;

    add_area(world, WORLD_INTERNAL, WORLD_AREA(image, WORLD_PRIMARY), flash[WORLD_INTERNAL].slot, WORLD_RUNS);
    add_area(world, WORLD_EXTERNAL, WORLD_AREA(image, WORLD_SECONDARY), flash[WORLD_EXTERNAL].slot, WORLD_RUNS);
    if ((world->mode->areas & WORLD_HAS_BACKUP) != 0) {
        add_area(world, WORLD_EXTERNAL, WORLD_AREA(image, WORLD_BACKUP), flash[WORLD_EXTERNAL].slot, WORLD_RUNS);
    }
}

/* The smallest power of two that holds what a journal wants to: pages are changed often. */
static uint32_t journal_page(uint32_t write_block)
{
    if (write_block <= 4) {
        return 2048;
    }
    return write_block <= 32 ? 4096 : 8192;
}

static void add_shared(struct world *world)
{
    const struct world_geometry *geometry = world->geometry;
    const uint32_t sector = geometry->flash[WORLD_INTERNAL].slot[0].sector;
    const uint32_t page = journal_page(geometry->flash[WORLD_INTERNAL].write_block);
    const struct world_run journal = {sector, sector < page ? 2 * page / sector : 2};

    if ((world->mode->areas & WORLD_HAS_SCRATCH) != 0) {
        add_area(world, geometry->scratch_on, WORLD_SCRATCH, &geometry->scratch, 1);
    }
    if ((world->mode->areas & WORLD_HAS_JOURNAL) != 0) {
        add_area(world, WORLD_INTERNAL, WORLD_JOURNAL, &journal, 1);
    }
}

/* Areas of a device ascend as their numbers do. */
static void place_areas(struct world *world)
{
    add_guard(world, WORLD_INTERNAL);
    add_guard(world, WORLD_EXTERNAL);
    for (unsigned image = 0; image < world->images; image++) {
        add_slots(world, image);
        if (image == 0) {
            add_shared(world);
        }
    }
}

static void describe_device(struct world *world, enum world_device id)
{
    static const char *const names[WORLD_DEVICES] = {"internal", "external"};
    const struct world_flash *flash = &world->geometry->flash[id];

    world->config[id] = (struct nor_config){.name = names[id],
                                            .geometry = {.write_block = flash->write_block,
                                                         .erased_value = flash->erased_value,
                                                         .ranges = world->range[id]},
                                            .max_programs = flash->max_programs,
                                            .timing = {.page_size = 256}};
}

static void start_device(struct world *world, enum world_device id)
{
    struct random random = {id + 1U};

    require(world->config[id].geometry.size % NOR_PAGE == 0, "a device that is not whole pages of a saved state");
    world->data[id] = host_alloc(world->config[id].geometry.size);
    random_fill(&random, world->data[id], world->config[id].geometry.size);
    nor_device_init(&world->device[id], &world->power, &world->config[id], world->data[id]);
    nor_model_track(&world->device[id].model);
    world->device[id].own_supply = id == WORLD_EXTERNAL;
}

static uint32_t count_sectors(const struct world_flash *flash)
{
    uint32_t sectors = 0;

    for (size_t i = 0; i < WORLD_RUNS; i++) {
        sectors += flash->slot[i].count;
    }
    return sectors;
}

/* As the core does it; what an application uses to make requests. */
static void lay_out_trailers(struct world *world)
{
    const struct world_flash *flash = world->geometry->flash;
    const struct boot_mode *boot = world->mode->boot;
    uint32_t max_sectors = world->boot.max_sectors;
    uint32_t sectors[WORLD_DEVICES] = {count_sectors(&flash[0]), count_sectors(&flash[1])};
    uint32_t larger = sectors[0] > sectors[1] ? sectors[0] : sectors[1];
    struct trailer_params params = {.max_align = trailer_max_align(flash[0].write_block, flash[1].write_block),
                                    .status_cells = 1};

    if (boot != NULL) {
        params.status_cells = boot->status_steps * (max_sectors != 0 ? max_sectors : larger);
        params.tlv_sizes = boot->has_tlv_sizes;
    }
    world->has_trailers = true;
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area) && area % WORLD_ROLES <= WORLD_BACKUP &&
            trailer_layout_init(&world->layout[area], &world->area[area], &params) != OK) {
            world->has_trailers = false;
        }
    }
}

static void configure(struct world *world, uint32_t max_sectors)
{
    for (unsigned image = 0; image < world->images; image++) {
        world->areas[image] = (struct boot_areas){.primary = &world->area[WORLD_AREA(image, WORLD_PRIMARY)],
                                                  .secondary = &world->area[WORLD_AREA(image, WORLD_SECONDARY)]};
    }
    world->boot = (struct boot_config){.images = world->areas,
                                       .image_count = world->images,
                                       .mode = world->mode->boot,
                                       .keys = images_key(),
                                       .key_count = 1,
                                       .buffer = world->buffer,
                                       .buffer_size = sizeof world->buffer,
                                       .max_sectors = max_sectors,
                                       .validate_primary = true};
    if (world->mode->configure != NULL) {
        world->mode->configure(world);
    }
}

void world_init(struct world *world, const struct world_geometry *geometry, const struct sim_mode *mode,
                unsigned images, uint32_t max_sectors)
{
    memset(world, 0, sizeof *world);
    require(images >= 1 && images <= WORLD_IMAGES, "too many images");
    world->geometry = geometry;
    world->mode = mode;
    world->images = images;
    describe_device(world, WORLD_INTERNAL);
    describe_device(world, WORLD_EXTERNAL);
    place_areas(world);
    start_device(world, WORLD_INTERNAL);
    start_device(world, WORLD_EXTERNAL);
    state_store_init(&world->store, world->power.devices, world->power.device_count);
    configure(world, max_sectors);
    lay_out_trailers(world);
    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
}

void world_free(struct world *world)
{
    state_store_free(&world->store);
    for (int id = 0; id < WORLD_DEVICES; id++) {
        nor_device_free(&world->device[id]);
        free(world->data[id]);
    }
}

void world_save(struct world *world, struct state *state)
{
    state_settle(&world->store);
    state_take(&world->store, state);
}

void world_restore(struct world *world, const struct state *state)
{
    state_restore(&world->store, state);
}

void world_drop(struct world *world, struct state *state)
{
    state_drop(&world->store, state);
}

enum world_device world_device_of(const struct world *world, unsigned area)
{
    return world->area[area].dev == &world->device[WORLD_INTERNAL].flash ? WORLD_INTERNAL : WORLD_EXTERNAL;
}

uint8_t *world_bytes(const struct world *world, unsigned area)
{
    return world->data[world_device_of(world, area)] + world->area[area].off;
}

uint32_t world_first_sector(const struct world *world, unsigned area)
{
    uint32_t start = 0;
    uint32_t size = 0;

    require(flash_area_sector_at(&world->area[area], 0, &start, &size) == OK, "an area without sectors");
    return size;
}

int world_try_erase(struct world *world, unsigned area)
{
    int err = flash_area_erase(&world->area[area], 0, world->area[area].size);

    return err != OK ? err : flash_area_sync(&world->area[area]);
}

void world_erase(struct world *world, unsigned area)
{
    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    require(world_try_erase(world, area) == OK, "cannot erase an area");
}

int world_try_put_image(struct world *world, unsigned area, uint32_t off, const struct buffer *image)
{
    const struct flash_geometry *geometry = &world->config[world_device_of(world, area)].geometry;
    uint32_t block = geometry->write_block;
    struct buffer padded = {0};
    int err;

    buffer_append(&padded, image->data, image->len);
    buffer_fill(&padded, geometry->erased_value, (block - image->len % block) % block);
    err = flash_area_program(&world->area[area], off, padded.data, padded.len);
    if (err == OK) {
        err = flash_area_sync(&world->area[area]);
    }
    buffer_free(&padded);
    return err;
}

void world_put_image(struct world *world, unsigned area, uint32_t off, const struct buffer *image)
{
    require(world_try_put_image(world, area, off, image) == OK, "cannot write an image");
}

void world_request(struct world *world, unsigned area, bool permanent)
{
    require(trailer_request(&world->area[area], &world->layout[area], permanent, (uint8_t)(area / WORLD_ROLES)) == OK,
            "cannot request an update");
}

void world_confirm(struct world *world, unsigned area)
{
    require(trailer_confirm(&world->area[area], &world->layout[area]) == OK, "cannot confirm");
}

bool world_is_unstable(const struct world *world, unsigned area, uint32_t off, uint32_t len)
{
    const struct nor_model *model = &world->device[world_device_of(world, area)].model;
    uint8_t any = 0;

    for (uint32_t i = 0; model->has_unstable && i < len; i++) {
        any |= model->unstable[world->area[area].off + off + i];
    }
    return any != 0;
}

bool world_has_image(const struct world *world, unsigned area, uint32_t off, const struct buffer *image)
{
    return memcmp(world_bytes(world, area) + off, image->data, image->len) == 0 &&
           !world_is_unstable(world, area, off, (uint32_t)image->len);
}

struct trailer world_trailer(const struct world *world, unsigned id, uint32_t noise)
{
    enum world_device device_id = world_device_of(world, id);
    struct nor_power power = {.cut_at = NOR_NO_CUT};
    struct nor_device device = {.power = &power};
    struct flash_area area = world->area[id];
    struct trailer trailer = trailer_unset();

    nor_device_borrow(&device, &world->device[device_id], noise);
    area.dev = &device.flash;
    require(trailer_read(&area, &world->layout[id], &trailer) == OK, "cannot read a trailer");
    return trailer;
}

/* Whether the pages of a device from byte `from` up to `to` are as in `state`. */
static bool is_unchanged(const struct world *world, const struct state *state, int id, uint32_t from, uint32_t to)
{
    uint32_t first = world->store.first[id];
    bool same = true;

    for (uint32_t page = first + from / NOR_PAGE; page < first + to / NOR_PAGE; page++) {
        same = same && world->store.now.pages[page] == state->pages[page];
    }
    return same;
}

bool world_guards_hold(struct world *world, const struct state *state)
{
    uint32_t at[WORLD_DEVICES] = {0, 0};
    bool hold = true;

    state_settle(&world->store);
    for (unsigned i = 0; i < WORLD_AREAS; i++) {
        const struct flash_area *area = &world->area[i];

        if (world_has(world, i)) {
            enum world_device id = world_device_of(world, i);

            hold = hold && is_unchanged(world, state, id, at[id], area->off);
            at[id] = area->off + area->size;
        }
    }
    return hold && is_unchanged(world, state, 0, at[0], world->config[0].geometry.size) &&
           is_unchanged(world, state, 1, at[1], world->config[1].geometry.size);
}

const char *world_violation(const struct world *world)
{
    const char *internal = world->device[WORLD_INTERNAL].model.violation;

    return internal[0] != '\0' ? internal : world->device[WORLD_EXTERNAL].model.violation;
}
