/* A product that postpones updates, an external watchdog and a progress bar, over whole updates and cut ones. */
#include "tests/unit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <farboot/boot_hooks.h>
#include <farboot/flash_guard.h>
#include <farboot/log.h>

#include "tests/powercut/images.h"
#include "tests/powercut/modes.h"

/* docs/SPEC.md, "Watchdog": at most 1 s between two feeds. */
#define FEED_LIMIT_NS 1000000000ULL

/* What the hooks saw in one boot, and what they answer. */
static struct {
    struct world *world;
    bool refuses;
    unsigned asked;
    uint64_t ops_when_asked;
    uint64_t
        slot_ops; /* operations outside the journal, where a mode that has one may note that an image was started */
    bool is_revert;
    uint64_t unfed_ns; /* flash time since the last feed, as if no two devices ever worked at the same time */
    uint64_t longest_ns;
    unsigned percents; /* calls */
    unsigned percent;  /* of the last one */
    unsigned lines;
} seen;

bool boot_hook_may_begin(unsigned image, bool is_revert)
{
    assert_true(image < seen.world->images);
    seen.asked++;
    seen.ops_when_asked = seen.slot_ops;
    seen.is_revert = is_revert;
    return !seen.refuses;
}

void boot_hook_feed(void)
{
    seen.unfed_ns = 0;
}

void boot_hook_progress(unsigned percent)
{
    assert_true(percent <= 100);
    assert_true(percent == 0 || percent > seen.percent);
    seen.percents++;
    seen.percent = percent;
}

void log_line(char level, const char *format, ...)
{
    (void)level;
    seen.lines += strcmp(format, "Update: %u %%") == 0;
}

static const struct nor_timing *timing_of(const struct nor_device *device)
{
    bool internal = device == &seen.world->device[WORLD_INTERNAL];

    return internal ? &nor_part_nrf52840.timing : &nor_part_mx25r6435f.timing;
}

static bool is_in_journal(const struct nor_device *device, const struct nor_op *op)
{
    const struct flash_area *journal = &seen.world->area[WORLD_JOURNAL];

    return journal->size != 0 && journal->dev == &device->flash && op->off >= journal->off &&
           op->off - journal->off < journal->size;
}

static void watch(void *context, const struct nor_device *device, const struct nor_op *op)
{
    const struct nor_timing *timing = timing_of(device);
    uint64_t pages = (op->len + timing->page_size - 1) / timing->page_size;

    (void)context;
    seen.slot_ops += !is_in_journal(device, op);
    seen.unfed_ns +=
        op->kind == NOR_OP_ERASE ? op->len / 4096 * timing->erase[0].ns : pages * timing->program_page_max_ns;
    seen.longest_ns = seen.unfed_ns > seen.longest_ns ? seen.unfed_ns : seen.longest_ns;
}

struct board {
    struct world world;
    const struct buffer *old;
    const struct buffer *new;
};

/* `size` of the update, 0: the largest. */
static void start_images(struct board *board, const struct sim_mode *mode, unsigned images, uint32_t size)
{
    static const struct world_geometry geometry = {
        "hooks", {{4, 2, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 16}}}}, {4096, 16}, WORLD_INTERNAL};
    struct world *world = &board->world;

    world_init(world, &geometry, mode, images, 0);
    board->old = images_get(40000, 1, 1);
    board->new = images_get(size != 0 ? size : mode->largest(world), 2, 2);
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        if (world_has(world, area)) {
            world_erase(world, area);
        }
    }
    for (unsigned image = 0; image < images; image++) {
        world_put_image(world, WORLD_AREA(image, WORLD_PRIMARY), 0, board->old);
        world_put_image(world, sim_upload_to(world, image), sim_upload_off(world), board->new);
        world_request(world, sim_upload_to(world, image), false);
    }
}

static void start(struct board *board, const struct sim_mode *mode)
{
    start_images(board, mode, 1, 45000);
}

/* Modes that copy; NULL: there are no more. */
static const struct sim_mode *next_mode(const struct sim_mode *mode)
{
    while (mode < sim_modes + sim_mode_count && mode->is_in_place) {
        mode++;
    }
    return mode < sim_modes + sim_mode_count ? mode : NULL;
}

/* One boot, up to a cut, under the write guard that the bootloader installs. */
static int boot_until(struct board *board, uint64_t cut_at, bool refuses, struct boot_result *result)
{
    struct world *world = &board->world;
    const struct flash_area *slots[WORLD_AREAS];
    int err;

    memset(&seen, 0, sizeof seen);
    seen.world = world;
    seen.refuses = refuses;
    nor_power_on(&world->power, cut_at, NOR_CUT_TORN, (uint32_t)cut_at);
    world->power.watch = watch;
    for (unsigned area = 0; area < WORLD_AREAS; area++) {
        slots[area] = &world->area[area];
    }
    flash_guard_set(slots, sizeof slots / sizeof slots[0]);
    err = boot_go(&world->boot, result);
    err = err != OK ? err : nor_power_settle(&world->power);
    flash_guard_set(NULL, 0);
    world->power.watch = NULL;
    assert_string_equal(world_violation(world), "");
    return err;
}

static void assert_postponed(struct board *board, const struct buffer *running)
{
    struct boot_result result;

    for (int i = 0; i < 2; i++) { /* as often as the product wants */
        assert_int_equal(boot_until(board, NOR_NO_CUT, true, &result), OK);
        assert_int_equal(seen.asked, 1);
        assert_int_equal(result.outcome[0].refused, ERR_BOOT_POSTPONED);
        assert_int_equal(result.outcome[0].performed, SWAP_NONE);
        assert_int_equal(seen.slot_ops, 0);
        assert_int_equal(seen.percents, 0);
        assert_true(world_has_image(&board->world, WORLD_PRIMARY, 0, running));
    }
}

static void assert_done(struct board *board, enum swap_type type, const struct buffer *running)
{
    struct boot_result result;

    assert_int_equal(boot_until(board, NOR_NO_CUT, false, &result), OK);
    assert_int_equal(seen.asked, 1);
    assert_int_equal(seen.ops_when_asked, 0);
    assert_int_equal(seen.is_revert, type == SWAP_REVERT);
    assert_int_equal(result.outcome[0].refused, OK);
    assert_int_equal(result.outcome[0].performed, type);
    assert_true(world_has_image(&board->world, WORLD_PRIMARY, 0, running));
    assert_int_equal(seen.percent, 100);
    assert_true(seen.lines >= 2 && seen.lines <= 10); /* what a mode copies at a time may be more than a tenth */
}

static void test_a_postponed_update_stays_requested_and_writes_nothing(void **state)
{
    (void)state;
    for (const struct sim_mode *mode = next_mode(sim_modes); mode != NULL; mode = next_mode(mode + 1)) {
        struct board board;
        struct boot_result result;

        start(&board, mode);
        assert_postponed(&board, board.old);
        assert_done(&board, SWAP_TEST, board.new);
        if (mode->has_revert) {
            assert_postponed(&board, board.new);
            assert_done(&board, SWAP_REVERT, board.old);
        }
        assert_int_equal(boot_until(&board, NOR_NO_CUT, true, &result), OK);
        assert_int_equal(seen.asked, 0); /* nothing is to be done */
        world_free(&board.world);
    }
}

/* Images may need one another: one that must wait keeps the others waiting. */
static void test_all_image_pairs_are_postponed_together(void **state)
{
    (void)state;
    for (const struct sim_mode *mode = next_mode(sim_modes); mode != NULL; mode = next_mode(mode + 1)) {
        struct board board;
        struct boot_result result;

        start_images(&board, mode, 3, 45000);
        assert_int_equal(boot_until(&board, NOR_NO_CUT, true, &result), OK);
        assert_int_equal(seen.asked, 1);
        assert_int_equal(board.world.power.ops, 0);
        for (unsigned image = 0; image < 3; image++) {
            assert_int_equal(result.outcome[image].refused, ERR_BOOT_POSTPONED);
        }
        assert_int_equal(boot_until(&board, NOR_NO_CUT, false, &result), OK);
        assert_int_equal(seen.asked, 3);
        assert_int_equal(seen.ops_when_asked, 0);
        for (unsigned image = 0; image < 3; image++) {
            assert_int_equal(result.outcome[image].performed, SWAP_TEST);
            assert_true(world_has_image(&board.world, WORLD_AREA(image, WORLD_PRIMARY), 0, board.new));
        }
        world_free(&board.world);
    }
}

/* Cut anywhere, then a product that says no: what was begun goes on, or the device is as before. */
static void test_the_answer_no_never_leaves_a_device_without_image(void **state)
{
    (void)state;
    for (const struct sim_mode *mode = next_mode(sim_modes); mode != NULL; mode = next_mode(mode + 1)) {
        struct board board;
        struct boot_result result;
        struct state before;
        unsigned postponed = 0;
        uint64_t cut = 0;

        start(&board, mode);
        world_save(&board.world, &before);
        while (boot_until(&board, cut++, false, &result) != OK) {
            bool is_undecidable = sim_is_undecidable(&board.world); /* a torn program may be a whole one */
            bool is_old;
            bool is_postponed;

            assert_int_equal(boot_until(&board, NOR_NO_CUT, true, &result), OK);
            assert_true(seen.asked <= 1);
            assert_true(seen.longest_ns <= FEED_LIMIT_NS);
            is_old = world_has_image(&board.world, WORLD_PRIMARY, 0, board.old);
            is_postponed = result.outcome[0].refused == ERR_BOOT_POSTPONED && result.outcome[0].performed == SWAP_NONE;
            assert_true(is_old || world_has_image(&board.world, WORLD_PRIMARY, 0, board.new));
            /* Overwriting starts over, so it may be postponed when the new image is there and its end was cut off. */
            assert_true(is_undecidable || (is_old ? is_postponed : !is_postponed || !mode->has_revert));
            postponed += is_postponed;
            world_restore(&board.world, &before);
        }
        assert_true(cut > 20);
        assert_true(postponed > 0);
        world_drop(&board.world, &before);
        world_free(&board.world);
    }
}

static void test_watchdogs_are_fed_throughout(void **state)
{
    (void)state;
    for (const struct sim_mode *mode = next_mode(sim_modes); mode != NULL; mode = next_mode(mode + 1)) {
        struct board board;
        struct boot_result result;

        start_images(&board, mode, 1, 0); /* the largest image, which may want the trailers' sectors */
        assert_int_equal(boot_until(&board, NOR_NO_CUT, false, &result), OK);
        assert_true(board.world.power.ops > 20);
        assert_true(seen.longest_ns > 0 && seen.longest_ns <= FEED_LIMIT_NS);
        world_free(&board.world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_postponed_update_stays_requested_and_writes_nothing),
        cmocka_unit_test(test_all_image_pairs_are_postponed_together),
        cmocka_unit_test(test_the_answer_no_never_leaves_a_device_without_image),
        cmocka_unit_test(test_watchdogs_are_fed_throughout),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
