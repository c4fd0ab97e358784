/*
 * A board for the power-cut simulator: two NOR models behind one supply, a slot on each with a guard sector on either
 * side that nothing may touch, and the bootloader core configured for them.
 */
#ifndef TESTS_POWERCUT_WORLD_H
#define TESTS_POWERCUT_WORLD_H

#include "boot/boot.h"
#include "boot/trailer.h"
#include "flash/model/nor_device.h"
#include "host/buffer.h"

enum world_side { WORLD_PRIMARY, WORLD_SECONDARY, WORLD_SIDES };

struct world_geometry {
    const char *name; /* in run ids */
    uint32_t sector[WORLD_SIDES];
    uint32_t write_block[WORLD_SIDES];
    uint32_t slot_size[WORLD_SIDES]; /* bytes, whole sectors */
    uint8_t max_programs[WORLD_SIDES];
};

/* Contents and wear of both devices at one moment. */
struct world_state {
    uint8_t *data[WORLD_SIDES];
    uint8_t *programs[WORLD_SIDES]; /* NULL where they are not counted */
};

struct world {
    struct world_geometry geometry;
    const struct boot_mode *mode;
    struct nor_power power;
    struct nor_device device[WORLD_SIDES];
    struct nor_config config[WORLD_SIDES];
    struct flash_range range[WORLD_SIDES];
    struct nor_erase_time erase_time[WORLD_SIDES];
    uint8_t *data[WORLD_SIDES];
    struct flash_area area[WORLD_SIDES];
    struct trailer_layout layout[WORLD_SIDES];
    struct boot_areas areas;
    struct boot_config boot;
    uint8_t buffer[1024];
};

/* Random contents; ends the program when the geometry is impossible. */
void world_init(struct world *world, const struct world_geometry *geometry, const struct boot_mode *mode,
                uint32_t max_sectors);
void world_free(struct world *world);

/* `state` is made by the first save and freed by world_state_free. */
void world_save(const struct world *world, struct world_state *state);
void world_restore(struct world *world, const struct world_state *state);
void world_state_free(struct world_state *state);

/* What an application or a programmer does: no cut happens in these. */
void world_erase_slot(struct world *world, enum world_side side);
void world_put_image(struct world *world, enum world_side side, uint32_t off, const struct buffer *image);
void world_request(struct world *world, bool permanent);
void world_confirm(struct world *world);

/* Where this mode wants an upload, and whether `image` is in the slot at `off`. */
uint32_t world_upload_off(const struct world *world);
bool world_has_image(const struct world *world, enum world_side side, uint32_t off, const struct buffer *image);

/* The primary trailer as it is on flash now. */
struct trailer world_trailer(struct world *world, enum world_side side);

/* The same without the device noticing: what is running on it goes on, and power may be off. */
struct trailer world_peek_trailer(const struct world *world, enum world_side side);

/* The largest images that this mode can exchange here. */
uint32_t world_largest_upload(const struct world *world);

/* Whether both guards of both devices are as in `state`. */
bool world_guards_hold(const struct world *world, const struct world_state *state);

/* The text of a physics violation, or "". */
const char *world_violation(const struct world *world);

#endif
