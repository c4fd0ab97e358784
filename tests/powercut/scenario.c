#include "tests/powercut/scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/powercut/images.h"

#define KIB 1024U

const struct world_geometry geometries[] = {
    {"4K-4-1", {4 * KIB, 4 * KIB}, {4, 1}, {64 * KIB, 64 * KIB}, {2, 0}},
    {"4K-4-4", {4 * KIB, 4 * KIB}, {4, 4}, {64 * KIB, 68 * KIB}, {2, 0}},
    {"4K-8-1", {4 * KIB, 4 * KIB}, {8, 1}, {64 * KIB, 64 * KIB}, {1, 0}},
    {"1K-1-8", {1 * KIB, 1 * KIB}, {1, 8}, {32 * KIB, 32 * KIB}, {0, 1}},
    {"4K-4-1-big", {4 * KIB, 4 * KIB}, {4, 1}, {256 * KIB, 256 * KIB}, {2, 0}},
};
const size_t geometry_count = sizeof geometries / sizeof geometries[0];

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

static const struct buffer *image_of(const struct scenario *scenario, enum scenario_image which)
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

static void upload(const struct scenario *scenario, struct world *world, enum scenario_image which, enum swap_type type)
{
    world_erase_slot(world, WORLD_SECONDARY);
    world_put_image(world, WORLD_SECONDARY, world_upload_off(world), image_of(scenario, which));
    world_request(world, type == SWAP_PERM);
}

void scenario_prepare(const struct scenario *scenario, struct world *world, struct world_state *start)
{
    const struct story *story = scenario->story;

    world_erase_slot(world, WORLD_PRIMARY);
    world_erase_slot(world, WORLD_SECONDARY);
    world_put_image(world, WORLD_PRIMARY, 0, image_of(scenario, IMAGE_OLD));
    if (story->prior != PRIOR_NONE) {
        upload(scenario, world, IMAGE_NEW, SWAP_TEST);
        boot_whole(world);
    }
    if (story->prior == PRIOR_REVERTED) {
        boot_whole(world);
    }
    if (story->prior == PRIOR_CONFIRMED) {
        world_confirm(world);
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

/*
 * A program of copy_done that power cut off looks the same as one that was completed before an image ran and did not
 * confirm itself. SPEC lists it; the old image is the safer outcome.
 */
static bool is_undecidable(struct world *world, const struct story *story)
{
    struct trailer trailer;

    if (story->final == story->after) {
        return false;
    }
    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    trailer = world_trailer(world, WORLD_PRIMARY);
    return trailer.magic == TRAILER_MAGIC_GOOD && trailer.image_ok == TRAILER_FLAG_UNSET &&
           trailer.swap_type == SWAP_TEST && trailer.copy_done != TRAILER_FLAG_UNSET;
}

/* Plays the cuts. Returns whether a boot came to its end with one of them still to come. */
static bool play_cuts(const struct run *run, struct world *world, struct outcome *outcome)
{
    for (size_t i = 0; i < run->cut_count; i++) {
        const struct cut *cut = &run->cuts[i];
        struct boot_result result;
        int err;

        nor_power_on(&world->power, cut->op, cut->kind, cut->seed);
        err = boot_go(&world->boot, &result);
        if (!world->power.off) {
            if (err != OK) {
                fail(outcome, "a boot between cuts finds no image");
            }
            return true;
        }
        if (cut->kind != NOR_CUT_CLEAN && is_undecidable(world, run->scenario.story)) {
            outcome->undecidable = true;
        }
    }
    return false;
}

/* Whether the trailers are as an uninterrupted update leaves them, so that the next boot need not be played. */
static bool awaits_confirmation(struct world *world, const struct buffer *after)
{
    struct trailer trailer = world_trailer(world, WORLD_PRIMARY);

    return trailer.magic == TRAILER_MAGIC_GOOD && trailer.image_ok == TRAILER_FLAG_UNSET &&
           trailer.copy_done == TRAILER_FLAG_SET && world_trailer(world, WORLD_SECONDARY).magic != TRAILER_MAGIC_GOOD &&
           world_has_image(world, WORLD_SECONDARY, 0, after);
}

static void check_next_boot(const struct story *story, struct world *world, const struct buffer *after,
                            struct outcome *outcome)
{
    struct boot_result result;

    nor_power_on(&world->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    if (boot_go(&world->boot, &result) != OK || !world_has_image(world, WORLD_PRIMARY, 0, after)) {
        fail(outcome, story->final == story->after ? "the image does not stay" : "the old image does not come back");
    } else if (world->power.ops != 0 && story->final == story->after) {
        fail(outcome, "a boot that changes nothing writes");
    }
}

static void check_final(const struct run *run, struct world *world, struct outcome *outcome)
{
    const struct story *story = run->scenario.story;
    const struct buffer *after = image_of(&run->scenario, story->after);

    if (!world_has_image(world, WORLD_PRIMARY, 0, image_of(&run->scenario, story->final))) {
        if (!outcome->undecidable || !world_has_image(world, WORLD_PRIMARY, 0, after)) {
            fail(outcome, "another image than the requested one is in the primary slot");
        }
    } else if (story->final == story->after || !awaits_confirmation(world, after)) {
        check_next_boot(story, world, after, outcome);
    }
}

void scenario_play(const struct run *run, struct world *world, const struct world_state *start, struct outcome *outcome)
{
    struct boot_result result;

    *outcome = (struct outcome){0};
    world_restore(world, start);
    if (!play_cuts(run, world, outcome)) {
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
        check_final(run, world, outcome);
    }
    if (world_violation(world)[0] != '\0') {
        fail(outcome, world_violation(world));
    }
    if (!world_guards_hold(world, start)) {
        fail(outcome, "something outside the slots changed");
    }
}

static const char cut_letters[] = {[NOR_CUT_CLEAN] = 'C', [NOR_CUT_BEHIND] = 'B', [NOR_CUT_TORN] = 'T'};

void run_id(const struct run *run, struct buffer *out)
{
    const struct scenario *scenario = &run->scenario;

    buffer_print(out, "%s/%s/%u-%u/%s", scenario->mode_name, scenario->geometry->name,
                 (unsigned)scenario->size[IMAGE_OLD], (unsigned)scenario->size[IMAGE_NEW], scenario->story->name);
    for (size_t i = 0; i < run->cut_count; i++) {
        buffer_print(out, "/%" PRIu64 "%c%u", run->cuts[i].op, cut_letters[run->cuts[i].kind],
                     (unsigned)run->cuts[i].seed);
    }
}

/* Takes a decimal number. */
static bool take_number(const char **text, uint64_t *number)
{
    char *end;

    *number = strtoull(*text, &end, 10);
    if (end == *text || **text < '0' || **text > '9') {
        return false;
    }
    *text = end;
    return true;
}

static bool take_char(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    (*text)++;
    return true;
}

/* "/17T5" */
static bool take_cut(const char **text, struct cut *cut)
{
    uint64_t seed = 0;

    if (!take_char(text, '/') || !take_number(text, &cut->op)) {
        return false;
    }
    for (size_t kind = 0; kind < sizeof cut_letters; kind++) {
        if (take_char(text, cut_letters[kind])) {
            cut->kind = (enum nor_cut)kind;
            if (!take_number(text, &seed)) {
                return false;
            }
            cut->seed = (uint32_t)seed;
            return true;
        }
    }
    return false;
}

/* Whether the next part of an id is `name`; then takes it. */
static bool take_name(const char **text, const char *name)
{
    size_t len = strcspn(*text, "/");

    if (strlen(name) != len || strncmp(*text, name, len) != 0) {
        return false;
    }
    *text += len;
    return true;
}

static bool take_mode(const char **text, struct scenario *scenario)
{
    if (take_name(text, "offset")) {
        scenario->mode = &boot_mode_swap_offset;
        scenario->mode_name = "offset";
        return true;
    }
    scenario->mode = &boot_mode_overwrite;
    scenario->mode_name = "overwrite";
    return take_name(text, "overwrite");
}

static bool take_geometry(const char **text, struct scenario *scenario)
{
    for (size_t i = 0; i < geometry_count; i++) {
        if (take_name(text, geometries[i].name)) {
            scenario->geometry = &geometries[i];
            return true;
        }
    }
    return false;
}

static bool take_sizes(const char **text, struct scenario *scenario)
{
    uint64_t size[2];

    if (!take_number(text, &size[0]) || !take_char(text, '-') || !take_number(text, &size[1])) {
        return false;
    }
    scenario->size[0] = (uint32_t)size[0];
    scenario->size[1] = (uint32_t)size[1];
    return true;
}

static bool take_story(const char **text, struct scenario *scenario)
{
    for (size_t i = 0; i < story_count; i++) {
        if (take_name(text, stories[i].name)) {
            scenario->story = &stories[i];
            return true;
        }
    }
    return false;
}

bool run_parse(const char *id, struct run *run)
{
    struct scenario *scenario = &run->scenario;

    memset(run, 0, sizeof *run);
    if (!take_mode(&id, scenario) || !take_char(&id, '/') || !take_geometry(&id, scenario) || !take_char(&id, '/') ||
        !take_sizes(&id, scenario) || !take_char(&id, '/') || !take_story(&id, scenario)) {
        return false;
    }
    while (*id != '\0' && run->cut_count < SCENARIO_MAX_CUTS) {
        if (!take_cut(&id, &run->cuts[run->cut_count++])) {
            return false;
        }
    }
    return *id == '\0';
}

static bool is_filled(const uint8_t *data, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != value) {
            return false;
        }
    }
    return true;
}

/* "o3": unit 3 of the old image; "--": erased; "??": anything else. */
static void draw_sector(const struct scenario *scenario, const uint8_t *data, uint32_t sector)
{
    static const char letters[] = {[IMAGE_OLD] = 'o', [IMAGE_NEW] = 'n'};

    for (size_t which = 0; which < 2; which++) {
        const struct buffer *image = image_of(scenario, (enum scenario_image)which);

        for (size_t unit = 0; unit * sector < image->len; unit++) {
            size_t left = image->len - unit * sector;

            if (memcmp(data, image->data + unit * sector, left < sector ? left : sector) == 0) {
                (void)printf(" %c%-2u", letters[which], (unsigned)unit);
                return;
            }
        }
    }
    (void)fputs(is_filled(data, sector, 0xff) ? " -- " : " ?? ", stdout);
}

void scenario_draw(const struct scenario *scenario, struct world *world)
{
    static const char *const names[WORLD_SIDES] = {"primary  ", "secondary"};
    static const char *const words[] = {"", "set", "bad", "-"};

    for (int side = 0; side < WORLD_SIDES; side++) {
        uint32_t sector = world->geometry.sector[side];
        const uint8_t *slot = world->data[side] + world->area[side].off;
        struct trailer trailer;

        (void)printf("  %s", names[side]);
        for (uint32_t at = 0; at < world->geometry.slot_size[side]; at += sector) {
            draw_sector(scenario, slot + at, sector);
        }
        /* Read behind the device's back: drawing must not wait for what is running. */
        trailer = world_peek_trailer(world, (enum world_side)side);
        (void)printf("  magic %s, type %d, image_ok %s, copy_done %s, status %u\n", words[trailer.magic],
                     (int)trailer.swap_type, words[trailer.image_ok], words[trailer.copy_done],
                     (unsigned)trailer.status_done);
    }
}
