/*
 * Swap using scratch when the erase of the scratch area's trailer was cut short: what was programmed there may read as
 * erased in one boot and as it was in a later one. Whatever is read, and wherever power fails again in between, the
 * image that was asked for runs in the end, whole.
 */
#include "tests/unit.h"

#include <string.h>

#include "tests/powercut/images.h"
#include "tests/powercut/scenario.h"

/* Units of 8 KiB leave the last sector of the scratch area alone: nothing but an erase of its own clears its trailer.
 */
static const struct world_geometry geometry = {
    "scratch", {{4, 2, 0xff, {{4096, 16}}}, {1, 0, 0xff, {{8192, 8}}}}, {4096, 3}, WORLD_INTERNAL};

struct board {
    struct scenario scenario;
    struct world world;
    struct state start;
    uint64_t cut_at; /* the erase that is cut short */
    struct boot_result result;
};

static const struct story *story_named(const char *name)
{
    size_t i = 0;

    while (i + 1 < story_count && strcmp(stories[i].name, name) != 0) {
        i++;
    }
    return &stories[i];
}

static int boot(struct board *board, uint64_t cut_at, enum nor_noise noise)
{
    struct moment moment = {.phase = MOMENT_FIRST};

    board->world.power.noise = noise;
    nor_power_on(&board->world.power, cut_at, NOR_CUT_CLEAN, 0);
    return moment_run(&board->scenario, &moment, &board->world, &board->result);
}

static uint32_t trailer_sector(const struct world *world)
{
    return world->area[WORLD_SCRATCH].off + world->area[WORLD_SCRATCH].size - 4096;
}

/* The last erase of the trailer's sector in a boot: the update goes on without it. */
static void find_erase(void *context, const struct nor_device *device, const struct nor_op *op)
{
    struct board *board = context;

    if (device == &board->world.device[WORLD_INTERNAL] && op->kind == NOR_OP_ERASE &&
        op->off == trailer_sector(&board->world)) {
        board->cut_at = board->world.power.ops;
    }
}

/* The erase ended too early: the cells that had been programmed are those that may still read so. */
static void make_weak(struct world *world)
{
    struct nor_model *model = &world->device[WORLD_INTERNAL].model;
    uint32_t off = trailer_sector(world);

    for (uint32_t i = off; i < off + 4096; i++) {
        model->unstable[i] = (uint8_t)~model->data[i];
        model->data[i] = 0xff;
    }
    model->has_unstable = true;
    nor_model_note_change(model, off, 4096);
}

/* A board in the middle of `story`, with a weak trailer in its scratch area. */
static void cut_erase(struct board *board, const char *story, uint32_t old_size, uint32_t new_size)
{
    board->scenario =
        (struct scenario){sim_mode_of(&boot_mode_swap_scratch), &geometry, story_named(story), {old_size, new_size}};
    world_init(&board->world, &geometry, board->scenario.mode, 1, 0);
    scenario_prepare(&board->scenario, &board->world, &board->start);
    board->cut_at = NOR_NO_CUT;
    board->world.power.watch = find_erase;
    board->world.power.context = board;
    assert_int_equal(boot(board, NOR_NO_CUT, NOR_NOISE_ERASED), OK);
    board->world.power.watch = NULL;
    assert_true(board->cut_at != NOR_NO_CUT);
    world_restore(&board->world, &board->start);
    assert_int_not_equal(boot(board, board->cut_at, NOR_NOISE_ERASED), OK);
    make_weak(&board->world);
    world_drop(&board->world, &board->start);
    world_save(&board->world, &board->start);
}

static void assert_runs(struct board *board, uint64_t second_cut, enum nor_noise noise)
{
    const struct buffer *wanted = scenario_image(&board->scenario, board->scenario.story->final);

    if (boot(board, NOR_NO_CUT, noise) != OK || !world_has_image(&board->world, WORLD_PRIMARY, 0, wanted)) {
        fail_msg(
            "%s: cut again before operation %u, then the trailer reads as it does with noise %u: the image is lost",
            board->scenario.story->name, (unsigned)second_cut, (unsigned)noise);
    }
    assert_string_equal(world_violation(&board->world), "");
}

/* Every cut of the boot that reads the trailer as erased, then a boot with each reading. */
static void check_every_second_cut(const char *story, uint32_t old_size, uint32_t new_size)
{
    struct board board;
    bool is_cut = true;

    cut_erase(&board, story, old_size, new_size);
    for (uint64_t at = 0; is_cut; at++) {
        struct state cut;

        world_restore(&board.world, &board.start);
        is_cut = boot(&board, at, NOR_NOISE_ERASED) != OK;
        world_save(&board.world, &cut);
        for (unsigned noise = 0; noise < NOR_NOISES; noise++) {
            world_restore(&board.world, &cut);
            assert_runs(&board, at, (enum nor_noise)noise);
        }
        world_drop(&board.world, &cut);
    }
    world_drop(&board.world, &board.start);
    world_free(&board.world);
}

static void test_a_revert_survives_a_weak_announcement(void **state)
{
    (void)state;
    check_every_second_cut("revert", 3000, 5000);
    check_every_second_cut("revert", 20000, 9000);
}

/* Images that reach into the trailers' sectors: status was in scratch. */
static void test_an_exchange_of_the_trailers_survives_a_weak_status(void **state)
{
    (void)state;
    check_every_second_cut("perm", 3000, 16 * 4096 - 800);
    check_every_second_cut("perm", 16 * 4096 - 800, 20000);
    check_every_second_cut("revert", 16 * 4096 - 900, 16 * 4096 - 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_revert_survives_a_weak_announcement),
        cmocka_unit_test(test_an_exchange_of_the_trailers_survives_a_weak_status),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
