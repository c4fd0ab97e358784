/*
 * Campaigns: the matrix of modes, geometries, sizes and stories, and how deep each scenario is explored. What is played
 * is data; a campaign can be split into parts that different processes play.
 */
#ifndef TESTS_POWERCUT_CAMPAIGN_H
#define TESTS_POWERCUT_CAMPAIGN_H

#include "tests/powercut/explore.h"

struct campaign {
    struct explore_options explore; /* seed, and what --only takes */
    uint64_t seed;
    bool steady;           /* no unstable bits */
    bool stop_at_failure;  /* and report no more than one */
    const char *only_mode; /* NULL: all */
    uint32_t part;         /* of `parts`: every parts-th scenario is played */
    uint32_t parts;

    uint64_t scenarios;
    uint64_t refused; /* slots that a mode does not work with, and said so */
    uint64_t chains;
    uint64_t failures;
    uint64_t undecidable_chains;
    struct explore_counts counts;
};

/* A selection of a few minutes; its random part depends on the seed. */
void campaign_play_budget(struct campaign *campaign);

/* Everything. */
void campaign_play_exhaustive(struct campaign *campaign);

/* One scenario, as campaign->explore says. */
void campaign_play_scenario(struct campaign *campaign, const struct scenario *scenario);

#endif
