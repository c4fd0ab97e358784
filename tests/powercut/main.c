/*
 * powercut: plays the bootloader core over flash models and cuts the power at every operation.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options.h"
#include "tests/powercut/images.h"
#include "tests/powercut/jobs.h"
#include "tests/powercut/log.h"

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

static double seconds(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void print_counts(const struct campaign *campaign, const struct campaign_counts *counts, double wall)
{
    const struct explore_counts *explored = &counts->explore;
    double cpu = ((double)counts->cpu_us + 1) / 1e6;

    (void)printf(
        "powercut: seed %" PRIu64 ", %" PRIu64 " scenarios, %" PRIu64 " cuts, %" PRIu64 " states, %" PRIu64
        " boots, %" PRIu64 " chains, %" PRIu64 " layouts refused, %" PRIu64 " undecidable, %" PRIu64
        " wavering (%" PRIu64 " boots without an image), %" PRIu64 " unfinished, %" PRIu64 " journals misread, %" PRIu64
        " failures; %.1f s, of the processor %.1f s: %.0f cuts/s, %.0f boots/s\n",
        campaign->seed, counts->scenarios, explored->cuts, explored->states, explored->boots, counts->chains,
        counts->refused, explored->undecidable, explored->wavering, explored->lost, explored->unfinished,
        explored->misread, counts->failures, wall, cpu, (double)explored->cuts / cpu, (double)explored->boots / cpu);
}

static int play(const struct campaign *campaign, const struct campaign_list *list, const struct jobs_options *options)
{
    double start = seconds(CLOCK_MONOTONIC);
    struct campaign_counts counts = {0};
    struct failure failure;
    int err = jobs_play(campaign, list, options, &counts, &failure);

    if (err != OK) {
        (void)fprintf(stderr, "powercut: %s\n", failure.text);
    }
    images_free();
    if (err == OK) {
        print_counts(campaign, &counts, seconds(CLOCK_MONOTONIC) - start);
    }
    if (err != OK || counts.failures > 0 || counts.explore.unfinished > 0 || counts.scenarios == 0) {
        return CLI_FAILED;
    }
    /* Who looks for a first failure wants one of the boots. */
    return counts.explore.misread == 0 || campaign->stop_at_failure ? CLI_DONE : CLI_FAILED;
}

static const struct cli_option options[] = {
    {"replay", 'r', CLI_VALUE, "ID", "play one run and draw the flash before each operation"},
    {"only", 'o', CLI_VALUE, "ID", "only this scenario, an id without cuts"},
    {"depth", 'd', CLI_VALUE, "N", "with --only: cuts in a row (default 1; 0: to the fixpoint)"},
    {"damages", 't', CLI_VALUE, "N", "with --only: seeds of damage at each operation (default 4)"},
    {"whole-cells", 'w', CLI_FLAG, NULL, "with --only: damage only as prefixes of programs and cells not yet erased"},
    {"chains", 'c', CLI_VALUE, "N", "with --only: so many random chains of cuts instead"},
    {"mode", 'm', CLI_VALUE, "NAME", "only this update mode"},
    {"exhaustive", 'x', CLI_FLAG, NULL, "everything (docs/TESTING.md)"},
    {"jobs", 'j', CLI_VALUE, "N", "in so many processes (default 1)"},
    {"tell", 'l', CLI_FLAG, NULL, "a line for each scenario that is done"},
    {"ledger", 'g', CLI_VALUE, "FILE", "go on where an earlier run with this file ended"},
    {"part", 'p', CLI_VALUE, "N", "only every --parts-th scenario, from this one on (default 0)"},
    {"parts", 'n', CLI_VALUE, "N", "see --part (default 1)"},
    {"first", 'f', CLI_FLAG, NULL, "end at the first failure"},
    {"steady", 'y', CLI_FLAG, NULL, "without bits that read differently each time"},
    {"seed", 's', CLI_VALUE, "N", "seed of the damage and the samples (default 1)"},
};
static const struct cli_command command = {
    .name = "powercut",
    .summary = "Cuts the power at every flash operation of updates and reverts, over flash models.",
    .positional = "",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .example = "powercut --only offset/4K-4-1/8292-4097/revert --depth 0 --damages 1\n"
               "powercut --replay offset/4K-4-1/40960-40960/revert/17T5/-~2/3C0",
};

/* What --only, --depth and --damages say. */
static int list_one(const struct cli_args *args, const struct campaign *campaign, struct campaign_list *list)
{
    const char *id = cli_value(args, "only", "");
    struct campaign_job job = {.plan = "only", .kind = CAMPAIGN_EXPLORE};
    uint64_t depth;
    uint64_t damages;
    uint64_t chains;
    struct run run;

    if (!cli_number(args, "damages", 4, 1000, &damages) || !cli_number(args, "depth", 1, 1000, &depth) ||
        !cli_number(args, "chains", 0, UINT32_MAX, &chains)) {
        return CLI_USAGE;
    }
    if (!run_parse(id, &run)) {
        (void)fprintf(stderr, "powercut: %s is no scenario\n", id);
        return CLI_USAGE;
    }
    job.scenario = run.scenario;
    job.kind = chains != 0 ? CAMPAIGN_CHAINS : CAMPAIGN_EXPLORE;
    job.chains = (uint32_t)chains;
    job.explore = (struct explore_options){.depth = depth == 0 ? EXPLORE_NO_LIMIT : (uint32_t)depth,
                                           .seed = (uint32_t)campaign->seed,
                                           .damages = (uint32_t)damages,
                                           .noises = NOR_NOISES,
                                           .chip_cuts = 1,
                                           .max_states = 4000000,
                                           .whole_cells = cli_given(args, "whole-cells")};
    campaign_list_add(list, &job);
    return CLI_DONE;
}

static int list_jobs(const struct cli_args *args, const struct campaign *campaign, struct campaign_list *list)
{
    if (cli_given(args, "only")) {
        return list_one(args, campaign, list);
    }
    if (cli_given(args, "exhaustive")) {
        campaign_list_everything(campaign, list);
    } else {
        campaign_list_budget(campaign, list);
    }
    return CLI_DONE;
}

static int run_or_replay(const struct cli_args *args)
{
    struct campaign campaign = {.steady = cli_given(args, "steady"),
                                .stop_at_failure = cli_given(args, "first"),
                                .only_mode = cli_value(args, "mode", NULL)};
    struct jobs_options how = {.tells = cli_given(args, "tell"), .ledger = cli_value(args, "ledger", NULL)};
    struct campaign_list list = {0};
    uint64_t part;
    uint64_t parts;
    uint64_t processes;
    int status;

    if (cli_given(args, "replay")) {
        return replay_id(cli_value(args, "replay", ""), campaign.steady);
    }
    if (!cli_number(args, "part", 0, 1000, &part) || !cli_number(args, "parts", 1, 1000, &parts) ||
        !cli_number(args, "seed", 1, UINT32_MAX, &campaign.seed) || !cli_number(args, "jobs", 1, 64, &processes) ||
        parts == 0 || processes == 0) {
        return CLI_USAGE;
    }
    how.part = (uint32_t)part;
    how.parts = (uint32_t)parts;
    how.processes = (unsigned)processes;
    status = list_jobs(args, &campaign, &list);
    if (status == CLI_DONE) {
        status = play(&campaign, &list, &how);
    }
    campaign_list_free(&list);
    return status;
}

int main(int argc, char **argv)
{
    struct cli_args args;
    int status = CLI_USAGE;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = run_or_replay(&args);
    }
    cli_args_free(&args);
    return status;
}
