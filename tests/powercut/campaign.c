#include "tests/powercut/campaign.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/random.h"
#include "tests/powercut/images.h"

#define REPORTS 20

/* One job being played. */
struct play {
    const struct campaign *campaign;
    const struct campaign_job *job;
    struct campaign_counts *counts;
};

static void report(void *context, const struct run *run, const struct outcome *outcome)
{
    struct play *play = context;
    struct buffer id = {0};

    if (play->counts->failures++ < (play->campaign->stop_at_failure ? 1 : REPORTS)) {
        run_id(run, &id);
        (void)printf("powercut: FAILED %s: %s\n", buffer_text(&id), outcome->reason);
        buffer_free(&id);
    }
}

static void open_world(const struct play *play, struct world *world, struct state *start)
{
    const struct scenario *scenario = &play->job->scenario;

    world_init(world, scenario->geometry, scenario->mode, 1, 0);
    if (!sim_accepts(world)) {
        (void)fprintf(stderr, "powercut: %s cannot work with the slots of %s\n", scenario->mode->name,
                      scenario->geometry->name);
        exit(1);
    }
    scenario_prepare(scenario, world, start);
    world->device[WORLD_INTERNAL].model.settles = play->campaign->steady || play->job->steady;
    world->device[WORLD_EXTERNAL].model.settles = play->campaign->steady || play->job->steady;
}

static void play_exploration(struct play *play)
{
    struct explore_options options = play->job->explore;
    struct world world;
    struct state start;

    options.stop_at_failure = play->campaign->stop_at_failure;
    open_world(play, &world, &start);
    explore(&play->job->scenario, &options, &world, &start, &play->counts->explore, report, play);
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

/* So that a scenario has chains of its own, wherever it is in a campaign. */
static uint64_t seed_of_chains(const struct campaign_job *job)
{
    struct buffer name = {0};
    uint64_t seed = job->explore.seed;

    campaign_job_name(job, &name);
    for (size_t i = 0; i < name.len; i++) {
        seed = (seed ^ name.data[i]) * 0x100000001b3U;
    }
    buffer_free(&name);
    return seed;
}

static void play_chains(struct play *play)
{
    struct random random = {seed_of_chains(play->job)};
    struct run run = {.scenario = play->job->scenario};
    struct world world;
    struct state start;
    struct outcome outcome;
    uint64_t ops;

    open_world(play, &world, &start);
    scenario_play(&run, &world, &start, &outcome);
    ops = outcome.ops;
    for (uint32_t i = 0; i < play->job->chains; i++) {
        make_chain(&random, ops, &run);
        scenario_play(&run, &world, &start, &outcome);
        play->counts->chains++;
        play->counts->explore.cuts += run.cut_count;
        play->counts->explore.boots += outcome.boots;
        play->counts->explore.undecidable += outcome.undecidable ? 1 : 0;
        if (outcome.failed) {
            report(play, &run, &outcome);
        }
    }
    world_drop(&world, &start);
    world_free(&world);
}

/* A mode that cannot work with these slots says so, boots what it has, and changes nothing but the request. */
static void check_refusal(struct play *play, struct world *world)
{
    const struct scenario *scenario = &play->job->scenario;
    struct run run = {.scenario = *scenario};
    struct outcome outcome = {0};
    struct boot_result result;
    /* In place, without revert, no trailer is needed to start the higher version. */
    bool is_refused = !scenario->mode->is_in_place || scenario->mode->has_revert;
    const struct buffer *wanted = scenario_image(scenario, is_refused ? IMAGE_OLD : IMAGE_NEW);

    play->counts->refused++;
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
        report(play, &run, &outcome);
    }
}

static void play_refusal(struct play *play)
{
    const struct scenario *scenario = &play->job->scenario;
    struct world world;

    world_init(&world, scenario->geometry, scenario->mode, 1, 0);
    check_refusal(play, &world);
    world_free(&world);
}

static uint64_t cpu_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

void campaign_play(const struct campaign *campaign, const struct campaign_job *job, struct campaign_counts *counts)
{
    static void (*const players[])(struct play *) = {
        [CAMPAIGN_EXPLORE] = play_exploration, [CAMPAIGN_CHAINS] = play_chains, [CAMPAIGN_REFUSE] = play_refusal};
    struct play play = {campaign, job, counts};
    uint64_t start = cpu_us();

    counts->scenarios += job->kind != CAMPAIGN_REFUSE ? 1 : 0;
    players[job->kind](&play);
    images_tidy();
    counts->cpu_us += cpu_us() - start;
}

void campaign_job_name(const struct campaign_job *job, struct buffer *out)
{
    const struct run run = {.scenario = job->scenario};

    buffer_print(out, "%s ", job->plan);
    run_id(&run, out);
    buffer_print(out, " seed %" PRIu32, job->explore.seed);
}

struct count {
    const char *name;
    size_t at; /* in struct campaign_counts */
};

#define COUNT(field)                                                                                                   \
    {                                                                                                                  \
#field, offsetof(struct campaign_counts, field)                                                                \
    }
#define EXPLORED(field)                                                                                                \
    {                                                                                                                  \
#field, offsetof(struct campaign_counts, explore.field)                                                        \
    }

static const struct count all_counts[] = {
    COUNT(scenarios), COUNT(refused),    COUNT(chains),       COUNT(failures),       COUNT(cpu_us),
    EXPLORED(cuts),   EXPLORED(states),  EXPLORED(boots),     EXPLORED(undecidable), EXPLORED(wavering),
    EXPLORED(lost),   EXPLORED(misread), EXPLORED(unfinished)};

static uint64_t count_get(const struct campaign_counts *counts, const struct count *count)
{
    uint64_t value;

    memcpy(&value, (const uint8_t *)counts + count->at, sizeof value);
    return value;
}

static void count_add(struct campaign_counts *counts, const struct count *count, uint64_t more)
{
    uint64_t value = count_get(counts, count) + more;

    memcpy((uint8_t *)counts + count->at, &value, sizeof value);
}

void campaign_counts_add(struct campaign_counts *counts, const struct campaign_counts *more)
{
    for (size_t i = 0; i < sizeof all_counts / sizeof all_counts[0]; i++) {
        count_add(counts, &all_counts[i], count_get(more, &all_counts[i]));
    }
}

void campaign_counts_print(const struct campaign_counts *counts, struct buffer *out)
{
    for (size_t i = 0; i < sizeof all_counts / sizeof all_counts[0]; i++) {
        buffer_print(out, "%s%s=%" PRIu64, i == 0 ? "" : " ", all_counts[i].name, count_get(counts, &all_counts[i]));
    }
}

bool campaign_counts_parse(const char *text, struct campaign_counts *counts)
{
    bool good = true;

    *counts = (struct campaign_counts){0};
    for (size_t i = 0; good && i < sizeof all_counts / sizeof all_counts[0]; i++) {
        size_t len = strlen(all_counts[i].name);
        char *end = NULL;

        good = strncmp(text, all_counts[i].name, len) == 0 && text[len] == '=';
        count_add(counts, &all_counts[i], good ? strtoull(text + len + 1, &end, 10) : 0);
        text = good ? end + strspn(end, " ") : text;
    }
    return good && *text == '\0';
}
