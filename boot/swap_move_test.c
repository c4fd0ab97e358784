/* The plan of swap using move, followed without flash from its first step to its last, and from every step on. */
#include "boot/swap_fixture.h"

#define UNITS 8U

static const struct boot_slot slots[BOOT_SLOTS] = {
    [BOOT_PRIMARY] = {.layout = {.status_cells = 3 * (UNITS + 1), .move_cells = UNITS + 1}}};

static void start_update(struct swap_board *board, enum swap_type type, uint32_t old_sectors, uint32_t new_sectors)
{
    swap_board_start(board, &boot_mode_swap_move, slots, type, old_sectors, new_sectors, 0);
    board->update.announcement = board->update.starting;
}

/* The primary has one sector more than UNITS, to move into. */
static void copy(struct swap_board *board, const struct boot_step *step)
{
    assert_true(step->dst_off / SECTOR <= UNITS && step->src_off / SECTOR <= UNITS);
    swap_board_copy(board, step);
}

/* Power fails in the copy, before its status cell: the next boot knows no sizes but the larger, and copies again. */
static void repeat(struct swap_board *board, struct boot_step *step)
{
    struct boot boot = {.update = board->update};

    boot_mode_swap_move.resume(&boot);
    board->update = boot.update;
    *step = (struct boot_step){.kind = STEP_DONE};
    boot_mode_swap_move.plan(&board->update, step);
    assert_int_equal(step->kind, STEP_COPY);
    copy(board, step);
}

/* Plays all steps; the copy number `cut` is interrupted when it is done. Returns how many copies there were. */
static uint32_t play(struct swap_board *board, uint32_t cut)
{
    uint32_t copies = 0;
    uint32_t next_move = 0;
    uint32_t next_swap = slots[BOOT_PRIMARY].layout.move_cells;

    for (unsigned steps = 0; steps < 200; steps++) {
        struct boot_step step = {.kind = STEP_DONE};

        boot_mode_swap_move.plan(&board->update, &step);
        if (step.kind == STEP_DONE) {
            return copies;
        }
        if (step.kind == STEP_COPY) {
            uint32_t *next = step.status_index < slots[BOOT_PRIMARY].layout.move_cells ? &next_move : &next_swap;

            assert_int_equal(step.status_index, (*next)++);
            if (step.len > 0) {
                copy(board, &step);
            }
            if (copies++ == cut) {
                repeat(board, &step);
            }
        }
        if (step.kind == STEP_VERIFY) {
            board->update.is_installed = HARDENED_TRUE;
        } else {
            boot_mode_swap_move.advance(&board->update, &step);
        }
    }
    fail_msg("the plan does not end");
    return 0;
}

static void check_exchange(enum swap_type type, uint32_t old_sectors, uint32_t new_sectors)
{
    uint32_t copies = 1;

    for (uint32_t cut = 0; cut <= copies; cut++) { /* the last one comes too late: it is none */
        struct swap_board board;

        start_update(&board, type, old_sectors, new_sectors);
        copies = play(&board, cut);
        assert_int_equal(copies, board.update.steps);
        for (uint32_t i = 0; i < new_sectors; i++) {
            assert_int_equal(board.units[BOOT_PRIMARY][i], NEW(i));
        }
        for (uint32_t i = 0; i < old_sectors; i++) {
            assert_int_equal(board.units[BOOT_SECONDARY][i], OLD(i));
        }
        assert_int_equal(board.update.primary.copy_done, TRAILER_FLAG_SET);
        assert_int_equal(board.update.primary.image_ok, type == SWAP_TEST ? TRAILER_FLAG_UNSET : TRAILER_FLAG_SET);
    }
}

/* Over sizes, types and the copy that is interrupted: both images arrive whole, status cells are written in order. */
static void test_an_exchange_moves_both_images_whatever_copy_is_repeated(void **state)
{
    (void)state;
    for (unsigned run = 0; run < SWAP_TYPES * (UNITS + 1) * UNITS;
         run++) { /* an old image of 0 sectors: none is valid */
        check_exchange(swap_types[run % SWAP_TYPES], run / SWAP_TYPES % (UNITS + 1),
                       1 + run / SWAP_TYPES / (UNITS + 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exchange_moves_both_images_whatever_copy_is_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
