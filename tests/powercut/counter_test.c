/*
 * Security counters: nothing below the counter of a confirmed image is installed or started, the way back stays open
 * until then, and a cut while a counter is recorded loses nothing.
 */
#include "tests/powercut/board.h"

#include <string.h>

#include <farboot/boot_hooks.h>

#include "host/random.h"

#define PAYLOAD 6000U
#define NONE    UINT32_MAX

static const struct world_geometry geometry = {
    "counter", {{4, 2, 0xff, {{4096, 8}}}, {1, 0, 0xff, {{4096, 8}}}}, {0}, 0};

static const struct buffer *image(struct board *board, uint8_t major, uint32_t counter)
{
    const struct sign_params params = {.version = {.major = major},
                                       .security_counter = counter == NONE ? NULL : &counter};

    return board_image(board, &params, PAYLOAD);
}

static void use_journal(struct world *world)
{
    world->boot.journal = &world->area[WORLD_JOURNAL];
    world->boot.security_counter = true;
}

/* Version 1 in the primary, with this counter; nothing was recorded. */
static void start(struct board *board, const struct boot_mode *mode, uint32_t counter)
{
    static struct sim_mode with_journal;

    with_journal = *sim_mode_of(mode);
    with_journal.areas |= WORLD_HAS_JOURNAL;
    with_journal.configure = use_journal;
    board_init(board, &geometry, &with_journal, 1);
    world_put_image(&board->world, WORLD_PRIMARY, 0, image(board, 1, counter));
}

static void boots(struct board *board, uint8_t major)
{
    assert_int_equal(board_boot(board), OK);
    assert_int_equal(board->result.header.version.major, major);
}

static void assert_quiet(struct board *board, uint8_t major)
{
    boots(board, major);
    assert_int_equal(board->world.power.ops, 0);
}

static void request(struct board *board, const struct buffer *update, bool permanent)
{
    world_erase(&board->world, WORLD_SECONDARY);
    board_upload(board, 0, update, permanent);
}

static bool product_says_no;

bool boot_hook_may_begin(unsigned pair, bool is_revert)
{
    (void)pair;
    (void)is_revert;
    return !product_says_no;
}

static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_overwrite};

static void test_lower_and_missing_counters_are_refused(void **state)
{
    static const uint32_t counters[] = {NONE, 0, 4, 5, 6};

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++) {
            bool is_allowed = counters[i] != NONE && counters[i] >= 5;
            struct board board;

            start(&board, modes[m], 5);
            boots(&board, 1); /* records 5 */
            assert_quiet(&board, 1);
            request(&board, image(&board, 9, counters[i]), i % 2 == 0);
            boots(&board, is_allowed ? 9 : 1);
            assert_int_equal(board.result.outcome[0].refused, is_allowed ? OK : ERR_IMAGE_COUNTER);
            board_stop(&board);
        }
    }
}

static void test_one_more_is_enough(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;

        start(&board, modes[m], 5);
        boots(&board, 1);
        request(&board, image(&board, 2, 6), true);
        boots(&board, 2);
        request(&board, image(&board, 3, 5), true);
        boots(&board, 2);
        assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_COUNTER);
        board_stop(&board);
    }
}

static void test_an_image_below_the_counter_does_not_boot(void **state)
{
    struct board board;

    (void)state;
    start(&board, &boot_mode_swap_offset, 5);
    boots(&board, 1);
    world_erase(&board.world, WORLD_PRIMARY);
    world_put_image(&board.world, WORLD_PRIMARY, 0, image(&board, 9, 4));
    assert_int_equal(board_boot(&board), ERR_BOOT_NO_IMAGE);
    assert_int_equal(board.result.is_verified, HARDENED_FALSE);
    /* Nor does such a one come in where the primary is empty. */
    world_erase(&board.world, WORLD_PRIMARY);
    world_erase(&board.world, WORLD_SECONDARY);
    world_put_image(&board.world, WORLD_SECONDARY, 0, image(&board, 9, 4));
    assert_int_equal(board_boot(&board), ERR_BOOT_NO_IMAGE);
    world_erase(&board.world, WORLD_SECONDARY);
    world_put_image(&board.world, WORLD_SECONDARY, 0, image(&board, 3, 5));
    boots(&board, 3);
    board_stop(&board);
}

static void test_the_way_back_is_open_until_confirmation(void **state)
{
    struct board board;

    (void)state;
    start(&board, &boot_mode_swap_offset, 1);
    boots(&board, 1);
    request(&board, image(&board, 2, 7), false);
    boots(&board, 2);
    boots(&board, 1); /* not confirmed */
    request(&board, image(&board, 2, 7), false);
    boots(&board, 2);
    world_confirm(&board.world, WORLD_PRIMARY);
    boots(&board, 2);
    assert_quiet(&board, 2);
    /* The old image still lies at the start of the secondary. External flash announces a revert to it. */
    world_bytes(&board.world, WORLD_SECONDARY)[board.world.layout[WORLD_SECONDARY].copy_done] = 1;
    world_request(&board.world, WORLD_SECONDARY, false);
    boots(&board, 2);
    /* Also when the primary's trailer was lost. */
    world_bytes(&board.world, WORLD_SECONDARY)[board.world.layout[WORLD_SECONDARY].copy_done] = 1;
    world_request(&board.world, WORLD_SECONDARY, false);
    memset(world_bytes(&board.world, WORLD_PRIMARY) + board.world.layout[WORLD_PRIMARY].status, 0xff,
           board.world.area[WORLD_PRIMARY].size - board.world.layout[WORLD_PRIMARY].status);
    boots(&board, 2);
    assert_int_not_equal(board.result.outcome[0].refused, OK);
    board_stop(&board);
}

/* A revert that power cut short while no trailer of the primary said it, and that the product postpones then. */
static void test_the_way_back_is_open_until_it_was_gone(void **state)
{
    static const struct boot_mode *const swaps[] = {&boot_mode_swap_offset, &boot_mode_swap_move};

    (void)state;
    for (size_t m = 0; m < sizeof swaps / sizeof swaps[0]; m++) {
        struct board board;
        struct state before;
        bool is_cut = true;

        start(&board, swaps[m], 1);
        boots(&board, 1);
        request(&board, image(&board, 2, 7), false);
        boots(&board, 2);
        world_save(&board.world, &before);
        for (uint64_t at = 0; is_cut; at++) {
            world_restore(&board.world, &before);
            (void)board_boot_until(&board, at, NOR_CUT_CLEAN, 0);
            is_cut = board.world.power.off;
            product_says_no = true;
            assert_int_equal(board_boot(&board), OK);
            product_says_no = false;
            boots(&board, 1);
        }
        world_drop(&board.world, &before);
        board_stop(&board);
    }
}

/* Every cut of the boot that records a counter: the image boots, and at the next boot the counter holds. */
static void test_a_cut_while_recording_loses_nothing(void **state)
{
    struct board board;
    struct state before;
    bool is_cut = true;

    (void)state;
    start(&board, &boot_mode_swap_offset, 3);
    boots(&board, 1);
    request(&board, image(&board, 2, 8), true);
    boots(&board, 2);
    world_erase(&board.world, WORLD_JOURNAL); /* so that all of it is recorded again */
    world_save(&board.world, &before);
    for (uint64_t at = 0; is_cut; at++) {
        world_restore(&board.world, &before);
        (void)board_boot_until(&board, at, (enum nor_cut)(at % 3), (uint32_t)at);
        is_cut = board.world.power.off;
        boots(&board, 2);
        assert_quiet(&board, 2);
        request(&board, &board.images[0], true);
        boots(&board, 2);
        assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_COUNTER);
    }
    world_drop(&board.world, &before);
    board_stop(&board);
}

/* One damaged record anywhere in the journal does not bring back a lower counter. */
static void test_a_damaged_record_does_not_lower_the_counter(void **state)
{
    struct board board;
    struct state before;
    unsigned damaged = 0;

    (void)state;
    start(&board, &boot_mode_swap_offset, 1);
    boots(&board, 1);
    request(&board, image(&board, 2, 8), true);
    boots(&board, 2);
    world_save(&board.world, &before);
    for (uint32_t off = 0; off < board.world.area[WORLD_JOURNAL].size; off += 4) {
        uint8_t *byte = world_bytes(&board.world, WORLD_JOURNAL) + off;
        uint8_t was;

        if (*byte == 0xff) {
            continue;
        }
        damaged++;
        was = *byte;
        *byte ^= 0x10;
        request(&board, &board.images[0], true);
        boots(&board, 2);
        assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_COUNTER);
        world_restore(&board.world, &before);
        *byte = was; /* the world does not know of it */
    }
    assert_true(damaged > 20);
    world_drop(&board.world, &before);
    board_stop(&board);
}

/* The highest version is chosen only if its counter is high enough; a trial that is not confirmed raises nothing. */
static void test_modes_that_choose_obey_the_counter(void **state)
{
    struct board board;
    struct boot_config *config = &board.world.boot;

    (void)state;
    start(&board, &boot_mode_overwrite, 5);
    config->mode = NULL;
    config->choice = &choice_direct_xip_revert;
    board.world.areas[0].primary_address = 0x10000;
    board.world.areas[0].secondary_address = 0x80000;
    request(&board, image(&board, 2, 9), false);
    nor_power_on(&board.world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    assert_int_equal(boot_choose(config, &board.result), OK);
    assert_int_equal(board.result.header.version.major, 2);
    assert_int_equal(boot_choose(config, &board.result), OK); /* it did not confirm itself: 5 is recorded, not 9 */
    assert_int_equal(board.result.header.version.major, 1);
    request(&board, image(&board, 3, 4), false);
    assert_int_equal(boot_choose(config, &board.result), OK);
    assert_int_equal(board.result.header.version.major, 1);
    assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_COUNTER);
    request(&board, image(&board, 4, 9), true);
    assert_int_equal(boot_choose(config, &board.result), OK);
    assert_int_equal(board.result.header.version.major, 4);
    world_erase(&board.world, WORLD_SECONDARY);
    assert_int_equal(boot_choose(config, &board.result), ERR_BOOT_NO_IMAGE);
    board_stop(&board);
}

static void test_a_single_slot_obeys_the_counter(void **state)
{
    struct board board;

    (void)state;
    start(&board, &boot_mode_overwrite, 5);
    assert_int_equal(boot_single(&board.world.boot, &board.result), OK);
    world_erase(&board.world, WORLD_PRIMARY);
    world_put_image(&board.world, WORLD_PRIMARY, 0, image(&board, 2, 4));
    assert_int_equal(boot_single(&board.world.boot, &board.result), ERR_BOOT_NO_IMAGE);
    assert_int_equal(board.result.is_verified, HARDENED_FALSE);
    world_erase(&board.world, WORLD_PRIMARY);
    world_put_image(&board.world, WORLD_PRIMARY, 0, image(&board, 1, 6));
    assert_int_equal(boot_single(&board.world.boot, &board.result), OK);
    board_stop(&board);
}

static void test_random_journals_are_survived(void **state)
{
    struct board board;
    struct random random = {17};

    (void)state;
    start(&board, &boot_mode_swap_offset, UINT32_MAX); /* NONE: then nothing could boot */
    world_erase(&board.world, WORLD_PRIMARY);
    world_put_image(&board.world, WORLD_PRIMARY, 0, image(&board, 1, UINT32_MAX - 1));
    for (unsigned run = 0; run < 200; run++) {
        uint8_t *journal = world_bytes(&board.world, WORLD_JOURNAL);

        for (uint32_t i = random_below(&random, 400); i > 0; i--) {
            journal[random_below(&random, board.world.area[WORLD_JOURNAL].size)] = (uint8_t)random_next(&random);
        }
        boots(&board, 1);
    }
    board_stop(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lower_and_missing_counters_are_refused),
        cmocka_unit_test(test_one_more_is_enough),
        cmocka_unit_test(test_an_image_below_the_counter_does_not_boot),
        cmocka_unit_test(test_the_way_back_is_open_until_confirmation),
        cmocka_unit_test(test_the_way_back_is_open_until_it_was_gone),
        cmocka_unit_test(test_a_cut_while_recording_loses_nothing),
        cmocka_unit_test(test_a_damaged_record_does_not_lower_the_counter),
        cmocka_unit_test(test_modes_that_choose_obey_the_counter),
        cmocka_unit_test(test_a_single_slot_obeys_the_counter),
        cmocka_unit_test(test_random_journals_are_survived),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
