/*
 * A board for the power-cut simulator: an internal and an external NOR model behind one supply, areas on them (for each
 * image pair primary, secondary and, where the mode has one, backup; scratch; journal) with a guard sector on either
 * side that nothing may touch, and the bootloader core configured for them.
 */
#ifndef TESTS_POWERCUT_WORLD_H
#define TESTS_POWERCUT_WORLD_H

#include "boot/boot.h"
#include "boot/trailer.h"
#include "flash/model/nor_device.h"
#include "host/buffer.h"
#include "tests/powercut/state.h"

#define WORLD_RUNS   4 /* of equal sectors in a slot */
#define WORLD_IMAGES 4
#define WORLD_RANGES 48 /* of a device: slots and guards */

enum world_device { WORLD_INTERNAL, WORLD_EXTERNAL, WORLD_DEVICES };

/* What areas are for. Scratch and journal belong to no pair; they count as image 0's. */
enum world_role { WORLD_PRIMARY, WORLD_SECONDARY, WORLD_BACKUP, WORLD_SCRATCH, WORLD_JOURNAL, WORLD_ROLES };

/* An area of any pair; the roles themselves name those of the first. */
#define WORLD_AREA(image, role) ((unsigned)(image)*WORLD_ROLES + (unsigned)(role))
#define WORLD_AREAS             (WORLD_IMAGES * WORLD_ROLES)

/* In sim_mode.areas. */
#define WORLD_HAS_BACKUP  (1U << WORLD_BACKUP)
#define WORLD_HAS_SCRATCH (1U << WORLD_SCRATCH)
#define WORLD_HAS_JOURNAL (1U << WORLD_JOURNAL)

struct world_run {
    uint32_t sector; /* bytes */
    uint32_t count;
};

struct world_flash {
    uint32_t write_block;
    uint8_t max_programs; /* of a write block between two erases; 0: any number */
    uint8_t erased_value;
    struct world_run slot[WORLD_RUNS]; /* the sectors of a slot on this device; ends at a count of 0 */
};

struct world_geometry {
    const char *name; /* in run ids */
    struct world_flash flash[WORLD_DEVICES];
    struct world_run scratch; /* for modes that have it */
    enum world_device scratch_on;
};

struct sim_mode;

struct world {
    const struct world_geometry *geometry;
    const struct sim_mode *mode;
    unsigned images; /* pairs */

    struct nor_power power;
    struct nor_device device[WORLD_DEVICES];
    struct nor_config config[WORLD_DEVICES];
    struct flash_range range[WORLD_DEVICES][WORLD_RANGES];
    uint8_t *data[WORLD_DEVICES];
    struct state_store store;

    struct flash_area area[WORLD_AREAS]; /* by WORLD_AREA; of size 0 where there is none */
    struct trailer_layout layout[WORLD_AREAS];
    bool has_trailers; /* false: write blocks too large for this trailer, or slots too small */
    const struct flash_area *guarded[WORLD_AREAS]; /* what the write guard lets a boot change: the areas */
    size_t guarded_count;
    struct boot_areas areas[WORLD_IMAGES];
    struct boot_config boot;
    uint8_t buffer[1024];
};

/* Random contents; ends the program when the geometry is impossible. `max_sectors` as in boot_config. */
void world_init(struct world *world, const struct world_geometry *geometry, const struct sim_mode *mode,
                unsigned images, uint32_t max_sectors);
void world_free(struct world *world);

/* The contents as they are now; world_drop frees the copy. */
void world_save(struct world *world, struct state *state);
void world_restore(struct world *world, const struct state *state);
void world_drop(struct world *world, struct state *state);

static inline bool world_has(const struct world *world, unsigned area)
{
    return world->area[area].size != 0;
}

/* The device that an area lies on, and its bytes as they are in the array. */
enum world_device world_device_of(const struct world *world, unsigned area);
uint8_t *world_bytes(const struct world *world, unsigned area);

/* Size of the first sector of an area. */
uint32_t world_first_sector(const struct world *world, unsigned area);

/* What an application does; returns what flash areas return. */
int world_try_erase(struct world *world, unsigned area) ERROR_MUST_CHECK;
int world_try_put_image(struct world *world, unsigned area, uint32_t off, const struct buffer *image) ERROR_MUST_CHECK;

/* What an application or a programmer does when no cut comes. */
void world_erase(struct world *world, unsigned area);
void world_put_image(struct world *world, unsigned area, uint32_t off, const struct buffer *image);
void world_request(struct world *world, unsigned area, bool permanent);
void world_confirm(struct world *world, unsigned area);

/* Byte for byte, and none of them unstable. */
bool world_has_image(const struct world *world, unsigned area, uint32_t off, const struct buffer *image);

/*
 * A trailer as it reads now, without the devices noticing: what is running goes on, and power may be off. `noise` is
 * the seed of what unstable bits read as.
 */
struct trailer world_trailer(const struct world *world, unsigned area, uint32_t noise);

/* Whether an area has unstable bits from `off` on. */
bool world_is_unstable(const struct world *world, unsigned area, uint32_t off, uint32_t len);

/* Whether everything outside the areas is as in `state`. */
bool world_guards_hold(struct world *world, const struct state *state);

/* The text of a physics violation, or "". */
const char *world_violation(const struct world *world);

#endif
