#include "tests/powercut/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/powercut/images.h"

#define ATTEMPTS     3 /* as apps/mcuboot/main.c */
#define RESTATEMENTS 2 /* boots that may write again what reads differently; then it is certain, and all is quiet */

const struct story stories[] = {
    {"test", PRIOR_NONE, SWAP_TEST, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_OLD, IMAGE_NEW, true, false, false},
    {"perm", PRIOR_NONE, SWAP_PERM, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, true, false, false},
    {"revert", PRIOR_TESTED, SWAP_NONE, IMAGE_NEW, ACT_NONE, IMAGE_OLD, IMAGE_OLD, IMAGE_OLD, true, false, false},
    {"again", PRIOR_REVERTED, SWAP_TEST, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_OLD, IMAGE_NEW, true, false, false},
    {"again-perm", PRIOR_REVERTED, SWAP_PERM, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, true, false, false},
    {"renew", PRIOR_CONFIRMED, SWAP_TEST, IMAGE_OLD, ACT_NONE, IMAGE_OLD, IMAGE_NEW, IMAGE_OLD, true, false, false},
    {"upload", PRIOR_REVERTED, SWAP_NONE, IMAGE_NEW, ACT_UPLOAD, IMAGE_OLD, IMAGE_OLD, IMAGE_OLD, true, false, false},
    {"request", PRIOR_NONE, SWAP_TEST, IMAGE_NEW, ACT_REQUEST, IMAGE_NEW, IMAGE_OLD, IMAGE_OLD, true, false, false},
    {"request-perm", PRIOR_NONE, SWAP_PERM, IMAGE_NEW, ACT_REQUEST, IMAGE_NEW, IMAGE_NEW, IMAGE_OLD, true, false,
     false},
    {"confirm", PRIOR_TESTED, SWAP_NONE, IMAGE_NEW, ACT_CONFIRM, IMAGE_NEW, IMAGE_NEW, IMAGE_OLD, true, false, false},
    {"refuse", PRIOR_NONE, SWAP_TEST, IMAGE_NEW, ACT_NONE, IMAGE_OLD, IMAGE_OLD, IMAGE_OLD, false, false, true},
    {"refuse-again", PRIOR_REVERTED, SWAP_PERM, IMAGE_NEW, ACT_NONE, IMAGE_OLD, IMAGE_OLD, IMAGE_OLD, true, false,
     true},
    {"install", PRIOR_EMPTY, SWAP_PERM, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, false, false, false},
    {"rescue", PRIOR_EMPTY, SWAP_NONE, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, false, false, false},
    {"replace", PRIOR_NONE, SWAP_TEST, IMAGE_NEW, ACT_NONE, IMAGE_NEW, IMAGE_NEW, IMAGE_NEW, false, true, false},
};
const size_t story_count = sizeof stories / sizeof stories[0];

const struct buffer *scenario_image(const struct scenario *scenario, enum scenario_image_id which)
{
    return images_get_for(scenario->mode->load_addr, scenario->size[which], (uint8_t)(1 + which),
                          (uint32_t)(100 + which));
}

bool story_applies(const struct story *story, const struct sim_mode *mode)
{
    /* In place the higher version wins: there is no way back from it but by a revert. */
    if (mode->is_in_place && story->prior == PRIOR_CONFIRMED) {
        return false;
    }
    if (mode->only_story != NULL && strcmp(mode->only_story, story->name) != 0) {
        return false;
    }
    return mode->has_revert ? !story->without_revert : !story->needs_revert;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "powercut: %s\n", what);
    exit(1);
}

/* Areas on a device that does not answer are not there, as in apps/mcuboot/main.c. */
static void open_external(struct world *world)
{
    bool answers = flash_init(&world->device[WORLD_EXTERNAL].flash) == OK;

    for (unsigned image = 0; image < world->images; image++) {
        world->areas[image].secondary = answers ? &world->area[WORLD_AREA(image, WORLD_SECONDARY)] : NULL;
    }
    if (world->mode->external_answers != NULL) {
        world->mode->external_answers(world, answers);
    }
}

/* One power-on of the bootloader. */
static int boot(struct world *world, struct boot_result *result)
{
    int err = ERR_BOOT_NO_IMAGE;

    for (int i = 0; i < ATTEMPTS && err != OK && !world->power.off; i++) {
        open_external(world);
        err = sim_boot(world, result);
    }
    return err;
}

static void power_on(struct world *world, const struct cut *cut)
{
    world->power.noise = cut->noise;
    nor_power_on(&world->power, cut->op, cut->kind, cut->seed);
}

static void boot_whole(struct world *world)
{
    static const struct cut no_cut = {.op = NOR_NO_CUT};
    struct boot_result result;

    power_on(world, &no_cut);
    if (boot(world, &result) != OK || nor_power_settle(&world->power) != OK) {
        die("a boot that prepares a scenario fails");
    }
}

/* What an application does; stops when power fails. */

static int act_upload(const struct scenario *scenario, struct world *world, enum scenario_image_id which)
{
    unsigned area = sim_upload_to(world, 0);
    int err = world_try_erase(world, area);

    return err != OK ? err : world_try_put_image(world, area, sim_upload_off(world), scenario_image(scenario, which));
}

static int act(const struct scenario *scenario, struct world *world)
{
    unsigned area = sim_upload_to(world, 0);

    switch (scenario->story->act) {
    case ACT_UPLOAD:
        return act_upload(scenario, world, scenario->story->uploaded);
    case ACT_REQUEST:
        return trailer_request(&world->area[area], &world->layout[area], scenario->story->request == SWAP_PERM, 0);
    case ACT_CONFIRM:
        area = sim_new_area(world);
        return trailer_confirm(&world->area[area], &world->layout[area]);
    default:
        return OK;
    }
}

static void upload(const struct scenario *scenario, struct world *world, enum scenario_image_id which)
{
    if (act_upload(scenario, world, which) != OK) {
        die("cannot upload");
    }
}

/* One byte of the payload changes. */
static void spoil(const struct scenario *scenario, struct world *world)
{
    unsigned area = sim_upload_to(world, 0);
    uint32_t off = sim_upload_off(world) + scenario->size[scenario->story->uploaded] / 2;
    struct nor_model *model = &world->device[world_device_of(world, area)].model;

    world_bytes(world, area)[off] ^= 0x10;
    nor_model_note_change(model, world->area[area].off + off, 1);
}

static void erase_areas(struct world *world)
{
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area)) {
            world_erase(world, area);
        }
    }
}

static void prepare_past(const struct scenario *scenario, struct world *world)
{
    enum scenario_prior prior = scenario->story->prior;

    if (prior != PRIOR_EMPTY) {
        world_put_image(world, WORLD_PRIMARY, 0, scenario_image(scenario, IMAGE_OLD));
    }
    if (prior > PRIOR_NONE) {
        upload(scenario, world, IMAGE_NEW);
        world_request(world, sim_upload_to(world, 0), false);
        boot_whole(world);
    }
    if (prior == PRIOR_REVERTED) {
        boot_whole(world);
    }
    if (prior == PRIOR_CONFIRMED) {
        world_confirm(world, WORLD_PRIMARY);
        boot_whole(world);
    }
}

void scenario_prepare(const struct scenario *scenario, struct world *world, struct state *start)
{
    const struct story *story = scenario->story;

    erase_areas(world);
    prepare_past(scenario, world);
    if (story->request != SWAP_NONE || story->prior == PRIOR_EMPTY) {
        upload(scenario, world, story->uploaded);
    }
    if (story->is_spoilt) {
        spoil(scenario, world);
    }
    if (story->request != SWAP_NONE && story->act != ACT_REQUEST) {
        world_request(world, sim_upload_to(world, 0), story->request == SWAP_PERM);
    }
    world_save(world, start);
}

void outcome_fail(struct outcome *outcome, const char *reason)
{
    if (!outcome->failed) {
        outcome->failed = true;
        (void)snprintf(outcome->reason, sizeof outcome->reason, "%s", reason);
    }
}

static uint8_t only(enum scenario_image_id image)
{
    return (uint8_t)(1U << image);
}

struct moment moment_begin(const struct story *story)
{
    return (struct moment){
        story->act != ACT_NONE ? MOMENT_ACT : MOMENT_FIRST, only(story->final), false, false, 0, false};
}

int moment_run(const struct scenario *scenario, const struct moment *moment, struct world *world,
               struct boot_result *result)
{
    int err = moment->phase == MOMENT_ACT ? act(scenario, world) : boot(world, result);
    int settled = nor_power_settle(&world->power);

    return err != OK ? err : settled;
}

/* Without a request nothing says that a copy into an empty board is unfinished, but that it does not verify. */
static bool rescue_wavers(const struct story *story, const struct world *world)
{
    return story->prior == PRIOR_EMPTY && story->request == SWAP_NONE &&
           world_is_unstable(world, WORLD_PRIMARY, 0, world->area[WORLD_PRIMARY].size);
}

void moment_cut(const struct scenario *scenario, struct moment *moment, const struct world *world)
{
    const struct story *story = scenario->story;

    bool is_act = moment->phase == MOMENT_ACT;

    /* A request whose erase was cut may be seen, and cleared, once more. */
    moment->may_restate = moment->may_restate || sim_may_restate(world) || sim_trailers_waver(world, true);
    if (is_act) {
        moment->phase = MOMENT_FIRST;
        moment->accepted |= only(story->unchanged);
    }
    if (moment->phase == MOMENT_FIRST && story->final != story->after && !moment->undecidable &&
        sim_is_undecidable(world)) {
        moment->undecidable = true;
        moment->accepted |= only(story->after);
    }
    if (sim_trailers_waver(world, false) || rescue_wavers(story, world)) {
        moment->wavered = true;
    } else if (sim_trailers_waver(world, is_act)) {
        moment->may_restate = true;
        moment->undecidable = true;
        moment->accepted = only(IMAGE_OLD) | only(IMAGE_NEW);
    }
}

/* Which of both images runs; SCENARIO_IMAGES: none of them. */
static enum scenario_image_id running(const struct scenario *scenario, const struct world *world,
                                      const struct boot_result *result)
{
    for (unsigned image = 0; image < SCENARIO_IMAGES; image++) {
        if (sim_runs(world, result, scenario_image(scenario, (enum scenario_image_id)image))) {
            return (enum scenario_image_id)image;
        }
    }
    return SCENARIO_IMAGES;
}

void moment_chip_cut(const struct scenario *scenario, struct moment *moment, struct world *world, int err,
                     const struct boot_result *result, struct outcome *outcome)
{
    const struct story *story = scenario->story;
    enum scenario_image_id image = SCENARIO_IMAGES;

    if (moment->phase == MOMENT_ACT) {
        moment_cut(scenario, moment, world);
        return;
    }
    if (err == OK) {
        image = running(scenario, world, result);
        if (image == SCENARIO_IMAGES && !moment->wavered) {
            outcome_fail(outcome, "without the chip a boot runs no image of the two");
        }
    }
    moment_cut(scenario, moment, world);
    /* The tested image was started: whether that was noted is for the next boot to say. */
    if (moment->phase == MOMENT_FIRST && image == story->final) {
        moment->accepted |= only(story->after);
    }
}

static void next_moment(const struct scenario *scenario, struct moment *moment, const struct world *world,
                        enum scenario_image_id image, struct outcome *outcome)
{
    const struct story *story = scenario->story;

    if (moment->phase == MOMENT_FIRST && story->final != story->after && image == story->final) {
        if (!sim_keeps(world, scenario_image(scenario, story->after))) {
            outcome_fail(outcome, "the old image is lost before the new one is confirmed");
        }
        moment->phase = MOMENT_NEXT;
        moment->accepted = only(story->after);
    } else {
        bool is_quiet = moment->phase == MOMENT_STABLE && world->power.ops == 0;

        moment->restated = (uint8_t)(moment->restated + (moment->phase == MOMENT_STABLE && !is_quiet ? 1 : 0));
        moment->phase = is_quiet ? MOMENT_OVER : MOMENT_STABLE;
        /* In place an unstable copy_done stays what it is: the one image now, the other another time. */
        if (!scenario->mode->is_in_place || !moment->may_restate) {
            moment->accepted = only(image);
        }
    }
}

/* What is wrong with the image that runs; NULL: nothing. `image`: SCENARIO_IMAGES where it is none of both. */
static const char *wrong_image(const struct moment *moment, int err, enum scenario_image_id image)
{
    if (err != OK) {
        return "no image boots";
    }
    if (image != SCENARIO_IMAGES && (moment->accepted & only(image)) != 0) {
        return NULL;
    }
    switch (moment->phase) {
    case MOMENT_NEXT:
        return "the old image does not come back";
    case MOMENT_STABLE:
        return "the image does not stay";
    default:
        return "another image than the requested one runs";
    }
}

/* What a boot did that had nothing to do; NULL: nothing. */
static const char *unrest(const struct moment *moment, const struct world *world, const struct boot_result *result)
{
    if (moment->phase != MOMENT_STABLE) {
        return NULL;
    }
    if (world->power.ops != 0) {
        return moment->may_restate && moment->restated < RESTATEMENTS ? NULL : "a boot that changes nothing writes";
    }
    if (moment->may_restate) {
        return NULL;
    }
    return result->outcome[0].refused != OK ? "a request that was refused is not cleared" : NULL;
}

static void judge(const struct moment *moment, const struct world *world, int err, const struct boot_result *result,
                  enum scenario_image_id image, struct outcome *outcome)
{
    const char *reason = wrong_image(moment, err, image);

    if (reason == NULL) {
        reason = unrest(moment, world, result);
    }
    if (reason != NULL) {
        outcome_fail(outcome, reason);
    }
}

void moment_complete(const struct scenario *scenario, struct moment *moment, struct world *world, int err,
                     const struct boot_result *result, struct outcome *outcome)
{
    enum scenario_image_id image;

    outcome->undecidable = moment->undecidable || moment->wavered;
    if (world_violation(world)[0] != '\0') {
        outcome_fail(outcome, world_violation(world));
    }
    if (moment->phase == MOMENT_ACT) {
        moment->phase = MOMENT_FIRST;
        return;
    }
    if (moment->wavered) {
        outcome->lost = err != OK;
        moment->phase = MOMENT_OVER;
        return;
    }
    image = err == OK ? running(scenario, world, result) : SCENARIO_IMAGES;
    judge(moment, world, err, result, image, outcome);
    moment->may_restate = moment->may_restate && (sim_may_restate(world) || sim_trailers_waver(world, true));
    if (outcome->failed) {
        moment->phase = MOMENT_OVER;
    } else {
        next_moment(scenario, moment, world, image, outcome);
    }
}

static void play_power_on(const struct run *run, struct moment *moment, struct world *world, const struct cut *cut,
                          struct outcome *outcome)
{
    struct boot_result result = {.is_verified = HARDENED_FALSE};
    int err;

    power_on(world, cut);
    err = moment_run(&run->scenario, moment, world, &result);
    outcome->boots++;
    if (world->power.off) {
        moment_cut(&run->scenario, moment, world);
    } else if (cut->kind == NOR_CUT_CHIP && cut->op < world->power.ops) {
        moment_chip_cut(&run->scenario, moment, world, err, &result, outcome);
    } else {
        outcome->ops = outcome->ops == 0 ? world->power.ops : outcome->ops;
        moment_complete(&run->scenario, moment, world, err, &result, outcome);
    }
}

void scenario_play(const struct run *run, struct world *world, const struct state *start, struct outcome *outcome)
{
    static const struct cut no_cut = {.op = NOR_NO_CUT};
    struct moment moment = moment_begin(run->scenario.story);

    *outcome = (struct outcome){0};
    world_restore(world, start);
    for (size_t i = 0; moment.phase != MOMENT_OVER || i < run->cut_count; i++) {
        if (outcome->failed) {
            break;
        }
        play_power_on(run, &moment, world, i < run->cut_count ? &run->cuts[i] : &no_cut, outcome);
    }
    if (!world_guards_hold(world, start)) {
        outcome_fail(outcome, "something outside the areas changed");
    }
}
