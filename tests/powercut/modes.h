/*
 * The update modes as the simulator sees them: one row says everything about a mode that the runner must know, so that
 * a new mode is a row in modes.c and its few hooks.
 */
#ifndef TESTS_POWERCUT_MODES_H
#define TESTS_POWERCUT_MODES_H

#include "tests/powercut/world.h"

struct sim_mode {
    const char *name;                 /* in run ids */
    const struct boot_mode *boot;     /* one that updates; or NULL and */
    const struct choice_mode *choice; /* one that chooses */
    unsigned areas;                   /* WORLD_HAS_*: areas beside primary and secondary that it needs */
    bool has_revert;                  /* an image that is not confirmed is replaced by the old one at the next boot */
    bool is_in_place;                 /* images stay where they were uploaded */
    uint32_t load_addr;               /* RAM load: of the images; otherwise 0 */
    const char *only_story;           /* NULL: every one that applies */
    bool has_bare_trailers; /* trailers without checksums say how far it is: while one has unstable bits, either image
                               may come out of it; docs/SPEC.md, "What cannot be decided" */

    /* Tells the core of areas that only this mode has, and changes options; after all else. NULL: nothing to do. */
    void (*configure)(struct world *world);

    /* The processor starts: what was in RAM is gone. NULL: the mode does not care. */
    void (*reset)(const struct world *world);

    /* The external device answers, or not: what the core may reach on it beside the secondary. NULL: nothing else. */
    void (*external_answers)(struct world *world, bool answers);

    /* Where an image is uploaded: area and offset in it. NULL: at the start of the secondary. */
    unsigned (*upload_to)(const struct world *world, unsigned image);
    uint32_t (*upload_off)(const struct world *world);

    /* The largest image that both slots can hold and the mode can install. */
    uint32_t (*largest)(const struct world *world);

    /* Whether the mode's own check accepts these slots. NULL: whenever there can be trailers. */
    bool (*accepts)(const struct world *world);

    /* Whether `image` runs after a boot with this result. NULL: it is in the primary, byte for byte. */
    bool (*runs)(const struct world *world, const struct boot_result *result, const struct buffer *image);

    /* Whether the old image could be brought back. NULL: it lies at the start of the secondary, byte for byte. */
    bool (*keeps)(const struct world *world, const struct buffer *image);

    /* A state of the mode's layout, listed in docs/SPEC.md, that may mean "was never started" as well as "was started
     * and did not confirm itself". `noise` is for world_trailer. NULL: there is none. */
    bool (*is_undecidable)(const struct world *world, uint32_t noise);
};

/* The journal has unstable bits: any later boot may write down again what it reads, so that it stays so. Or the header
 * of an image has that is not to be seen again. */
bool sim_may_restate(const struct world *world);

extern const struct sim_mode sim_modes[];
extern const size_t sim_mode_count;

/* NULL when there is none of this name (`len` characters). */
const struct sim_mode *sim_mode_find(const char *name, size_t len);
const struct sim_mode *sim_mode_of(const struct boot_mode *boot);

/* Boots as the mode does, with the write guard on the areas. Returns what boot_go and boot_choose return. */
int sim_boot(const struct world *world, struct boot_result *result) ERROR_MUST_CHECK;

/* The area that the new image runs in. */
unsigned sim_new_area(const struct world *world);

/* The hooks with their defaults. */
unsigned sim_upload_to(const struct world *world, unsigned image);
uint32_t sim_upload_off(const struct world *world);
bool sim_accepts(const struct world *world);
bool sim_runs(const struct world *world, const struct boot_result *result, const struct buffer *image);
bool sim_keeps(const struct world *world, const struct buffer *image);
bool sim_is_undecidable(const struct world *world); /* for some noise */
bool sim_trailers_waver(const struct world *world, bool is_act);

#endif
