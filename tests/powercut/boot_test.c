/* What boot_go says, what it does with a secondary that it cannot reach or trust, and with random flash. */
#include "tests/powercut/board.h"

#include <string.h>

#include "host/random.h"

static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_overwrite};

static void test_console_lines_are_mcuboots(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board_upload(&board, 0, board.new, false);
    assert_int_equal(board_boot(&board), OK);
    assert_string_equal(board_console(), "I: Primary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3\n"
                                         "I: Secondary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3\n"
                                         "I: Boot source: none\n"
                                         "I: Image index: 0, Swap type: test\n"
                                         "I: Starting swap using offset algorithm.\n"
                                         /* Farboot's own, with CONFIG_BOOT_PROGRESS */
                                         "I: Update: 10 %\nI: Update: 20 %\nI: Update: 30 %\nI: Update: 40 %\n"
                                         "I: Update: 50 %\nI: Update: 60 %\nI: Update: 70 %\nI: Update: 80 %\n"
                                         "I: Update: 90 %\nI: Update: 100 %\n");
    board_stop(&board);
}

static void test_an_absent_or_failing_secondary_does_not_keep_the_primary(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;

        board_start(&board, modes[m]);
        board_upload(&board, 0, board.new, false);
        board.world.device[WORLD_EXTERNAL].absent = true;
        nor_power_on(&board.world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(sim_boot(&board.world, &board.result), OK);
        assert_int_equal(board.result.header.version.major, 1);
        assert_int_equal(board.world.power.ops, 0);
        board.world.areas[0].secondary = NULL;
        assert_int_equal(sim_boot(&board.world, &board.result), OK);
        assert_int_equal(board.world.power.ops, 0);
        board_stop(&board);
    }
}

/* A revert has nothing to go back to: the tested image stays rather than none. */
static void test_a_lost_old_image_leaves_the_new_one_running(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board_upload(&board, 0, board.new, false);
    assert_int_equal(board_boot(&board), OK);
    world_erase(&board.world, WORLD_SECONDARY);
    assert_int_equal(board_boot(&board), OK);
    assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_HEADER);
    assert_int_equal(board.result.header.version.major, 2);
    board_assert_quiet(&board);
    board_stop(&board);
}

/* What the secondary's trailer announces exempts nothing: the primary is confirmed, or was never under test. */
static void test_a_revert_that_only_external_flash_announces_goes_nowhere(void **state)
{
    (void)state;
    for (unsigned was_updated = 0; was_updated < 2; was_updated++) {
        struct board board;
        uint8_t *primary;
        uint8_t *secondary;

        board_start(&board, &boot_mode_swap_offset);
        board.world.boot.downgrade_prevention = true;
        primary = world_bytes(&board.world, WORLD_PRIMARY);
        secondary = world_bytes(&board.world, WORLD_SECONDARY);
        if (was_updated != 0) {
            board_upload(&board, 0, board.new, true);
            assert_int_equal(board_boot(&board), OK);
        } else { /* as imgtool sign --confirm makes it */
            const struct trailer_layout *layout = &board.world.layout[WORLD_PRIMARY];

            assert_int_equal(trailer_program_magic(&board.world.area[WORLD_PRIMARY], layout), OK);
            primary[layout->image_ok] = 1;
            world_put_image(&board.world, WORLD_SECONDARY, 0, images_get(10000, 0, 5));
        }
        secondary[board.world.layout[WORLD_SECONDARY].copy_done] = 1;
        world_request(&board.world, WORLD_SECONDARY, false);
        assert_int_equal(board_boot(&board), OK);
        assert_int_not_equal(board.result.outcome[0].refused, OK);
        assert_int_equal(board.result.header.version.major, 1 + was_updated);
        board_stop(&board);
    }
}

static void test_an_empty_primary_is_restored_from_a_valid_secondary(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;

        board_start(&board, modes[m]);
        world_erase(&board.world, WORLD_PRIMARY);
        world_put_image(&board.world, WORLD_SECONDARY, sim_upload_off(&board.world), board.new);
        assert_int_equal(board_boot(&board), OK);
        assert_int_equal(board.result.header.version.major, 2);
        board_assert_quiet(&board);
        board_stop(&board);
    }
}

/* Trailers whose fields are each valid, torn or random. */
static void scramble_trailer(struct world *world, struct random *random, unsigned id)
{
    static const uint8_t flag_values[] = {0x01, 0xff, 0x03, 0x00, 0x02, 0x04};
    const struct trailer_layout *layout = &world->layout[id];
    uint8_t *slot = world_bytes(world, id);
    const uint32_t flags[] = {layout->image_ok, layout->copy_done, layout->swap_info};

    if (random_below(random, 3) != 0) {
        assert_int_equal(trailer_program_magic(&world->area[id], layout), OK);
    }
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        slot[flags[i]] = flag_values[random_below(random, sizeof flag_values)];
    }
    for (uint32_t i = random_below(random, 12); i > 0; i--) {
        slot[layout->status + random_below(random, world->area[id].size - layout->status)] =
            (uint8_t)random_next(random);
    }
    if (random_below(random, 2) == 0) {
        uint32_t size = random_below(random, 100000);

        memcpy(slot + layout->swap_size, &size, sizeof size);
    }
}

/* Fuzz: whatever trailers and slots say, boot_go ends, breaks no physics and leaves the slots' neighbours alone; what
 * it runs is one of the two images, whole. */
static void test_random_trailers_and_slots_are_survived(void **state)
{
    struct random random = {51};
    unsigned booted = 0;

    (void)state;
    for (unsigned run = 0; run < 3000; run++) {
        struct board board;
        struct state before;

        board_start(&board, modes[run % 2]);
        world_put_image(&board.world, WORLD_SECONDARY, random_below(&random, 2) == 0 ? 0 : 4096, board.new);
        scramble_trailer(&board.world, &random, WORLD_PRIMARY);
        scramble_trailer(&board.world, &random, WORLD_SECONDARY);
        if (random_below(&random, 4) == 0) {
            random_fill(&random, world_bytes(&board.world, random_below(&random, 2)) + random_below(&random, 30000),
                        5000);
        }
        world_save(&board.world, &before);
        for (unsigned again = 0; again < 3; again++) {
            if (board_boot(&board) == OK) {
                booted++;
                assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old) ||
                            world_has_image(&board.world, WORLD_PRIMARY, 0, board.new));
            }
        }
        assert_true(world_guards_hold(&board.world, &before));
        assert_string_equal(world_violation(&board.world), "");
        world_drop(&board.world, &before);
        board_stop(&board);
    }
    assert_true(booted > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_console_lines_are_mcuboots),
        cmocka_unit_test(test_an_absent_or_failing_secondary_does_not_keep_the_primary),
        cmocka_unit_test(test_a_lost_old_image_leaves_the_new_one_running),
        cmocka_unit_test(test_a_revert_that_only_external_flash_announces_goes_nowhere),
        cmocka_unit_test(test_an_empty_primary_is_restored_from_a_valid_secondary),
        cmocka_unit_test(test_random_trailers_and_slots_are_survived),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
