/* External flash that answers differently the second time: what was verified there is not what is copied. */
#include "tests/powercut/board.h"

#include <string.h>

static const struct boot_mode *const modes[] = {&boot_mode_swap_offset, &boot_mode_overwrite};

/* External flash answers differently the second time: what was installed is not valid, and the old image returns. */
static void spoil_after_first_copy(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;

    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE && op->off == 0x1000) {
        world_bytes(&board->world, WORLD_SECONDARY)[0x1000 + 0x800] ^= 0xff;
    }
}

static void test_an_image_that_changes_while_it_is_copied_is_not_run(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board_upload(&board, 0, board.new, true);
    board.world.power.watch = spoil_after_first_copy;
    board.world.power.context = &board;
    assert_int_equal(board_boot(&board), OK);
    board_assert_said("I: Restoring the primary slot, swap type: revert");
    assert_int_equal(board.result.header.version.major, 1);
    board.world.power.watch = NULL;
    assert_int_equal(board_boot(&board), OK);
    assert_int_equal(board.result.header.version.major, 1);
    assert_int_equal(board.world.power.ops, 0);
    board_stop(&board);
}

/* Without CONFIG_BOOT_VALIDATE_SLOT0 only what no update has touched is taken for valid. */
static void assert_runs_a_whole_image(struct board *board)
{
    nor_power_on(&board->world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    if (sim_boot(&board->world, &board->result) == OK) {
        assert_true(world_has_image(&board->world, WORLD_PRIMARY, 0, board->old) ||
                    world_has_image(&board->world, WORLD_PRIMARY, 0, board->new));
    }
}

static void test_what_is_installed_is_verified_whatever_is_configured(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct board board;

        board_start(&board, modes[m]);
        board.world.boot.validate_primary = false;
        board_upload(&board, 0, board.new, true);
        board.world.power.watch = spoil_after_first_copy;
        board.world.power.context = &board;
        assert_runs_a_whole_image(&board);
        board_stop(&board);

        board_start(&board, modes[m]);
        board.world.boot.validate_primary = false;
        assert_int_equal(trailer_program_magic(&board.world.area[WORLD_PRIMARY], &board.world.layout[WORLD_PRIMARY]),
                         OK);
        assert_int_equal(board_boot(&board), OK);
        world_bytes(&board.world, WORLD_PRIMARY)[9000] ^= 1;
        assert_int_equal(board_boot(&board), OK); /* as configured: nothing is asked for, nothing was begun */
        board_stop(&board);
    }
}

/* Power fails in an update, and the chip does not come back, or another one does. */
static void check_half_an_image(const struct boot_mode *mode, bool is_exchanged)
{
    struct board board;
    bool is_cut = true;

    for (uint64_t at = 0; is_cut; at += 3) {
        board_start(&board, mode);
        board.world.boot.validate_primary = false;
        board.new = images_get(20000, 2, 2); /* as large as the old one: a mixture has all that is looked for */
        board_upload(&board, 0, board.new, true);
        nor_power_on(&board.world.power, at, NOR_CUT_CLEAN, 0);
        is_cut = sim_boot(&board.world, &board.result) != OK;
        if (is_exchanged) {
            world_erase(&board.world, WORLD_SECONDARY);
        } else {
            board.world.device[WORLD_EXTERNAL].absent = true;
        }
        assert_runs_a_whole_image(&board);
        board_stop(&board);
    }
}

static void test_half_an_image_is_not_run_whatever_is_configured(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        check_half_an_image(modes[m], false);
        check_half_an_image(modes[m], true);
    }
}

/* The same with another image that is valid as well, of a version that would not have been admitted. */
static void exchange_source(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;
    const struct buffer *lower = images_get(30000, 0, 6);

    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE &&
        op->off == board->world.area[WORLD_PRIMARY].off) {
        memcpy(world_bytes(&board->world, WORLD_SECONDARY) + 0x1000, lower->data, lower->len);
    }
}

static void test_an_image_that_is_exchanged_while_it_is_copied_is_not_run(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board.world.boot.downgrade_prevention = true;
    board_upload(&board, 0, board.new, true);
    board.world.power.watch = exchange_source;
    board.world.power.context = &board;
    assert_int_equal(board_boot(&board), OK);
    board.world.power.watch = NULL;
    assert_int_equal(board.result.header.version.major, 1);
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    board_stop(&board);
}

/* The chip shows another valid image as soon as the digest of the one that was verified is asked for once more. */
static struct {
    struct board *board;
    const struct flash_driver *driver;
    uint32_t digest_off; /* 0: not yet read */
} liar;

static void show_lower(void)
{
    const struct buffer *lower = images_get(30000, 0, 6);

    memcpy(world_bytes(&liar.board->world, WORLD_SECONDARY), lower->data, lower->len);
}

static int lie(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    uint32_t slot = liar.board->world.area[WORLD_SECONDARY].off;

    if (len == SHA256_SIZE && liar.digest_off == 0 && off - slot > 29000) { /* among the TLVs */
        liar.digest_off = off;
    } else if (len == SHA256_SIZE && off == liar.digest_off) {
        show_lower();
    }
    return liar.driver->read(dev, off, dst, len);
}

/* At the latest when the journal says what is about to be installed. */
static void lie_after_admission(void *context, const struct nor_device *device, const struct nor_op *op)
{
    (void)context;
    if (device == &liar.board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_PROGRAM) {
        show_lower();
    }
}

static void test_an_upgrade_with_backup_installs_what_was_admitted(void **state)
{
    struct board board;
    struct flash_device *chip = &board.world.device[WORLD_EXTERNAL].flash;
    struct flash_driver lying;

    (void)state;
    board_start(&board, &boot_mode_backup);
    board.world.boot.downgrade_prevention = true;
    board_upload(&board, 0, board.new, true);
    liar.board = &board;
    liar.driver = chip->driver;
    liar.digest_off = 0;
    lying = *liar.driver;
    lying.read = lie;
    chip->driver = &lying;
    board.world.power.watch = lie_after_admission;
    assert_int_equal(board_boot(&board), OK);
    board.world.power.watch = NULL;
    assert_int_equal(board.result.header.version.major, 1);
    assert_true(world_has_image(&board.world, WORLD_PRIMARY, 0, board.old));
    board_stop(&board);
}

/* And the chip fails while the way back is being copied over that other image. */
static void exchange_source_and_fail(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;
    static unsigned times;

    exchange_source(context, device, op);
    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE && op->off == 0x4000) {
        board->world.device[WORLD_EXTERNAL].absent = ++times == 2;
    }
}

static void test_what_was_valid_before_it_was_overwritten_is_not_run(void **state)
{
    struct board board;

    (void)state;
    board_start(&board, &boot_mode_swap_offset);
    board_upload(&board, 0, board.new, true);
    board.world.power.watch = exchange_source_and_fail;
    board.world.power.context = &board;
    nor_power_on(&board.world.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    assert_int_equal(boot_go(&board.world.boot, &board.result), ERR_BOOT_NO_IMAGE);
    assert_true(board.world.device[WORLD_EXTERNAL].absent);
    board.world.power.watch = NULL;
    board.world.device[WORLD_EXTERNAL].absent = false;
    assert_int_equal(board_boot(&board), OK);
    assert_int_equal(board.result.header.version.major, 1);
    board_stop(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_image_that_changes_while_it_is_copied_is_not_run),
        cmocka_unit_test(test_what_is_installed_is_verified_whatever_is_configured),
        cmocka_unit_test(test_half_an_image_is_not_run_whatever_is_configured),
        cmocka_unit_test(test_an_image_that_is_exchanged_while_it_is_copied_is_not_run),
        cmocka_unit_test(test_an_upgrade_with_backup_installs_what_was_admitted),
        cmocka_unit_test(test_what_was_valid_before_it_was_overwritten_is_not_run),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
