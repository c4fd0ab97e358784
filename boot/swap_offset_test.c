/* Planning is pure: it is tested without flash, by following an update from its first step to its last. */
#include "tests/unit.h"

#include <farboot/log.h>

#include "boot/mode.h"
#include "host/random.h"

#define SECTOR 0x1000U

void log_line(char level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* What each unit of the slots holds while steps are played on it: the number of a unit, or NOTHING. */
#define UNITS   16U
#define NOTHING 0xffffffffU
#define OLD(n)  (100U + (n))
#define NEW(n)  (200U + (n))

struct board {
    uint32_t units[2][UNITS + 1];
    struct update update;
};

static const struct boot_slot slots[BOOT_SLOTS] = {[BOOT_PRIMARY] = {.layout = {.status_cells = 2 * UNITS}}};

static void start_update(struct board *board, enum swap_type type, uint32_t primary_sectors, uint32_t secondary_sectors)
{
    uint32_t up = type == SWAP_REVERT ? 0 : 1;

    *board = (struct board){0};
    for (uint32_t i = 0; i < UNITS; i++) {
        board->units[BOOT_PRIMARY][i] = i < primary_sectors ? OLD(i) : NOTHING;
        board->units[BOOT_SECONDARY][i + up] = i < secondary_sectors ? NEW(i) : NOTHING;
    }
    board->update = (struct update){
        .type = type,
        .slots = slots,
        .primary = trailer_unset(),
        .secondary = trailer_unset(),
        .sector = SECTOR,
        .primary_used = primary_sectors * SECTOR,
        .secondary_used = secondary_sectors * SECTOR,
        .swap_size = (primary_sectors > secondary_sectors ? primary_sectors : secondary_sectors) * SECTOR,
        .is_installed = HARDENED_FALSE};
    boot_mode_swap_offset.measure(&board->update);
    board->update.starting = trailer_unset();
    board->update.starting.magic = TRAILER_MAGIC_GOOD;
    board->update.starting.swap_type = type;
    board->update.announcement = board->update.starting;
    board->update.starting.image_ok = type == SWAP_TEST ? TRAILER_FLAG_UNSET : TRAILER_FLAG_SET;
    board->update.announcement.image_ok = type == SWAP_PERM ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET;
    board->update.announcement.copy_done = type == SWAP_REVERT ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET;
}

static struct boot_step plan(const struct board *board)
{
    struct boot_step step = {.kind = STEP_DONE};

    boot_mode_swap_offset.plan(&board->update, &step);
    return step;
}

static void play(struct board *board, const struct boot_step *step)
{
    if (step->kind == STEP_VERIFY) {
        board->update.is_installed = HARDENED_TRUE;
        return;
    }
    if (step->kind == STEP_COPY && step->len > 0) {
        assert_int_equal(step->len, SECTOR);
        board->units[step->dst][step->dst_off / SECTOR] = board->units[step->src][step->src_off / SECTOR];
    }
    boot_mode_swap_offset.advance(&board->update, step);
}

/* Property over sizes and types: both images arrive whole, each status cell is written once and in order. */
static void test_an_exchange_moves_both_images(void **state)
{
    static const enum swap_type types[] = {SWAP_TEST, SWAP_PERM, SWAP_REVERT};

    (void)state;
    for (unsigned run = 0; run < 3 * 14 * 15; run++) {
        enum swap_type type = types[run % 3];
        uint32_t secondary_sectors = 1 + run / 3 % 14;
        uint32_t primary_sectors = run / 42; /* 0: nothing valid there */
        uint32_t down = type == SWAP_REVERT ? 1 : 0;
        uint32_t cells = 0;
        unsigned steps = 0;
        struct board board;

        start_update(&board, type, primary_sectors, secondary_sectors);
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
        for (uint32_t i = 0; i < secondary_sectors; i++) {
            assert_int_equal(board.units[BOOT_PRIMARY][i], NEW(i));
        }
        for (uint32_t i = 0; i < primary_sectors; i++) {
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
        struct board board;
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
    static const enum swap_type types[] = {SWAP_TEST, SWAP_PERM, SWAP_REVERT};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct board board;
        struct boot_step step;

        start_update(&board, types[i], 3, 3);
        step = plan(&board);
        assert_int_equal(step.kind, STEP_WRITE_TRAILER);
        assert_int_equal(step.dst, BOOT_SECONDARY);
        play(&board, &step);
        assert_int_equal(swap_decide(&swap_rules_offset, &board.update.primary, &board.update.secondary), types[i]);
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
    struct board board;
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
