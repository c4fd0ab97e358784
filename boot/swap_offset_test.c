/* Planning is pure: it is tested without flash, by following an update from its first step to its last. */
#include "boot/swap_fixture.h"

static const struct boot_slot slots[BOOT_SLOTS] = {[BOOT_PRIMARY] = {.layout = {.status_cells = 2 * SWAP_UNITS}}};

static void start_update(struct swap_board *board, enum swap_type type, uint32_t old_sectors, uint32_t new_sectors)
{
    struct trailer *announcement = &board->update.announcement;

    swap_board_start(board, &boot_mode_swap_offset, slots, type, old_sectors, new_sectors, type == SWAP_REVERT ? 0 : 1);
    announcement->image_ok = type == SWAP_PERM ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET;
    announcement->copy_done = type == SWAP_REVERT ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET;
}

static struct boot_step plan(const struct swap_board *board)
{
    struct boot_step step = {.kind = STEP_DONE};

    boot_mode_swap_offset.plan(&board->update, &step);
    return step;
}

static void play(struct swap_board *board, const struct boot_step *step)
{
    if (step->kind == STEP_VERIFY) {
        board->update.is_installed = HARDENED_TRUE;
        return;
    }
    if (step->kind == STEP_COPY && step->len > 0) {
        swap_board_copy(board, step);
    }
    boot_mode_swap_offset.advance(&board->update, step);
}

/* Property over sizes and types: both images arrive whole, each status cell is written once and in order. */
static void test_an_exchange_moves_both_images(void **state)
{
    (void)state;
    for (unsigned run = 0; run < SWAP_TYPES * 14 * 15; run++) {
        enum swap_type type = swap_types[run % SWAP_TYPES];
        uint32_t new_sectors = 1 + run / SWAP_TYPES % 14;
        uint32_t old_sectors = run / 42; /* 0: nothing valid there */
        uint32_t down = type == SWAP_REVERT ? 1 : 0;
        uint32_t cells = 0;
        unsigned steps = 0;
        struct swap_board board;

        start_update(&board, type, old_sectors, new_sectors);
        for (;;) {
            struct boot_step step = plan(&board);

            if (step.kind == STEP_DONE) {
                break;
            }
            if (step.kind == STEP_COPY) {
                assert_int_equal(step.status_index, cells++);
                assert_in_range(step.status_value, 1, 2);
            }
            play(&board, &step);
            assert_true(++steps < 100);
        }
        for (uint32_t i = 0; i < new_sectors; i++) {
            assert_int_equal(board.units[BOOT_PRIMARY][i], NEW(i));
        }
        for (uint32_t i = 0; i < old_sectors; i++) {
            assert_int_equal(board.units[BOOT_SECONDARY][i + down], OLD(i));
        }
        assert_int_equal(cells, 2 * board.update.units);
        assert_int_equal(board.update.primary.copy_done, TRAILER_FLAG_SET);
        assert_int_equal(board.update.primary.image_ok, type == SWAP_TEST ? TRAILER_FLAG_UNSET : TRAILER_FLAG_SET);
    }
}

/* The source of a copy is never what an earlier, uncommitted step would have to be repeated from. */
static void test_no_step_destroys_what_the_step_before_it_copied_from(void **state)
{
    static const enum swap_type types[] = {SWAP_TEST, SWAP_REVERT};

    (void)state;
    for (unsigned run = 0; run < 2 * 14; run++) {
        struct swap_board board;
        struct boot_step last = {.kind = STEP_DONE};

        start_update(&board, types[run % 2], 1 + run / 2, 14 - run / 2);
        for (;;) {
            struct boot_step step = plan(&board);

            if (step.kind == STEP_DONE) {
                break;
            }
            if (step.kind == STEP_COPY) {
                assert_true(step.dst != step.src);
                assert_int_not_equal(step.status_value, 0);
                assert_true(last.kind != STEP_COPY || last.status_index + 1 == step.status_index);
            }
            last = step;
            play(&board, &step);
        }
    }
}

/* The primary trailer is not touched before the secondary's says what to do without it, and the other way round. */
static void test_one_of_the_trailers_always_knows(void **state)
{
    (void)state;
    for (size_t i = 0; i < SWAP_TYPES; i++) {
        struct swap_board board;
        struct boot_step step;

        start_update(&board, swap_types[i], 3, 3);
        step = plan(&board);
        assert_int_equal(step.kind, STEP_WRITE_TRAILER);
        assert_int_equal(step.dst, BOOT_SECONDARY);
        play(&board, &step);
        assert_int_equal(swap_decide(&swap_rules_offset, &board.update.primary, &board.update.secondary),
                         swap_types[i]);
        step = plan(&board);
        assert_int_equal(step.kind, STEP_WRITE_TRAILER);
        assert_int_equal(step.dst, BOOT_PRIMARY);
        play(&board, &step);
        assert_true(update_is_begun(&board.update.primary));
        step = plan(&board);
        assert_int_equal(step.kind, STEP_ERASE_TRAILER);
        assert_int_equal(step.dst, BOOT_SECONDARY);
    }
}

/* A torn copy_done is not programmed again; one more status cell stands for it. */
static void test_a_torn_copy_done_is_left_alone(void **state)
{
    struct swap_board board;
    struct boot_step step;

    (void)state;
    start_update(&board, SWAP_TEST, 2, 2);
    board.update.done = 4;
    board.update.primary.status_done = 4;
    board.update.primary.magic = TRAILER_MAGIC_GOOD;
    board.update.primary.copy_done = TRAILER_FLAG_BAD;
    board.update.is_installed = HARDENED_TRUE;
    step = plan(&board);
    assert_int_equal(step.kind, STEP_STATUS);
    assert_int_equal(step.status_index, 4);
    play(&board, &step);
    step = plan(&board);
    assert_int_equal(step.kind, STEP_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exchange_moves_both_images),
        cmocka_unit_test(test_no_step_destroys_what_the_step_before_it_copied_from),
        cmocka_unit_test(test_one_of_the_trailers_always_knows),
        cmocka_unit_test(test_a_torn_copy_done_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
