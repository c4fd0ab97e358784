/*
 * Scenarios: what the slots hold, what is asked for, and which end states are right. Cuts are no part of a scenario;
 * the runner multiplies every scenario by none, each, pairs and chains of them.
 */
#ifndef TESTS_POWERCUT_SCENARIO_H
#define TESTS_POWERCUT_SCENARIO_H

#include "tests/powercut/modes.h"
#include "tests/powercut/world.h"

#define SCENARIO_MAX_CUTS 6

enum scenario_image_id { IMAGE_OLD, IMAGE_NEW };

/* What happened before: the trailers' stale contents matter when the next update is cut. */
enum scenario_prior { PRIOR_NONE, PRIOR_TESTED, PRIOR_REVERTED, PRIOR_CONFIRMED };

struct story {
    const char *name;
    enum scenario_prior prior;
    enum swap_type request;          /* SWAP_NONE: nothing is uploaded or asked for in this one */
    enum scenario_image_id uploaded; /* when something is */
    enum scenario_image_id final;    /* what must run after the first boot that is not cut */
    enum scenario_image_id after;    /* what must run after one more boot without confirmation */
    bool needs_revert;               /* only in modes that have it */
};

struct scenario {
    const struct sim_mode *mode;
    const struct world_geometry *geometry;
    const struct story *story;
    uint32_t size[2]; /* of both images, bytes, by enum scenario_image_id */
};

struct cut {
    uint64_t op; /* since power came on */
    enum nor_cut kind;
    uint32_t seed;
};

struct run {
    struct scenario scenario;
    struct cut cuts[SCENARIO_MAX_CUTS];
    size_t cut_count;
};

struct outcome {
    bool failed;
    bool undecidable; /* a state of MCUboot's layout that SPEC lists; the safer outcome was taken */
    char reason[200];
    uint64_t ops; /* of the last boot that was not cut short */
};

extern const struct story stories[];
extern const size_t story_count;
extern const struct world_geometry geometries[];
extern const size_t geometry_count;

/* Kept by images.c. */
const struct buffer *scenario_image(const struct scenario *scenario, enum scenario_image_id which);

/* Brings `world` to the start of the scenario and saves it. */
void scenario_prepare(const struct scenario *scenario, struct world *world, struct world_state *start);

/* Plays a run from its start. A cut whose operation does not come ends the cuts. */
void scenario_play(const struct run *run, struct world *world, const struct world_state *start,
                   struct outcome *outcome);

/* "offset/4K-4-1/40960-8192/test/17T5/3C0": writes it, and reads it back; false when it is none. */
void run_id(const struct run *run, struct buffer *out);
bool run_parse(const char *id, struct run *run);

/* Prints the areas sector by sector, and their trailers. */
void scenario_draw(const struct scenario *scenario, const struct world *world);

#endif
