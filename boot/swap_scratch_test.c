/*
 * The plan of swap using scratch, followed over generated geometries: each copy is repeated in turn as if power had
 * failed before its status cell. Nothing is read from flash but where sectors begin.
 */
#include "boot/swap_fixture.h"

#include <string.h>

#include "host/random.h"

#define SLOT  0x20000U
#define GRAIN 0x1000U /* bytes that one mark stands for */
#define MARKS (SLOT / GRAIN)

static const struct flash_geometry *geometry_of(const struct flash_device *dev)
{
    return dev->config;
}

static const struct flash_driver driver = {.geometry = geometry_of};

struct board {
    struct flash_range range[BOOT_SLOTS];
    struct flash_geometry geometry[BOOT_SLOTS];
    struct flash_device device[BOOT_SLOTS];
    struct flash_area area[BOOT_SLOTS];
    struct boot_areas areas;
    struct boot_config config;
    struct boot boot;
    uint32_t marks[BOOT_SLOTS][MARKS];
};

static void add_area(struct board *board, enum boot_slot_id id, uint32_t sector, uint32_t size)
{
    board->range[id] = (struct flash_range){0, sector, size / sector};
    board->geometry[id] = (struct flash_geometry){size, 4, 0xff, 1, &board->range[id]};
    board->device[id] = (struct flash_device){&driver, &board->geometry[id], NULL, "flash"};
    board->area[id] = (struct flash_area){.dev = &board->device[id], .size = size};
}

/* Sectors of 4 to 32 KiB in each slot; a scratch area that has room for the largest, or for several. */
static void lay_out(struct board *board, unsigned geometry)
{
    uint32_t sectors[2] = {GRAIN << geometry % 4, GRAIN << geometry / 4 % 4};
    uint32_t larger = sectors[0] > sectors[1] ? sectors[0] : sectors[1];

    memset(board, 0, sizeof *board);
    add_area(board, BOOT_PRIMARY, sectors[0], SLOT);
    add_area(board, BOOT_SECONDARY, sectors[1], SLOT);
    add_area(board, BOOT_SCRATCH, GRAIN, larger * (1 + geometry / 16 % 2));
    board->areas = (struct boot_areas){.primary = &board->area[0], .secondary = &board->area[BOOT_SECONDARY]};
    board->config = (struct boot_config){.mode = &boot_mode_swap_scratch, .scratch = &board->area[BOOT_SCRATCH]};
    board->boot.config = &board->config;
    board->boot.areas = &board->areas;
    assert_int_equal(boot_lay_out(&board->boot), OK);
    assert_int_equal(boot_mode_swap_scratch.check(&board->boot), OK);
}

#define GEOMETRIES 32U

static void start_update(struct board *board, enum swap_type type, uint32_t old_marks, uint32_t new_marks)
{
    swap_fill(board->marks[BOOT_PRIMARY], MARKS, OLD(0), old_marks);
    swap_fill(board->marks[BOOT_SECONDARY], MARKS, NEW(0), new_marks);
    swap_begin(&board->boot.update, &boot_mode_swap_scratch, board->boot.slots, type, 0, old_marks * GRAIN,
               new_marks * GRAIN);
}

/* As flash does it: whole sectors of the destination are erased, then `len` bytes are there. */
static void copy(struct board *board, const struct boot_step *step)
{
    uint32_t sector = board->range[step->dst].sector_size;

    assert_true(step->dst_off % sector == 0 && step->dst_off + step->len <= board->area[step->dst].size);
    assert_true(step->src_off + step->len <= board->area[step->src].size && step->src != step->dst);
    for (uint32_t i = 0; i < (step->len + sector - 1) / sector * sector / GRAIN; i++) {
        board->marks[step->dst][step->dst_off / GRAIN + i] = NOTHING;
    }
    for (uint32_t i = 0; i < (step->len + GRAIN - 1) / GRAIN; i++) {
        board->marks[step->dst][step->dst_off / GRAIN + i] = board->marks[step->src][step->src_off / GRAIN + i];
    }
}

static struct boot_step plan(const struct board *board)
{
    struct boot_step step = {.kind = STEP_DONE};

    boot_mode_swap_scratch.plan(&board->boot.update, &step);
    return step;
}

/* Plays all steps; the copy number `cut` is done twice, the second time by a boot that knows no sizes. */
static uint32_t play(struct board *board, uint32_t cut)
{
    struct update *update = &board->boot.update;
    uint32_t copies = 0;

    for (unsigned steps = 0; steps < 400; steps++) {
        struct boot_step step = plan(board);

        if (step.kind == STEP_DONE) {
            return copies;
        }
        if (step.len > 0 && (step.kind == STEP_COPY || (step.kind == STEP_FILL && step.trailer == NULL))) {
            copy(board, &step);
        }
        if (step.kind == STEP_COPY || (step.kind == STEP_FILL && step.trailer == NULL)) {
            assert_int_equal(step.status_index, copies);
            if (copies++ == cut) {
                update->primary_used = update->secondary_used = update->swap_size;
                step = plan(board);
                copy(board, &step);
            }
        }
        if (step.kind == STEP_VERIFY) {
            update->is_installed = HARDENED_TRUE;
        } else {
            boot_mode_swap_scratch.advance(update, &step);
        }
    }
    fail_msg("the plan does not end");
    return 0;
}

static void check_exchange(unsigned geometry, enum swap_type type, uint32_t old_marks, uint32_t new_marks)
{
    uint32_t copies = 1;

    for (uint32_t cut = 0; cut <= copies; cut++) { /* the last one comes too late: it is none */
        struct board board;

        lay_out(&board, geometry);
        start_update(&board, type, old_marks, new_marks);
        copies = play(&board, cut);
        assert_int_equal(copies, board.boot.update.steps);
        for (uint32_t i = 0; i < new_marks; i++) {
            assert_int_equal(board.marks[BOOT_PRIMARY][i], NEW(i));
        }
        for (uint32_t i = 0; i < old_marks; i++) {
            assert_int_equal(board.marks[BOOT_SECONDARY][i], OLD(i));
        }
        assert_int_equal(board.boot.update.primary.copy_done, TRAILER_FLAG_SET);
    }
}

/* Over geometries, sizes, types and the copy that is repeated: both images arrive whole, cells are written in order. */
static void test_an_exchange_moves_both_images_whatever_copy_is_repeated(void **state)
{
    struct random random = {386};

    (void)state;
    for (unsigned run = 0; run < 40 * GEOMETRIES; run++) {
        struct board board;
        uint32_t most;

        lay_out(&board, run % GEOMETRIES);
        most = boot_mode_swap_scratch.source_limit(&board.boot, SWAP_TEST) / GRAIN;
        check_exchange(run % GEOMETRIES, swap_types[run % SWAP_TYPES], random_below(&random, most + 1),
                       1 + random_below(&random, most));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_exchange_moves_both_images_whatever_copy_is_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
