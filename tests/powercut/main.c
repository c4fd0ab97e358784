/*
 * powercut: plays the bootloader core over flash models and cuts the power at every operation.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options.h"
#include "host/random.h"
#include "tests/powercut/images.h"
#include "tests/powercut/log.h"
#include "tests/powercut/scenario.h"

struct campaign {
    struct random random;
    uint64_t torn;  /* torn cuts tried at each operation, each with its own damage */
    uint64_t pairs; /* sampled pairs of cuts per scenario */
    bool exhaustive_pairs;
    uint64_t scenarios;
    uint64_t runs;
    uint64_t undecidable;
    uint64_t failures;
};

static void report(const struct run *run, const struct outcome *outcome)
{
    struct buffer id = {0};

    run_id(run, &id);
    (void)printf("powercut: FAILED %s: %s\n", buffer_text(&id), outcome->reason);
    buffer_free(&id);
}

static void play(struct campaign *campaign, const struct run *run, struct world *world, const struct world_state *start,
                 struct outcome *outcome)
{
    scenario_play(run, world, start, outcome);
    campaign->runs++;
    campaign->undecidable += outcome->undecidable ? 1 : 0;
    if (outcome->failed && campaign->failures++ < 20) {
        report(run, outcome);
    }
}

/* One cut of each kind at each operation of the scenario. */
static void play_single_cuts(struct campaign *campaign, struct run *run, struct world *world,
                             const struct world_state *start, uint64_t ops)
{
    struct outcome outcome;

    run->cut_count = 1;
    for (uint64_t op = 0; op < ops; op++) {
        run->cuts[0] = (struct cut){op, NOR_CUT_CLEAN, 0};
        play(campaign, run, world, start, &outcome);
        run->cuts[0] = (struct cut){op, NOR_CUT_BEHIND, (uint32_t)random_next(&campaign->random)};
        play(campaign, run, world, start, &outcome);
        for (uint64_t i = 0; i < campaign->torn; i++) {
            run->cuts[0] = (struct cut){op, NOR_CUT_TORN, (uint32_t)random_next(&campaign->random)};
            play(campaign, run, world, start, &outcome);
        }
    }
}

/* Every clean cut, and after it every clean cut of the recovery. */
static void play_all_pairs(struct campaign *campaign, struct run *run, struct world *world,
                           const struct world_state *start, uint64_t ops)
{
    for (uint64_t first = 0; first < ops; first++) {
        struct outcome outcome;
        uint64_t recovery;

        run->cuts[0] = (struct cut){first, NOR_CUT_CLEAN, 0};
        run->cut_count = 1;
        scenario_play(run, world, start, &outcome);
        recovery = outcome.ops;
        run->cut_count = 2;
        for (uint64_t second = 0; second < recovery; second++) {
            run->cuts[1] = (struct cut){second, NOR_CUT_CLEAN, 0};
            play(campaign, run, world, start, &outcome);
        }
    }
}

/* Chains of 2 to 4 cuts of any kind, the later ones often early in the recovery, where states are rare. */
static void play_sampled_chains(struct campaign *campaign, struct run *run, struct world *world,
                                const struct world_state *start, uint64_t ops)
{
    for (uint64_t i = 0; i < campaign->pairs; i++) {
        struct outcome outcome;

        run->cut_count = 2 + random_below(&campaign->random, 8) / 6 + random_below(&campaign->random, 8) / 7;
        for (size_t c = 0; c < run->cut_count; c++) {
            uint32_t range = c > 0 && random_below(&campaign->random, 2) == 0 ? 24 : (uint32_t)ops;

            run->cuts[c] =
                (struct cut){random_below(&campaign->random, range), (enum nor_cut)random_below(&campaign->random, 3),
                             (uint32_t)random_next(&campaign->random)};
        }
        play(campaign, run, world, start, &outcome);
    }
}

static void play_scenario(struct campaign *campaign, const struct scenario *scenario)
{
    struct run run = {.scenario = *scenario};
    struct world world;
    struct world_state start = {0};
    struct outcome outcome;
    uint64_t ops;

    world_init(&world, scenario->geometry, scenario->mode, 1, 0);
    scenario_prepare(scenario, &world, &start);
    campaign->scenarios++;
    play(campaign, &run, &world, &start, &outcome);
    ops = outcome.ops;
    play_single_cuts(campaign, &run, &world, &start, ops);
    play_sampled_chains(campaign, &run, &world, &start, ops);
    if (campaign->exhaustive_pairs) {
        play_all_pairs(campaign, &run, &world, &start, ops);
    }
    world_state_free(&start);
    world_free(&world);
}

/* The sizes that matter in a slot: by name, resolved per mode and geometry. */
enum size_name {
    SIZE_SECTOR_LESS_1,
    SIZE_SECTOR,
    SIZE_SECTOR_MORE_1,
    SIZE_SMALL,
    SIZE_MIDDLE,
    SIZE_LARGEST_LESS_1,
    SIZE_LARGEST
};

static uint32_t resolve_size(enum size_name name, const struct world *world)
{
    uint32_t sector = world_first_sector(world, WORLD_PRIMARY);
    uint32_t largest = world->mode->largest(world);

    switch (name) {
    case SIZE_SECTOR_LESS_1:
        return sector - 1;
    case SIZE_SECTOR:
        return sector;
    case SIZE_SECTOR_MORE_1:
        return sector + 1;
    case SIZE_SMALL:
        return 2 * sector + 100;
    case SIZE_MIDDLE:
        return 10 * sector;
    case SIZE_LARGEST_LESS_1:
        return largest - 1;
    default:
        return largest;
    }
}

static const enum size_name size_pairs[][2] = {
    {SIZE_SMALL, SIZE_SECTOR_MORE_1}, {SIZE_MIDDLE, SIZE_SECTOR},          {SIZE_SECTOR_LESS_1, SIZE_MIDDLE},
    {SIZE_SECTOR, SIZE_SECTOR},       {SIZE_LARGEST, SIZE_LARGEST_LESS_1}, {SIZE_SMALL, SIZE_LARGEST},
};

static void play_mode(struct campaign *campaign, const struct world_geometry *geometry, const struct sim_mode *mode,
                      size_t pairs)
{
    struct world world;
    bool accepted;

    world_init(&world, geometry, mode, 1, 0);
    accepted = sim_accepts(&world);
    for (size_t s = 0; accepted && s < story_count; s++) {
        if (stories[s].needs_revert != mode->has_revert) {
            continue;
        }
        for (size_t p = 0; p < pairs; p++) {
            struct scenario scenario = {
                mode,
                geometry,
                &stories[s],
                {resolve_size(size_pairs[p][0], &world), resolve_size(size_pairs[p][1], &world)}};

            if (scenario.size[0] <= mode->largest(&world) && scenario.size[1] <= mode->largest(&world)) {
                play_scenario(campaign, &scenario);
            }
        }
    }
    world_free(&world);
    images_forget();
}

static void play_everything(struct campaign *campaign)
{
    for (size_t g = 0; g + 1 < geometry_count; g++) { /* the big one is for the rate and for replays */
        size_t pairs = g == 0 ? sizeof size_pairs / sizeof size_pairs[0] : 3;

        for (size_t m = 0; m < sim_mode_count; m++) {
            play_mode(campaign, &geometries[g], &sim_modes[m], pairs);
        }
    }
}

/* Drawing the flash before each operation of a replayed run. */
struct replay {
    struct run run;
    struct world world;
};

static void watch(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct replay *replay = context;

    scenario_draw(&replay->run.scenario, &replay->world);
    (void)printf("%4" PRIu64 " %s %s 0x%" PRIx32 ", %" PRIu32 " bytes\n", replay->world.power.ops,
                 op->kind == NOR_OP_ERASE ? "erase" : "program", device->model.config->name,
                 op->off - device->model.config->geometry.ranges[0].sector_size, op->len);
}

static int replay_id(const char *id)
{
    static struct replay replay;
    struct world_state start = {0};
    struct outcome outcome;

    if (!run_parse(id, &replay.run)) {
        (void)fprintf(stderr, "powercut: %s is no run id\n", id);
        return CLI_USAGE;
    }
    world_init(&replay.world, replay.run.scenario.geometry, replay.run.scenario.mode, 1, 0);
    scenario_prepare(&replay.run.scenario, &replay.world, &start);
    log_is_shown = true;
    replay.world.power.watch = watch;
    replay.world.power.context = &replay;
    scenario_play(&replay.run, &replay.world, &start, &outcome);
    scenario_draw(&replay.run.scenario, &replay.world);
    (void)printf("powercut: %s%s\n", outcome.failed ? "FAILED: " : "passed",
                 outcome.failed ? outcome.reason : (outcome.undecidable ? " (undecidable state)" : ""));
    world_state_free(&start);
    world_free(&replay.world);
    images_free();
    return outcome.failed ? CLI_FAILED : CLI_DONE;
}

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_campaign(struct campaign *campaign, const char *scenario_id, uint64_t seed)
{
    double begin = seconds();
    struct run run;

    campaign->random.state = seed;
    if (scenario_id == NULL) {
        play_everything(campaign);
    } else if (run_parse(scenario_id, &run)) {
        play_scenario(campaign, &run.scenario);
    } else {
        (void)fprintf(stderr, "powercut: %s is no scenario\n", scenario_id);
        return CLI_USAGE;
    }
    images_free();
    (void)printf("powercut: seed %" PRIu64 ", %" PRIu64 " scenarios, %" PRIu64 " runs, %" PRIu64
                 " undecidable, %" PRIu64 " failures, %.0f runs/s\n",
                 seed, campaign->scenarios, campaign->runs, campaign->undecidable, campaign->failures,
                 (double)campaign->runs / (seconds() - begin));
    return campaign->failures == 0 && campaign->runs > 0 ? CLI_DONE : CLI_FAILED;
}

static const struct cli_option options[] = {
    {"replay", 'r', CLI_VALUE, "ID", "play one run and draw the flash before each operation"},
    {"only", 'o', CLI_VALUE, "ID", "only this scenario, an id without cuts"},
    {"torn", 't', CLI_VALUE, "N", "torn cuts at each operation (default 6)"},
    {"pairs", 'p', CLI_VALUE, "N", "sampled chains of 2 to 4 cuts per scenario (default 200)"},
    {"exhaustive", 'x', CLI_FLAG, NULL, "also every pair of clean cuts"},
    {"seed", 's', CLI_VALUE, "N", "seed of the damage and the samples (default 1)"},
};
static const struct cli_command command = {
    .name = "powercut",
    .summary = "Cuts the power at every flash operation of updates and reverts, over flash models.",
    .positional = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .example = "powercut --only offset/4K-4-1/40960-40960/revert --exhaustive\n"
               "powercut --replay offset/4K-4-1/40960-40960/revert/17T5/3C0",
};

int main(int argc, char **argv)
{
    struct cli_args args;
    struct campaign campaign = {0};
    uint64_t seed = 1;
    int status = CLI_USAGE;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = CLI_USAGE;
        if (cli_given(&args, "replay")) {
            status = replay_id(cli_value(&args, "replay", ""));
        } else if (cli_number(&args, "torn", 6, 1000000, &campaign.torn) &&
                   cli_number(&args, "pairs", 200, UINT32_MAX, &campaign.pairs) &&
                   cli_number(&args, "seed", 1, UINT32_MAX, &seed)) {
            campaign.exhaustive_pairs = cli_given(&args, "exhaustive");
            status = run_campaign(&campaign, cli_value(&args, "only", NULL), seed);
        }
    }
    cli_args_free(&args);
    return status;
}
