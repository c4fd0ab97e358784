#include "tests/powercut/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/powercut/images.h"

const struct story stories[] = {
    {"test", PRIOR_NONE, SWAP_TEST, IMAGE_NEW, IMAGE_NEW, IMAGE_OLD, true},
    {"perm", PRIOR_NONE, SWAP_PERM, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, true},
    {"revert", PRIOR_TESTED, SWAP_NONE, IMAGE_NEW, IMAGE_OLD, IMAGE_OLD, true},
    {"again", PRIOR_REVERTED, SWAP_TEST, IMAGE_NEW, IMAGE_NEW, IMAGE_OLD, true},
    {"again-perm", PRIOR_REVERTED, SWAP_PERM, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, true},
    {"renew", PRIOR_CONFIRMED, SWAP_TEST, IMAGE_OLD, IMAGE_OLD, IMAGE_NEW, true},
    {"replace", PRIOR_NONE, SWAP_TEST, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, false},
};
const size_t story_count = sizeof stories / sizeof stories[0];

const struct buffer *scenario_image(const struct scenario *scenario, enum scenario_image_id which)
{
    return images_get(scenario->size[which], (uint8_t)(1 + which), (uint32_t)(100 + which));
}

static void die(const char *what)
{
    (void)fprintf(stderr, "powercut: %s\n", what);
    exit(1);
}

static void boot_whole(struct world *world)
{
    struct boot_result result;

    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    if (boot_go(&world->boot, &result) != OK || nor_power_settle(&world->power) != OK) {
        die("a boot that prepares a scenario fails");
    }
}

static void upload(const struct scenario *scenario, struct world *world, enum scenario_image_id which,
                   enum swap_type type)
{
    unsigned area = sim_upload_to(world, 0);

    world_erase(world, area);
    world_put_image(world, area, sim_upload_off(world), scenario_image(scenario, which));
    world_request(world, area, type == SWAP_PERM);
}

static void erase_areas(struct world *world)
{
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area)) {
            world_erase(world, area);
        }
    }
}

void scenario_prepare(const struct scenario *scenario, struct world *world, struct world_state *start)
{
    const struct story *story = scenario->story;

    erase_areas(world);
    world_put_image(world, WORLD_PRIMARY, 0, scenario_image(scenario, IMAGE_OLD));
    if (story->prior != PRIOR_NONE) {
        upload(scenario, world, IMAGE_NEW, SWAP_TEST);
        boot_whole(world);
    }
    if (story->prior == PRIOR_REVERTED) {
        boot_whole(world);
    }
    if (story->prior == PRIOR_CONFIRMED) {
        world_confirm(world, WORLD_PRIMARY);
    }
    if (story->request != SWAP_NONE) {
        upload(scenario, world, story->uploaded, story->request);
    }
    world_save(world, start);
}

static void fail(struct outcome *outcome, const char *reason)
{
    if (!outcome->failed) {
        outcome->failed = true;
        (void)snprintf(outcome->reason, sizeof outcome->reason, "%s", reason);
    }
}

/* Plays the cuts. Returns whether a boot came to its end with one of them still to come. */
static bool play_cuts(const struct run *run, struct world *world, struct boot_result *result, struct outcome *outcome)
{
    for (size_t i = 0; i < run->cut_count; i++) {
        const struct cut *cut = &run->cuts[i];
        int err;

        nor_power_on(&world->power, cut->op, cut->kind, cut->seed);
        err = boot_go(&world->boot, result);
        if (!world->power.off) {
            if (err != OK) {
                fail(outcome, "a boot between cuts finds no image");
            }
            return true;
        }
        if (cut->kind != NOR_CUT_CLEAN && run->scenario.story->final != run->scenario.story->after &&
            sim_is_undecidable(world)) {
            outcome->undecidable = true;
        }
    }
    return false;
}

static void check_next_boot(const struct story *story, struct world *world, const struct buffer *after,
                            struct outcome *outcome)
{
    struct boot_result result;

    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    if (boot_go(&world->boot, &result) != OK || !sim_runs(world, &result, after)) {
        fail(outcome, story->final == story->after ? "the image does not stay" : "the old image does not come back");
    } else if (world->power.ops != 0 && story->final == story->after) {
        fail(outcome, "a boot that changes nothing writes");
    }
}

static void check_final(const struct run *run, struct world *world, const struct boot_result *result,
                        struct outcome *outcome)
{
    const struct story *story = run->scenario.story;
    const struct buffer *after = scenario_image(&run->scenario, story->after);

    if (!sim_runs(world, result, scenario_image(&run->scenario, story->final))) {
        if (!outcome->undecidable || !sim_runs(world, result, after)) {
            fail(outcome, "another image than the requested one runs");
        }
    } else if (story->final != story->after && !sim_keeps(world, after)) {
        fail(outcome, "the old image is lost before the new one is confirmed");
    } else {
        check_next_boot(story, world, after, outcome);
    }
}

void scenario_play(const struct run *run, struct world *world, const struct world_state *start, struct outcome *outcome)
{
    struct boot_result result;

    *outcome = (struct outcome){0};
    world_restore(world, start);
    if (!play_cuts(run, world, &result, outcome)) {
        nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        if (boot_go(&world->boot, &result) != OK) {
            fail(outcome, "no image boots after power is back");
        }
    }
    outcome->ops = world->power.ops;
    if (nor_power_settle(&world->power) != OK) {
        fail(outcome, "an operation that was left running fails");
    }
    if (!outcome->failed) {
        check_final(run, world, &result, outcome);
    }
    if (world_violation(world)[0] != '\0') {
        fail(outcome, world_violation(world));
    }
    if (!world_guards_hold(world, start)) {
        fail(outcome, "something outside the slots changed");
    }
}
