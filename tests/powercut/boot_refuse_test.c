/* Requests that boot_go must refuse: images, slots and places that are not what they have to be. */
#include "tests/powercut/board.h"

#include <string.h>

#include "host/random.h"

static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_overwrite};

/* The request is refused for `reason`, the old image boots, and at the next boot nothing is asked or written. */
static void assert_refused(struct board *board, int reason)
{
    assert_int_equal(board_boot(board), OK);
    assert_int_equal(board->result.outcome[0].refused, reason);
    assert_int_equal(board->result.outcome[0].performed, SWAP_NONE);
    board_assert_said("E: Update refused: ");
    assert_true(world_has_image(&board->world, WORLD_PRIMARY, 0, board->old));
    board_assert_quiet(board);
    assert_int_equal(board->result.outcome[0].refused, OK);
    board_stop(board);
}

/* A copy of the new image with some bytes changed. */
static void upload_changed(struct board *board, size_t off, const void *bytes, size_t len)
{
    struct buffer changed = {0};

    buffer_append(&changed, board->new->data, board->new->len);
    memcpy(changed.data + off, bytes, len);
    board_upload(board, 0, &changed, false);
    buffer_free(&changed);
}

static void test_images_that_do_not_verify_are_refused(void **state)
{
    static const uint8_t zeros[4];
    static const uint8_t huge[4] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t encrypted[4] = {4};
    static const struct {
        size_t off;
        const uint8_t *bytes;
        size_t len;
        int reason;
    } rows[] = {
        {0, zeros, 4, ERR_IMAGE_HEADER},        {12, huge, 4, ERR_IMAGE_SIZE},      {8, huge, 2, ERR_IMAGE_SIZE},
        {16, encrypted, 4, ERR_IMAGE_FLAGS},    {0x1000, zeros, 4, ERR_IMAGE_HASH}, {20, zeros, 4, ERR_IMAGE_HASH},
        {29995, zeros, 4, ERR_IMAGE_SIGNATURE}, {29850, zeros, 4, ERR_IMAGE_TLV},
    };

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct board board;

            board_start(&board, modes[m]);
            upload_changed(&board, rows[i].off, rows[i].bytes, rows[i].len);
            assert_refused(&board, rows[i].reason);
        }
    }
}

static void test_a_truncated_upload_is_refused(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct buffer part = {0};

        board_start(&board, modes[m]);
        buffer_append(&part, board.new->data, 25000);
        board_upload(&board, 0, &part, false);
        buffer_free(&part);
        assert_refused(&board, ERR_IMAGE_SIZE);
    }
}

static void test_garbage_with_a_request_is_refused(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;
        struct random random = {41};
        uint8_t garbage[10000];
        struct buffer image = {.data = garbage, .len = sizeof garbage};

        board_start(&board, modes[m]);
        random_fill(&random, garbage, sizeof garbage);
        board_upload(&board, 0, &image, true);
        assert_refused(&board, ERR_IMAGE_HEADER);
    }
}

static void test_an_image_by_another_key_is_refused(void **state)
{
    static uint8_t stranger[91];
    static const struct boot_key key = {stranger, sizeof stranger};
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    memcpy(stranger, images_key()->der, sizeof stranger);
    stranger[90] ^= 1;
    board_upload(&board, 0, board.new, false);
    board.world.boot.keys = &key;
    /* The present image was signed by the key that is not known here either, so nothing boots, and nothing is lost. */
    assert_int_equal(board_boot(&board), ERR_BOOT_NO_IMAGE);
    assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_KEY);
    board_assert_said("E: Image in the primary slot is not valid!");
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    board_stop(&board);
}

static void test_images_too_large_to_swap_are_refused(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board_upload(&board, 0, images_get(board.world.mode->largest(&board.world) + 1, 2, 3), false);
    assert_refused(&board, ERR_IMAGE_SIZE);
    /* The one that is running may be too large as well: it boots, but cannot be swapped out. */
    board_start(&board, &boot_mode_swap_offset);
    world_erase(&board.world, WORLD_PRIMARY);
    board.old = images_get(board.world.mode->largest(&board.world) + 4097, 1, 4);
    world_put_image(&board.world, WORLD_PRIMARY, 0, board.old);
    board_upload(&board, 0, board.new, false);
    assert_int_equal(board_boot(&board), OK);
    board_assert_said("W: Not enough free space to run swap upgrade");
    board_assert_said("W: required 61441 bytes but only 61440 are available");
    assert_int_equal(board.result.outcome[0].refused, ERR_IMAGE_SIZE);
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    board_stop(&board);
}

static void test_an_upload_at_the_wrong_place_is_named(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    world_put_image(&board.world, WORLD_SECONDARY, 0, board.new);
    world_request(&board.world, WORLD_SECONDARY, false);
    assert_refused(&board, ERR_IMAGE_HEADER);
}

static void test_a_lower_version_is_refused_but_a_revert_is_not(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board.world.boot.downgrade_prevention = true;
    board_upload(&board, 0, images_get(10000, 0, 5), false);
    assert_refused(&board, ERR_IMAGE_VERSION);

    board_start(&board, &boot_mode_swap_offset);
    board.world.boot.downgrade_prevention = true;
    board_upload(&board, 0, board.new, false);
    assert_int_equal(board_boot(&board), OK);
    assert_int_equal(board.result.outcome[0].performed, SWAP_TEST);
    assert_int_equal(board.result.header.version.major, 2);
    assert_int_equal(board_boot(&board), OK);
    assert_int_equal(board.result.outcome[0].performed, SWAP_REVERT);
    assert_int_equal(board.result.header.version.major, 1);
    board_stop(&board);
}

static void test_an_image_linked_elsewhere_is_refused(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board.world.boot.verify_address = true;
    board.world.areas[0].primary_address = 0x10000;
    board_upload(&board, 0, board.new, false); /* its vectors are random bytes */
    assert_refused(&board, ERR_IMAGE_ADDRESS);
}

/* Sectors that a copy in chunks of 256 bytes would not find. */
static void test_a_backup_needs_sectors_of_whole_chunks(void **state)
{
    static const struct world_geometry fine[] = {
        {"128", {{4, 0, 0xff, {{4096, 15}, {128, 32}}}, {1, 0, 0xff, {{4096, 16}}}}, {0}, 0},
        {"384", {{4, 0, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 14}, {384, 16}, {2048, 1}}}}, {0}, 0}};
    struct board board;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        board_start_on(&board, &fine[i], &boot_mode_backup);
        board_upload(&board, 0, board.new, false);
        assert_int_equal(board_boot(&board), OK);
        board_assert_said("W: Cannot upgrade: not whole sectors of n * 256 bytes");
        assert_int_equal(board.result.outcome[0].refused, ERR_BOOT_GEOMETRY);
        assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
        assert_int_equal(board_boot(&board), OK);
        assert_int_equal(board.result.outcome[0].refused, OK);
        board_stop(&board);
    }
}

static void test_slots_that_cannot_be_exchanged_are_named(void **state)
{
    static const struct world_geometry uneven = {
        "uneven", {{4, 2, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{8192, 8}}}}, {0}, 0};
    static const struct world_geometry longer = {
        "longer", {{4, 2, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{4096, 18}}}}, {0}, 0};
    struct board board;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        board_start_on(&board, i == 0 ? &uneven : &longer, &boot_mode_swap_offset);
        board_upload(&board, 0, board.new, false);
        assert_int_equal(board_boot(&board), OK);
        board_assert_said(i == 0 ? "W: Cannot upgrade: not same sector layout\n"
                                   "W: Sectors: primary 16 of 4096 bytes, secondary 8 of 8192, trailer 16"
                                 : "W: Cannot upgrade: not a compatible amount of sectors\n"
                                   "W: Sectors: primary 16 of 4096 bytes, secondary 18 of 4096, trailer 18");
        assert_int_equal(board.result.outcome[0].refused, ERR_BOOT_GEOMETRY);
        assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
        board_stop(&board);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_images_that_do_not_verify_are_refused),
        cmocka_unit_test(test_a_truncated_upload_is_refused),
        cmocka_unit_test(test_garbage_with_a_request_is_refused),
        cmocka_unit_test(test_an_image_by_another_key_is_refused),
        cmocka_unit_test(test_images_too_large_to_swap_are_refused),
        cmocka_unit_test(test_an_upload_at_the_wrong_place_is_named),
        cmocka_unit_test(test_a_lower_version_is_refused_but_a_revert_is_not),
        cmocka_unit_test(test_an_image_linked_elsewhere_is_refused),
        cmocka_unit_test(test_a_backup_needs_sectors_of_whole_chunks),
        cmocka_unit_test(test_slots_that_cannot_be_exchanged_are_named),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
