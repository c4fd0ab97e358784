#include "tests/powercut/modes.h"

#include <string.h>

#include <farboot/flash_guard.h>

#include "boot/backup.h"
#include "boot/mode.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Up to the first sector that holds a part of the trailer. */
static uint32_t room_before_trailer(const struct world *world, unsigned area)
{
    uint32_t start = 0;

    return trailer_first_sector(&world->area[area], &world->layout[area], &start) == OK ? start : 0;
}

/*
 * A program of copy_done that power cut off looks the same as one that was completed before an image ran and did not
 * confirm itself. SPEC lists it; the old image is the safer outcome.
 */
static bool swap_is_undecidable(const struct world *world, uint32_t noise)
{
    struct trailer trailer = world_trailer(world, WORLD_PRIMARY, noise);

    return trailer.magic == TRAILER_MAGIC_GOOD && trailer.image_ok == TRAILER_FLAG_UNSET &&
           trailer.swap_type == SWAP_TEST && trailer.copy_done != TRAILER_FLAG_UNSET;
}

/* Swap using offset: one sector up in the secondary. */

static bool has_equal_sectors(const struct world *world)
{
    const struct world_flash *flash = world->geometry->flash;

    return flash[0].slot[1].count == 0 && flash[1].slot[1].count == 0 &&
           flash[0].slot[0].sector == flash[1].slot[0].sector;
}

static bool offset_accepts(const struct world *world)
{
    const struct world_flash *flash = world->geometry->flash;

    return world->has_trailers && has_equal_sectors(world) && flash[1].slot[0].count - flash[0].slot[0].count <= 1;
}

static uint32_t offset_upload_off(const struct world *world)
{
    return world_first_sector(world, WORLD_SECONDARY);
}

static uint32_t offset_largest(const struct world *world)
{
    uint32_t secondary = room_before_trailer(world, WORLD_SECONDARY);

    return smaller(room_before_trailer(world, WORLD_PRIMARY), secondary - smaller(secondary, offset_upload_off(world)));
}

/* Swap using move: the primary has one sector more than the image. */

static bool move_accepts(const struct world *world)
{
    const struct world_flash *flash = world->geometry->flash;

    return world->has_trailers && has_equal_sectors(world) && flash[0].slot[0].count - flash[1].slot[0].count <= 1;
}

static uint32_t move_largest(const struct world *world)
{
    uint32_t primary = room_before_trailer(world, WORLD_PRIMARY);

    return smaller(primary - smaller(primary, world_first_sector(world, WORLD_PRIMARY)),
                   room_before_trailer(world, WORLD_SECONDARY));
}

/* Swap using scratch: into the trailer's sectors, as far as the scratch area has room beside its own trailer. */

static void scratch_configure(struct world *world)
{
    world->boot.scratch = &world->area[WORLD_SCRATCH];
}

static bool scratch_accepts(const struct world *world)
{
    return world->has_trailers && world->area[WORLD_PRIMARY].size == world->area[WORLD_SECONDARY].size;
}

static uint32_t scratch_largest(const struct world *world)
{
    return smaller(world->layout[WORLD_PRIMARY].status, world->layout[WORLD_SECONDARY].status) - 128;
}

/* Overwrite only: up to the trailer's last fields. */

static uint32_t overwrite_largest(const struct world *world)
{
    return smaller(world->layout[WORLD_PRIMARY].swap_info, world->layout[WORLD_SECONDARY].swap_info);
}

/* Upgrade with backup: the old image in the slot that did not ask. */

static void backup_answers(struct world *world, bool answers)
{
    for (unsigned image = 0; image < world->images; image++) {
        world->areas[image].backup = answers ? &world->area[WORLD_AREA(image, WORLD_BACKUP)] : NULL;
    }
}

static void backup_configure(struct world *world)
{
    world->boot.journal = &world->area[WORLD_JOURNAL];
    backup_answers(world, true);
}

static uint32_t backup_largest(const struct world *world)
{
    return smaller(room_before_trailer(world, WORLD_PRIMARY), room_before_trailer(world, WORLD_SECONDARY));
}

static bool backup_keeps(const struct world *world, const struct buffer *image)
{
    return world_has_image(world, WORLD_SECONDARY, 0, image) || world_has_image(world, WORLD_BACKUP, 0, image);
}

/* An application that knows of both slots uploads to the one that does not hold what is running. */
static unsigned backup_upload_to(const struct world *world, unsigned image)
{
    unsigned secondary = WORLD_AREA(image, WORLD_SECONDARY);
    const uint8_t *running = world_bytes(world, WORLD_AREA(image, WORLD_PRIMARY));

    return memcmp(world_bytes(world, secondary), running, sizeof(struct image_header)) == 0
               ? WORLD_AREA(image, WORLD_BACKUP)
               : secondary;
}

/* The record that an image is about to be started is the last write of a boot: power may fail behind it. */
static bool backup_is_undecidable(const struct world *world, uint32_t noise)
{
    struct nor_power power = {.cut_at = NOR_NO_CUT};
    struct nor_device device = {.power = &power};
    struct flash_area area = world->area[WORLD_JOURNAL];
    struct backup_state state;
    struct backup_progress progress;
    const struct journal_value values[] = {{&state, sizeof state, BACKUP_KEY_STATE},
                                           {&progress, sizeof progress, BACKUP_KEY_PROGRESS}};
    struct records records;

    nor_device_borrow(&device, &world->device[WORLD_INTERNAL], noise);
    area.dev = &device.flash;
    records_open(&records, &area, values, 2);
    return records.journal.error == OK && state.phase == BACKUP_TRIED;
}

/* Direct XIP: the old image runs in the primary, the new one in the secondary; none is moved. */

#define XIP_INTERNAL 0x10000000U
#define XIP_EXTERNAL 0x20000000U

static void xip_configure(struct world *world)
{
    world->boot.choice = world->mode->choice;
    for (unsigned image = 0; image < world->images; image++) {
        struct boot_areas *areas = &world->areas[image];

        areas->primary_address = XIP_INTERNAL + areas->primary->off;
        areas->secondary_address = XIP_EXTERNAL + areas->secondary->off;
    }
}

static bool xip_runs(const struct world *world, const struct boot_result *result, const struct buffer *image)
{
    unsigned area = result->address == world->areas[0].primary_address ? WORLD_PRIMARY : WORLD_SECONDARY;

    return (area == WORLD_PRIMARY || result->address == world->areas[0].secondary_address) &&
           world_has_image(world, area, 0, image);
}

/* A torn flag that reads as erased is programmed again, and there is no telling: docs/SPEC.md, "Choosing". */
static bool xip_revert_accepts(const struct world *world)
{
    return world->has_trailers && world->geometry->flash[WORLD_EXTERNAL].max_programs != 1;
}

static bool xip_keeps(const struct world *world, const struct buffer *image)
{
    return world_has_image(world, WORLD_PRIMARY, 0, image);
}

static bool xip_is_undecidable(const struct world *world, uint32_t noise)
{
    struct trailer trailer = world_trailer(world, WORLD_SECONDARY, noise);

    return trailer.magic == TRAILER_MAGIC_GOOD && trailer.image_ok == TRAILER_FLAG_UNSET &&
           trailer.copy_done != TRAILER_FLAG_UNSET;
}

/* RAM load: as direct XIP in flash, but what runs is a copy in the range of RAM for images. */

#define RAM_ADDRESS 0x20000000U
#define RAM_SIZE    0x80000U
#define RAM_GUARD   64U /* bytes on either side, which are the bootloader's own */
#define RAM_OFF     0x200U
#define RAM_STALE   0xa5

static uint8_t ram[RAM_SIZE + 2 * RAM_GUARD];

static void ram_configure(struct world *world)
{
    world->boot.choice = world->mode->choice;
    world->boot.ram = (struct boot_ram){ram + RAM_GUARD, RAM_ADDRESS, RAM_SIZE};
}

/* As far as images reach. */
static void ram_reset(const struct world *world)
{
    memset(ram, RAM_STALE, RAM_GUARD + RAM_OFF + world->area[WORLD_PRIMARY].size);
    memset(ram + RAM_GUARD + RAM_SIZE, RAM_STALE, RAM_GUARD);
}

static bool is_stale(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != RAM_STALE) {
            return false;
        }
    }
    return true;
}

/* The image alone: nothing in front of it and nothing at the end of the range was written. */
static bool ram_runs(const struct world *world, const struct boot_result *result, const struct buffer *image)
{
    (void)world;
    return result->address == RAM_ADDRESS + RAM_OFF &&
           memcmp(ram + RAM_GUARD + RAM_OFF, image->data, image->len) == 0 && is_stale(ram, RAM_GUARD + RAM_OFF) &&
           is_stale(ram + RAM_GUARD + RAM_SIZE, RAM_GUARD);
}

const struct sim_mode sim_modes[] = {
    {.name = "offset",
     .boot = &boot_mode_swap_offset,
     .has_revert = true,
     .has_bare_trailers = true,
     .upload_off = offset_upload_off,
     .largest = offset_largest,
     .accepts = offset_accepts,
     .is_undecidable = swap_is_undecidable},
    {.name = "backup",
     .boot = &boot_mode_backup,
     .areas = WORLD_HAS_BACKUP | WORLD_HAS_JOURNAL,
     .has_revert = true,
     .configure = backup_configure,
     .external_answers = backup_answers,
     .largest = backup_largest,
     .keeps = backup_keeps,
     .is_undecidable = backup_is_undecidable},
    {.name = "backup-either",
     .boot = &boot_mode_backup,
     .areas = WORLD_HAS_BACKUP | WORLD_HAS_JOURNAL,
     .has_revert = true,
     .configure = backup_configure,
     .external_answers = backup_answers,
     .only_story = "renew", /* in the others it comes to the same */
     .upload_to = backup_upload_to,
     .largest = backup_largest,
     .keeps = backup_keeps,
     .is_undecidable = backup_is_undecidable},
    {.name = "move",
     .boot = &boot_mode_swap_move,
     .has_revert = true,
     .has_bare_trailers = true,
     .largest = move_largest,
     .accepts = move_accepts,
     .is_undecidable = swap_is_undecidable},
    {.name = "scratch",
     .boot = &boot_mode_swap_scratch,
     .areas = WORLD_HAS_SCRATCH,
     .has_revert = true,
     .has_bare_trailers = true,
     .configure = scratch_configure,
     .largest = scratch_largest,
     .accepts = scratch_accepts,
     .is_undecidable = swap_is_undecidable},
    {.name = "overwrite", .boot = &boot_mode_overwrite, .largest = overwrite_largest},
    {.name = "xip",
     .choice = &choice_direct_xip,
     .is_in_place = true,
     .configure = xip_configure,
     .largest = overwrite_largest,
     .runs = xip_runs},
    {.name = "xip-revert",
     .choice = &choice_direct_xip_revert,
     .has_revert = true,
     .is_in_place = true,
     .has_bare_trailers = true,
     .configure = xip_configure,
     .largest = overwrite_largest,
     .runs = xip_runs,
     .accepts = xip_revert_accepts,
     .keeps = xip_keeps,
     .is_undecidable = xip_is_undecidable},
    {.name = "ram",
     .choice = &choice_ram_load,
     .is_in_place = true,
     .load_addr = RAM_ADDRESS + RAM_OFF,
     .configure = ram_configure,
     .reset = ram_reset,
     .largest = overwrite_largest,
     .runs = ram_runs},
    {.name = "ram-revert",
     .choice = &choice_ram_load_revert,
     .has_revert = true,
     .is_in_place = true,
     .has_bare_trailers = true,
     .load_addr = RAM_ADDRESS + RAM_OFF,
     .configure = ram_configure,
     .reset = ram_reset,
     .largest = overwrite_largest,
     .runs = ram_runs,
     .accepts = xip_revert_accepts,
     .keeps = xip_keeps,
     .is_undecidable = xip_is_undecidable},
};
const size_t sim_mode_count = sizeof sim_modes / sizeof sim_modes[0];

const struct sim_mode *sim_mode_find(const char *name, size_t len)
{
    for (size_t i = 0; i < sim_mode_count; i++) {
        if (strlen(sim_modes[i].name) == len && strncmp(sim_modes[i].name, name, len) == 0) {
            return &sim_modes[i];
        }
    }
    return NULL;
}

const struct sim_mode *sim_mode_of(const struct boot_mode *boot)
{
    size_t i = 0;

    while (i < sim_mode_count && sim_modes[i].boot != boot) {
        i++;
    }
    return i < sim_mode_count ? &sim_modes[i] : NULL;
}

int sim_boot(const struct world *world, struct boot_result *result)
{
    int err;

    if (world->mode->reset != NULL) {
        world->mode->reset(world);
    }
    flash_guard_set(world->guarded, world->guarded_count);
    err = world->mode->choice != NULL ? boot_choose(&world->boot, result) : boot_go(&world->boot, result);
    flash_guard_set(NULL, 0);
    return err;
}

unsigned sim_new_area(const struct world *world)
{
    return world->mode->is_in_place ? sim_upload_to(world, 0) : WORLD_PRIMARY;
}

unsigned sim_upload_to(const struct world *world, unsigned image)
{
    return world->mode->upload_to != NULL ? world->mode->upload_to(world, image) : WORLD_AREA(image, WORLD_SECONDARY);
}

uint32_t sim_upload_off(const struct world *world)
{
    return world->mode->upload_off != NULL ? world->mode->upload_off(world) : 0;
}

bool sim_accepts(const struct world *world)
{
    return world->mode->accepts != NULL ? world->mode->accepts(world) : world->has_trailers;
}

bool sim_runs(const struct world *world, const struct boot_result *result, const struct buffer *image)
{
    return world->mode->runs != NULL ? world->mode->runs(world, result, image)
                                     : world_has_image(world, WORLD_PRIMARY, 0, image);
}

bool sim_keeps(const struct world *world, const struct buffer *image)
{
    return world->mode->keeps != NULL ? world->mode->keeps(world, image)
                                      : world_has_image(world, WORLD_SECONDARY, 0, image);
}

bool sim_is_undecidable(const struct world *world)
{
    uint32_t tries = world->device[WORLD_INTERNAL].model.has_unstable ? 2 * NOR_NOISES : 1;
    bool found = false;

    for (uint32_t noise = 0; world->mode->is_undecidable != NULL && noise < tries; noise++) {
        found = found || world->mode->is_undecidable(world, noise);
    }
    return found;
}

bool sim_trailers_waver(const struct world *world, bool is_act)
{
    bool found = false;

    for (unsigned area = 0; (is_act || world->mode->has_bare_trailers) && area < WORLD_AREAS; area++) {
        if (world_has(world, area) && area % WORLD_ROLES <= WORLD_SCRATCH) {
            uint32_t start = world->layout[area].status;

            found = found || world_is_unstable(world, area, start, world->area[area].size - start);
        }
    }
    return found;
}

/* The header of an image that was being erased, because it is not valid: it is erased when it is seen again. */
static bool header_wavers(const struct world *world)
{
    return world->mode->is_in_place &&
           world_is_unstable(world, sim_upload_to(world, 0), 0, world_first_sector(world, sim_upload_to(world, 0)));
}

bool sim_may_restate(const struct world *world)
{
    return header_wavers(world) || (world_has(world, WORLD_JOURNAL) &&
                                    world_is_unstable(world, WORLD_JOURNAL, 0, world->area[WORLD_JOURNAL].size));
}
