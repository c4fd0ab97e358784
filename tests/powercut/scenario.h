/*
 * Scenarios: what the slots hold, what is asked for, and which images may run. Cuts are no part of a scenario; the
 * runner multiplies every scenario by none, each, all of them.
 *
 * A story has moments: the application acts (uploads, requests, confirms), the first boot after that, the next boot if
 * the image was not confirmed, and then boots in which nothing may change. Power may fail in each; the moment then says
 * what may still happen.
 */
#ifndef TESTS_POWERCUT_SCENARIO_H
#define TESTS_POWERCUT_SCENARIO_H

#include "tests/powercut/modes.h"
#include "tests/powercut/world.h"

enum scenario_image_id { IMAGE_OLD, IMAGE_NEW, SCENARIO_IMAGES };

/* What happened before: the trailers' stale contents matter when the next update is cut. */
enum scenario_prior { PRIOR_EMPTY, PRIOR_NONE, PRIOR_TESTED, PRIOR_REVERTED, PRIOR_CONFIRMED };

/* What the application is doing when power may fail for the first time. */
enum scenario_act { ACT_NONE, ACT_UPLOAD, ACT_REQUEST, ACT_CONFIRM };

struct story {
    const char *name;
    enum scenario_prior prior;
    enum swap_type request;          /* SWAP_NONE: nothing is asked for in this one */
    enum scenario_image_id uploaded; /* when something is, or is uploaded by the act */
    enum scenario_act act;
    enum scenario_image_id final;     /* what must run after the first boot that is not cut */
    enum scenario_image_id after;     /* what must run after one more boot without confirmation */
    enum scenario_image_id unchanged; /* what may run instead of `final` when the act was cut */
    bool needs_revert;                /* only in modes that have it */
    bool without_revert;              /* only in modes that have it not */
    bool is_spoilt;                   /* what was uploaded does not verify */
};

struct scenario {
    const struct sim_mode *mode;
    const struct world_geometry *geometry;
    const struct story *story;
    uint32_t size[SCENARIO_IMAGES]; /* of both images, bytes */
};

enum moment_phase { MOMENT_ACT, MOMENT_FIRST, MOMENT_NEXT, MOMENT_STABLE, MOMENT_OVER };

struct moment {
    uint8_t phase;    /* enum moment_phase */
    uint8_t accepted; /* images that may run, bits by enum scenario_image_id */
    bool undecidable; /* a state of MCUboot's layout that SPEC lists was passed; its safer outcome is accepted */
    bool may_restate; /* a journal or a trailer has unstable bits since a cut: a boot may write again what it reads */
    uint8_t restated; /* boots that did so though nothing was left to do */
    bool wavered;     /* a trailer without checksums has unstable bits: what comes of it is counted, not judged */
};

/* How power-on goes. */
struct cut {
    uint64_t op; /* since power came on; NOR_NO_CUT: it stays on */
    enum nor_cut kind;
    uint32_t seed;
    uint32_t noise; /* seed of what unstable bits read as */
};

#define RUN_CUTS_MAX 64

struct run {
    struct scenario scenario;
    struct cut cuts[RUN_CUTS_MAX]; /* power-ons; then power stays until the story is over */
    size_t cut_count;
};

struct outcome {
    bool failed;
    bool undecidable;
    bool lost; /* of those: no image boots */
    char reason[200];
    uint64_t boots;
    uint64_t ops; /* of the first power-on that was not cut short */
};

extern const struct story stories[];
extern const size_t story_count;
extern const struct world_geometry geometries[];
extern const size_t geometry_count;

/* Kept by images.c. */
const struct buffer *scenario_image(const struct scenario *scenario, enum scenario_image_id which);

bool story_applies(const struct story *story, const struct sim_mode *mode);

/* Brings `world` to the start of the scenario and saves it; world_drop frees the state. */
void scenario_prepare(const struct scenario *scenario, struct world *world, struct state *start);

/* The moment at which a story starts. */
struct moment moment_begin(const struct story *story);

/* Plays the moment, once power is on. Returns what boot_go returns. */
int moment_run(const struct scenario *scenario, const struct moment *moment, struct world *world,
               struct boot_result *result) ERROR_MUST_CHECK;

/* What may happen now that power has failed in it: the arrays are as the cut left them. */
void moment_cut(const struct scenario *scenario, struct moment *moment, const struct world *world);

/* Checks what the moment came to although the chip lost its supply in it, and what may happen from there. */
void moment_chip_cut(const struct scenario *scenario, struct moment *moment, struct world *world, int err,
                     const struct boot_result *result, struct outcome *outcome);

/* Checks what an undisturbed moment came to, and goes on to the next. */
void moment_complete(const struct scenario *scenario, struct moment *moment, struct world *world, int err,
                     const struct boot_result *result, struct outcome *outcome);

/* Plays a run from its start. */
void scenario_play(const struct run *run, struct world *world, const struct state *start, struct outcome *outcome);

void outcome_fail(struct outcome *outcome, const char *reason);

/* "offset/4K-4-1/40960-8192/test/17T5/-~2/3C0": writes it, and reads it back; false when it is none. A part is a
 * power-on: operation, kind and seed of the cut ("-": none), and the noise if it is not 0. */
void run_id(const struct run *run, struct buffer *out);
bool run_parse(const char *id, struct run *run);

/* Prints the areas sector by sector, and their trailers. */
void scenario_draw(const struct scenario *scenario, const struct world *world);

#endif
