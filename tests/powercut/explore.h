/*
 * Exploration: every cut of a scenario, every cut of each recovery, and so on. One boot gives all its cuts: before each
 * operation the arrays are damaged in every way of the damage model, what results is noted, and the damage is taken
 * back. States are deduplicated by contents and moment, so that exploration ends; without a limit of depth it ends at
 * the fixpoint, which is what "however often" means.
 */
#ifndef TESTS_POWERCUT_EXPLORE_H
#define TESTS_POWERCUT_EXPLORE_H

#include "tests/powercut/scenario.h"

#define EXPLORE_NO_LIMIT UINT32_MAX

struct explore_options {
    uint32_t depth;     /* cuts in a row; EXPLORE_NO_LIMIT: to the fixpoint */
    uint32_t seed;      /* first seed of the damage */
    uint32_t damages;   /* seeds tried at each operation */
    uint32_t noises;    /* boots of a state with unstable bits, each reading them differently */
    uint32_t chip_cuts; /* at most, sampled, of a quarter of the boots after a cut; the boots of the start state get one
                           at each operation */
    uint32_t max_states; /* gives up there */
    bool whole_cells;    /* of all damage only prefixes of programs, and erases of which some cells are done */
    bool stop_at_failure;
};

struct explore_counts {
    uint64_t cuts; /* tried: each gave a state, of which every different one was booted */
    uint64_t states;
    uint64_t boots;
    uint64_t undecidable; /* states in which a state that SPEC lists was passed */
    uint64_t wavering;    /* states in which a trailer without checksums has unstable bits */
    uint64_t lost;        /* boots of those that find no image */
    uint64_t failures;
    uint64_t misread;    /* journals that the core does not read as docs/SPEC.md says */
    uint64_t unfinished; /* scenarios that were given up at max_states */
    uint64_t ops;        /* of the start state's boot */
};

/* Called for a failure, with the run that shows it. */
typedef void (*explore_report)(void *context, const struct run *run, const struct outcome *outcome);

/* Adds to `counts`. `start` belongs to `world`. */
void explore(const struct scenario *scenario, const struct explore_options *options, struct world *world,
             const struct state *start, struct explore_counts *counts, explore_report report, void *context);

#endif
