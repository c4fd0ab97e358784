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
#include "tests/powercut/explore.h"
#include "tests/powercut/images.h"
#include "tests/powercut/log.h"
#include "tests/powercut/scenario.h"

struct campaign {
    bool steady; /* no unstable bits */
    struct explore_options explore;
    struct random random;
    uint64_t chains; /* sampled per scenario */
    uint64_t scenarios;
    uint64_t chains_played;
    struct explore_counts counts;
};

static void report(void *context, const struct run *run, const struct outcome *outcome)
{
    const struct campaign *campaign = context;
    struct buffer id = {0};

    if (campaign->counts.failures <= 20) {
        run_id(run, &id);
        (void)printf("powercut: FAILED %s: %s\n", buffer_text(&id), outcome->reason);
        buffer_free(&id);
    }
}

static void play_scenario(struct campaign *campaign, const struct scenario *scenario)
{
    struct world world;
    struct state start;

    world_init(&world, scenario->geometry, scenario->mode, 1, 0);
    scenario_prepare(scenario, &world, &start);
    world.device[WORLD_INTERNAL].model.settles = campaign->steady;
    world.device[WORLD_EXTERNAL].model.settles = campaign->steady;
    campaign->scenarios++;
    explore(scenario, &campaign->explore, &world, &start, &campaign->counts, report, campaign);
    world_drop(&world, &start);
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
        if (!story_applies(&stories[s], mode)) {
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

static int replay_id(const char *id, bool steady)
{
    static struct replay replay;
    struct state start;
    struct outcome outcome;

    if (!run_parse(id, &replay.run)) {
        (void)fprintf(stderr, "powercut: %s is no run id\n", id);
        return CLI_USAGE;
    }
    world_init(&replay.world, replay.run.scenario.geometry, replay.run.scenario.mode, 1, 0);
    scenario_prepare(&replay.run.scenario, &replay.world, &start);
    replay.world.device[WORLD_INTERNAL].model.settles = steady;
    replay.world.device[WORLD_EXTERNAL].model.settles = steady;
    log_is_shown = true;
    replay.world.power.watch = watch;
    replay.world.power.context = &replay;
    scenario_play(&replay.run, &replay.world, &start, &outcome);
    scenario_draw(&replay.run.scenario, &replay.world);
    (void)printf("powercut: %s%s\n", outcome.failed ? "FAILED: " : "passed",
                 outcome.failed ? outcome.reason : (outcome.undecidable ? " (undecidable state)" : ""));
    world_drop(&replay.world, &start);
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
    begin = seconds() - begin;
    (void)printf("powercut: seed %" PRIu64 ", %" PRIu64 " scenarios, %" PRIu64 " cuts, %" PRIu64 " states, %" PRIu64
                 " boots, %" PRIu64 " undecidable, %" PRIu64 " unfinished, %" PRIu64
                 " failures; %.1f s, %.0f cuts/s, %.0f boots/s\n",
                 seed, campaign->scenarios, campaign->counts.cuts, campaign->counts.states, campaign->counts.boots,
                 campaign->counts.undecidable, campaign->counts.unfinished, campaign->counts.failures, begin,
                 (double)campaign->counts.cuts / begin, (double)campaign->counts.boots / begin);
    return campaign->counts.failures == 0 && campaign->counts.cuts > 0 ? CLI_DONE : CLI_FAILED;
}

static const struct cli_option options[] = {
    {"replay", 'r', CLI_VALUE, "ID", "play one run and draw the flash before each operation"},
    {"only", 'o', CLI_VALUE, "ID", "only this scenario, an id without cuts"},
    {"depth", 'd', CLI_VALUE, "N", "cuts in a row (default 1; 0: to the fixpoint)"},
    {"damages", 't', CLI_VALUE, "N", "seeds of damage at each operation (default 4)"},
    {"steady", 'y', CLI_FLAG, NULL, "without bits that read differently each time"},
    {"states", 'm', CLI_VALUE, "N", "give up at so many states (default 1000000)"},
    {"seed", 's', CLI_VALUE, "N", "seed of the damage and the samples (default 1)"},
};
static const struct cli_command command = {
    .name = "powercut",
    .summary = "Cuts the power at every flash operation of updates and reverts, over flash models.",
    .positional = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .example = "powercut --only offset/4K-4-1/8292-4097/revert --depth 0 --damages 1\n"
               "powercut --replay offset/4K-4-1/40960-40960/revert/17T5/3C0",
};

int main(int argc, char **argv)
{
    struct cli_args args;
    struct campaign campaign = {0};
    uint64_t seed = 1;
    uint64_t damages = 4;
    uint64_t depth = 1;
    uint64_t states = 0;
    int status = CLI_USAGE;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = CLI_USAGE;
        if (cli_given(&args, "replay")) {
            status = replay_id(cli_value(&args, "replay", ""), cli_given(&args, "steady"));
        } else if (cli_number(&args, "damages", 4, 1000, &damages) && cli_number(&args, "depth", 1, 1000, &depth) &&
                   cli_number(&args, "states", 1000000, UINT32_MAX, &states) &&
                   cli_number(&args, "seed", 1, UINT32_MAX, &seed)) {
            campaign.steady = cli_given(&args, "steady");
            campaign.explore = (struct explore_options){.depth = depth == 0 ? EXPLORE_NO_LIMIT : (uint32_t)depth,
                                                        .seed = (uint32_t)seed,
                                                        .damages = (uint32_t)damages,
                                                        .noises = 3,
                                                        .chip_cuts = 1,
                                                        .max_states = (uint32_t)states};
            status = run_campaign(&campaign, cli_value(&args, "only", NULL), seed);
        }
    }
    cli_args_free(&args);
    return status;
}
