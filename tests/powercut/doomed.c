#include "tests/powercut/doomed.h"

#include <string.h>

#include "tests/powercut/modes.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t align_up(uint32_t value, uint32_t align)
{
    return (value + align - 1) / align * align;
}

/* Slots of sectors of one size each, then stretches begin at multiples of the larger one; 0: others. */
static uint32_t sector_of_all(const struct world *world)
{
    uint32_t internal = world_first_sector(world, WORLD_PRIMARY);
    uint32_t external = world_first_sector(world, WORLD_SECONDARY);
    uint32_t larger = internal > external ? internal : external;

    for (size_t i = 0; i < WORLD_DEVICES; i++) {
        if (world->geometry->flash[i].slot[1].count != 0) {
            return 0;
        }
    }
    return larger % internal == 0 && larger % external == 0 ? larger : 0;
}

static struct doomed_range sectors_of(const struct world *world, unsigned area, uint32_t off, uint32_t end)
{
    if (off >= end) {
        return (struct doomed_range){0, 0};
    }
    return (struct doomed_range){off, align_up(end, world_first_sector(world, area))};
}

struct doomed doomed_of(const struct world *world, const struct backup_state *state,
                        const struct backup_progress *progress)
{
    const struct backup_image *image = &state->images[0];
    struct doomed doomed = {.backup_area = image->from == BACKUP_E0 ? WORLD_BACKUP : WORLD_SECONDARY};
    bool reverts = state->phase == BACKUP_REVERT;
    bool is_present = progress->run == state->run && progress->image == 0;
    uint32_t installed = is_present ? progress->installed : 0;
    uint32_t saved = is_present ? progress->saved : 0;
    uint32_t out_size = reverts || (image->flags & BACKUP_IS_KEPT) != 0 ? 0 : image->old_size;
    uint32_t in_size = reverts ? image->restore : image->new_size;
    uint32_t sector = sector_of_all(world);
    uint32_t end;

    if ((!reverts && state->phase != BACKUP_INSTALL) || (image->flags & BACKUP_HAS_PART) == 0 || image->old_size == 0 ||
        sector == 0) {
        return doomed;
    }
    end = saved < out_size ? saved
                           : align_up(installed + (out_size > 0 ? BACKUP_STRETCH_SAVING : BACKUP_STRETCH), sector);
    doomed.are_trailers = true;
    doomed.primary = sectors_of(world, WORLD_PRIMARY, installed, smaller(end, in_size));
    doomed.backup = sectors_of(world, doomed.backup_area, saved, out_size);
    return doomed;
}

struct doomed doomed_all(void)
{
    return (struct doomed){true, {0, UINT32_MAX}, {0, UINT32_MAX}, WORLD_ROLES};
}

static void meet(struct doomed_range *range, const struct doomed_range *other)
{
    range->off = range->off > other->off ? range->off : other->off;
    range->end = smaller(range->end, other->end);
    if (range->off >= range->end) {
        *range = (struct doomed_range){0, 0};
    }
}

void doomed_meet(struct doomed *doomed, const struct doomed *other)
{
    bool is_same_slot = doomed->backup_area == WORLD_ROLES || doomed->backup_area == other->backup_area;

    doomed->are_trailers = doomed->are_trailers && other->are_trailers;
    meet(&doomed->primary, &other->primary);
    meet(&doomed->backup, is_same_slot ? &other->backup : &(struct doomed_range){0, 0});
    doomed->backup_area = other->backup_area;
}

static bool is_as_in(const struct world *world, const struct doomed_range *range, unsigned area)
{
    return memcmp(world_bytes(world, WORLD_PRIMARY) + range->off, world_bytes(world, area) + range->off,
                  range->end - range->off) == 0;
}

uint64_t doomed_says(const struct world *world, const struct doomed *doomed)
{
    const struct doomed_range *range = &doomed->primary;
    uint64_t says = 1U | (sim_may_restate(world) || sim_trailers_waver(world, true) ? 2U : 0);

    if (range->end != 0 && !world_is_unstable(world, WORLD_PRIMARY, range->off, range->end - range->off)) {
        says |= (is_as_in(world, range, WORLD_SECONDARY) ? 4U : 0) | (is_as_in(world, range, WORLD_BACKUP) ? 8U : 0);
    }
    return says;
}
