#include "tests/powercut/campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/random.h"
#include "tests/powercut/images.h"

#define REPORTS 20

/* The sizes that matter in a slot: by name, resolved per mode and geometry. */
enum size_name {
    SIZE_SECTOR_LESS_1,
    SIZE_SECTOR,
    SIZE_SECTOR_MORE_1,
    SIZE_TWO_AND_A_BIT,
    SIZE_SIX,
    SIZE_TEN,
    SIZE_LARGEST_LESS_1,
    SIZE_LARGEST
};

struct size_pair {
    enum size_name old;
    enum size_name new;
};

static const struct size_pair all_sizes[] = {
    {SIZE_TWO_AND_A_BIT, SIZE_SECTOR_MORE_1}, {SIZE_TEN, SIZE_SECTOR},
    {SIZE_SECTOR_LESS_1, SIZE_TEN},           {SIZE_SECTOR, SIZE_SECTOR},
    {SIZE_LARGEST, SIZE_LARGEST_LESS_1},      {SIZE_TWO_AND_A_BIT, SIZE_LARGEST},
};
static const struct size_pair small_sizes[] = {{SIZE_SECTOR_MORE_1, SIZE_SECTOR_MORE_1}};
static const struct size_pair closure_sizes[] = {{SIZE_TWO_AND_A_BIT, SIZE_SECTOR_MORE_1},
                                                 {SIZE_SECTOR, SIZE_TWO_AND_A_BIT}};
static const struct size_pair six_units[] = {{SIZE_SIX, SIZE_SIX}};
static const struct size_pair ten_units[] = {{SIZE_TEN, SIZE_TEN}};
static const struct size_pair largest[] = {{SIZE_LARGEST, SIZE_LARGEST}};

/* What is multiplied, and how deep it is explored. */
struct plan {
    const char *name;
    const struct size_pair *sizes;
    size_t size_count;
    size_t first_geometry;
    size_t geometry_count; /* 0: to the last */
    const char *story;     /* NULL: all */
    uint32_t depth;        /* cuts in a row */
    uint32_t damages;
    uint32_t seeds;  /* repeated with so many */
    uint32_t chains; /* random ones instead, so many */
};

#define SIZES(list) (list), sizeof(list) / sizeof((list)[0])

/* The geometries' order is that of matrix.c: the first is the nRF52840 DK's, those from LARGE on have large sectors. */
#define LARGE 11

static const struct plan budget[] = {
    {"single cuts", SIZES(all_sizes), 0, 1, NULL, 1, 4, 1, 0},
    {"single cuts", SIZES(small_sizes), 1, LARGE - 1, NULL, 1, 4, 1, 0},
    {"single cuts", SIZES(small_sizes), LARGE, 0, "test", 1, 1, 1, 0},
    {"single cuts", SIZES(small_sizes), LARGE, 0, "replace", 1, 1, 1, 0},
    {"pairs", SIZES(small_sizes), 0, 1, "test", 2, 1, 1, 0},
    {"closure", SIZES(small_sizes), 0, 1, NULL, EXPLORE_NO_LIMIT, 1, 1, 0},
    {"closure", SIZES(small_sizes), 2, 1, "test", EXPLORE_NO_LIMIT, 1, 1, 0},
    {"chains", SIZES(ten_units), 0, LARGE, NULL, 0, 0, 1, 10},
};
static const struct plan everything[] = {
    {"single cuts", SIZES(all_sizes), 0, 0, NULL, 1, 8, 1, 0},
    {"pairs", SIZES(ten_units), 0, 1, NULL, 2, 4, 1, 0},
    {"closure", SIZES(closure_sizes), 0, 1, NULL, EXPLORE_NO_LIMIT, 1, 4, 0},
    {"closure", SIZES(small_sizes), 1, 0, NULL, EXPLORE_NO_LIMIT, 1, 1, 0},
    {"closure of six units", SIZES(six_units), 0, 1, "test", EXPLORE_NO_LIMIT, 1, 1, 0},
    {"closure of six units", SIZES(six_units), 0, 1, "revert", EXPLORE_NO_LIMIT, 1, 1, 0},
    {"closure of six units", SIZES(six_units), 0, 1, "replace", EXPLORE_NO_LIMIT, 1, 1, 0},
    {"chains", SIZES(largest), 0, 0, NULL, 0, 0, 1, 300},
};

static void report(void *context, const struct run *run, const struct outcome *outcome)
{
    struct campaign *campaign = context;
    struct buffer id = {0};

    if (campaign->failures++ < (campaign->stop_at_failure ? 1 : REPORTS)) {
        run_id(run, &id);
        (void)printf("powercut: FAILED %s: %s\n", buffer_text(&id), outcome->reason);
        buffer_free(&id);
    }
}

static void open_world(const struct campaign *campaign, const struct scenario *scenario, struct world *world,
                       struct state *start)
{
    world_init(world, scenario->geometry, scenario->mode, 1, 0);
    scenario_prepare(scenario, world, start);
    world->device[WORLD_INTERNAL].model.settles = campaign->steady;
    world->device[WORLD_EXTERNAL].model.settles = campaign->steady;
}

void campaign_play_scenario(struct campaign *campaign, const struct scenario *scenario)
{
    struct world world;
    struct state start;

    open_world(campaign, scenario, &world, &start);
    campaign->scenarios++;
    explore(scenario, &campaign->explore, &world, &start, &campaign->counts, report, campaign);
    world_drop(&world, &start);
    world_free(&world);
}

/* Chains of 2 to 6 cuts of any kind, the later ones often early in the recovery, where states are rare. */
static void make_chain(struct random *random, uint64_t ops, struct run *run)
{
    run->cut_count = 2 + random_below(random, 5);
    for (size_t i = 0; i < run->cut_count; i++) {
        uint32_t range = i > 0 && random_below(random, 2) == 0 ? 24 : (uint32_t)ops;

        run->cuts[i] = (struct cut){random_below(random, range), (enum nor_cut)random_below(random, 5),
                                    (uint32_t)random_next(random), random_below(random, NOR_NOISES)};
    }
}

static void play_chains(struct campaign *campaign, const struct scenario *scenario, uint32_t count)
{
    struct random random = {campaign->seed + campaign->scenarios * 1000003U};
    struct run run = {.scenario = *scenario};
    struct world world;
    struct state start;
    struct outcome outcome;
    uint64_t ops;

    open_world(campaign, scenario, &world, &start);
    campaign->scenarios++;
    scenario_play(&run, &world, &start, &outcome);
    ops = outcome.ops;
    for (uint32_t i = 0; i < count; i++) {
        make_chain(&random, ops, &run);
        scenario_play(&run, &world, &start, &outcome);
        campaign->chains++;
        campaign->counts.cuts += run.cut_count;
        campaign->counts.boots += outcome.boots;
        campaign->undecidable_chains += outcome.undecidable ? 1 : 0;
        if (outcome.failed) {
            report(campaign, &run, &outcome);
        }
    }
    world_drop(&world, &start);
    world_free(&world);
}

static uint32_t resolve_size(enum size_name name, const struct world *world)
{
    uint32_t sector = world_first_sector(world, WORLD_PRIMARY);
    uint32_t largest_size = world->mode->largest(world);

    switch (name) {
    case SIZE_SECTOR_LESS_1:
        return sector - 1;
    case SIZE_SECTOR:
        return sector;
    case SIZE_SECTOR_MORE_1:
        return sector + 1;
    case SIZE_TWO_AND_A_BIT:
        return 2 * sector + 100;
    case SIZE_SIX:
        return 6 * sector;
    case SIZE_TEN:
        return 10 * sector;
    case SIZE_LARGEST_LESS_1:
        return largest_size - 1;
    default:
        return largest_size;
    }
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* A journal's records are numbered, so that no state with one comes again: there is no fixpoint, but pairs of cuts. */
static bool has_fixpoint(const struct sim_mode *mode)
{
    return (mode->areas & WORLD_HAS_JOURNAL) == 0;
}

static void play(struct campaign *campaign, const struct plan *plan, const struct scenario *scenario)
{
    if (plan->chains != 0) {
        play_chains(campaign, scenario, plan->chains);
        return;
    }
    for (uint32_t i = 0; i < plan->seeds; i++) {
        campaign->explore = (struct explore_options){.depth = plan->depth,
                                                     .seed = (uint32_t)campaign->seed + i,
                                                     .damages = plan->damages,
                                                     .noises = NOR_NOISES,
                                                     .chip_cuts = 1,
                                                     .max_states = 4000000,
                                                     .stop_at_failure = campaign->stop_at_failure};
        campaign_play_scenario(campaign, scenario);
    }
}

/* A mode that cannot work with these slots says so, boots what it has, and changes nothing but the request. */
static void check_refusal(struct campaign *campaign, struct world *world, const struct scenario *scenario)
{
    struct run run = {.scenario = *scenario};
    struct outcome outcome = {0};
    struct boot_result result;
    /* In place, without revert, no trailer is needed to start the higher version. */
    bool is_refused = !scenario->mode->is_in_place || scenario->mode->has_revert;
    const struct buffer *wanted = scenario_image(scenario, is_refused ? IMAGE_OLD : IMAGE_NEW);

    campaign->refused++;
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area)) {
            world_erase(world, area);
        }
    }
    world_put_image(world, WORLD_PRIMARY, 0, scenario_image(scenario, IMAGE_OLD));
    world_put_image(world, sim_upload_to(world, 0), 0, scenario_image(scenario, IMAGE_NEW));
    if (world->has_trailers) {
        world_request(world, sim_upload_to(world, 0), false);
    }
    for (int i = 0; i < 2; i++) {
        nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        if (sim_boot(world, &result) != OK || !sim_runs(world, &result, wanted)) {
            outcome_fail(&outcome, "slots that cannot be used keep the image from booting");
        }
    }
    if (world->power.ops != 0) {
        outcome_fail(&outcome, "slots that cannot be used are written to");
    }
    if (outcome.failed) {
        report(campaign, &run, &outcome);
    }
}

static bool is_mine(struct campaign *campaign, uint32_t *turn)
{
    return (*turn)++ % campaign->parts == campaign->part && !(campaign->stop_at_failure && campaign->failures > 0);
}

static void play_stories(struct campaign *campaign, const struct plan *plan, const struct world *world, uint32_t *turn)
{
    uint32_t most = world->mode->largest(world);

    for (size_t s = 0; s < story_count; s++) {
        if (!story_applies(&stories[s], world->mode) ||
            (plan->depth == EXPLORE_NO_LIMIT && !has_fixpoint(world->mode)) ||
            (plan->story != NULL && strcmp(plan->story, stories[s].name) != 0)) {
            continue;
        }
        for (size_t p = 0; p < plan->size_count; p++) {
            struct scenario scenario = {world->mode,
                                        world->geometry,
                                        &stories[s],
                                        {smaller(resolve_size(plan->sizes[p].old, world), most),
                                         smaller(resolve_size(plan->sizes[p].new, world), most)}};

            if (is_mine(campaign, turn)) {
                play(campaign, plan, &scenario);
            }
        }
    }
}

static void play_geometry(struct campaign *campaign, const struct plan *plan, const struct world_geometry *geometry,
                          const struct sim_mode *mode, uint32_t *turn)
{
    struct world world;
    struct scenario scenario = {mode, geometry, &stories[0], {2000, 3000}};

    world_init(&world, geometry, mode, 1, 0);
    if (sim_accepts(&world)) {
        play_stories(campaign, plan, &world, turn);
    } else if (!(mode->is_in_place && world.has_trailers) && is_mine(campaign, turn)) {
        check_refusal(campaign, &world, &scenario);
    }
    world_free(&world);
    images_forget();
}

static void play_plans(struct campaign *campaign, const struct plan *plans, size_t count)
{
    uint32_t turn = 0;

    for (size_t p = 0; p < count; p++) {
        size_t end = plans[p].geometry_count == 0 ? geometry_count : plans[p].first_geometry + plans[p].geometry_count;

        for (size_t g = plans[p].first_geometry; g < end; g++) {
            for (size_t m = 0; m < sim_mode_count; m++) {
                if (campaign->only_mode == NULL || strcmp(campaign->only_mode, sim_modes[m].name) == 0) {
                    play_geometry(campaign, &plans[p], &geometries[g], &sim_modes[m], &turn);
                }
            }
        }
    }
}

void campaign_play_budget(struct campaign *campaign)
{
    play_plans(campaign, budget, sizeof budget / sizeof budget[0]);
}

void campaign_play_exhaustive(struct campaign *campaign)
{
    play_plans(campaign, everything, sizeof everything / sizeof everything[0]);
}
