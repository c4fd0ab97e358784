/*
 * What upgrade with backup promises of its journal and the stories of powercut cannot ask: nothing that is read
 * differently later matters once an application has worked, and an image counts as tried only just before it starts.
 */
#include "tests/unit.h"

#include <string.h>

#include "tests/powercut/images.h"
#include "tests/powercut/scenario.h"

static const struct world_geometry geometry = {
    "backup", {{4, 2, 0xff, {{4096, 8}}}, {1, 0, 0xff, {{4096, 8}}}}, {0}, 0};

struct board {
    struct scenario scenario;
    struct world world;
    struct state start;
};

static void start(struct board *board, const char *story)
{
    size_t i = 0;

    while (i + 1 < story_count && strcmp(stories[i].name, story) != 0) {
        i++;
    }
    board->scenario = (struct scenario){sim_mode_of(&boot_mode_backup), &geometry, &stories[i], {9000, 5000}};
    world_init(&board->world, &geometry, board->scenario.mode, 1, 0);
    scenario_prepare(&board->scenario, &board->world, &board->start);
}

static void stop(struct board *board)
{
    world_drop(&board->world, &board->start);
    world_free(&board->world);
}

static int boot(struct board *board, uint64_t cut_at, enum nor_cut kind, uint32_t seed, uint32_t noise)
{
    struct moment moment = {.phase = MOMENT_FIRST};
    struct boot_result result;
    int err;

    board->world.power.noise = noise;
    nor_power_on(&board->world.power, cut_at, kind, seed);
    err = moment_run(&board->scenario, &moment, &board->world, &result);
    assert_string_equal(world_violation(&board->world), "");
    return err;
}

static bool runs(const struct board *board, enum scenario_image_id image)
{
    return world_has_image(&board->world, WORLD_PRIMARY, 0, scenario_image(&board->scenario, image));
}

/* Boots with one reading, and then with each. `between` is what the application does in between; it says what must run
 * in the end. */
static void check_readings(struct board *board, uint32_t noise, enum scenario_image_id (*between)(struct board *board))
{
    struct state before;
    enum scenario_image_id wanted;

    assert_int_equal(boot(board, NOR_NO_CUT, NOR_CUT_CLEAN, 0, noise), OK);
    wanted = between(board);
    world_save(&board->world, &before);
    for (uint32_t later = 0; later < NOR_NOISES; later++) {
        world_restore(&board->world, &before);
        assert_int_equal(boot(board, NOR_NO_CUT, NOR_CUT_CLEAN, 0, later), OK);
        assert_true(runs(board, wanted));
    }
    world_drop(&board->world, &before);
}

/* Every tear of the first boot that leaves a part of `area`, from `off` on, that may be read in two ways. */
static void check_tears(struct board *board, unsigned area, uint32_t off, uint32_t seeds,
                        enum scenario_image_id (*between)(struct board *board))
{
    unsigned checked = 0;
    bool is_cut = true;

    for (uint64_t at = 0; is_cut; at++) {
        for (uint32_t seed = 0; seed < seeds && is_cut; seed++) {
            struct state cut;

            world_restore(&board->world, &board->start);
            is_cut = boot(board, at, NOR_CUT_TORN, seed, 0) != OK;
            if (!is_cut || !world_is_unstable(&board->world, area, off, board->world.area[area].size - off)) {
                continue;
            }
            checked++;
            world_save(&board->world, &cut);
            for (uint32_t noise = 0; noise < NOR_NOISES; noise++) {
                world_restore(&board->world, &cut);
                check_readings(board, noise, between);
            }
            world_drop(&board->world, &cut);
        }
    }
    assert_true(checked > 2);
}

/* The other image is uploaded, and asked for. */
static enum scenario_image_id ask_for_the_other(struct board *board)
{
    enum scenario_image_id other = runs(board, IMAGE_NEW) ? IMAGE_OLD : IMAGE_NEW;

    world_erase(&board->world, WORLD_SECONDARY);
    world_put_image(&board->world, WORLD_SECONDARY, 0, scenario_image(&board->scenario, other));
    world_request(&board->world, WORLD_SECONDARY, true);
    return other;
}

static void test_what_an_application_asks_for_is_not_undone_by_another_reading(void **state)
{
    struct board board;

    (void)state;
    start(&board, "perm");
    check_tears(&board, WORLD_JOURNAL, 0, 16, ask_for_the_other);
    stop(&board);
}

static enum scenario_image_id ask_for_nothing(struct board *board)
{
    assert_true(runs(board, IMAGE_NEW));
    return IMAGE_NEW;
}

/* A request in the slot that gets the old image: whatever an erase of it leaves must not ask for that one. */
static void test_a_request_in_the_way_of_the_backup_does_not_come_back(void **state)
{
    struct board board;

    (void)state;
    start(&board, "perm");
    world_request(&board.world, WORLD_BACKUP, true);
    world_drop(&board.world, &board.start);
    world_save(&board.world, &board.start);
    check_tears(&board, WORLD_BACKUP, board.world.layout[WORLD_BACKUP].status, 64, ask_for_nothing);
    stop(&board);
}

/* Power fails before the last operation of the boot that installs it: the image was not started, and now it is. */
static void test_an_image_counts_as_tried_with_the_last_write_before_it_starts(void **state)
{
    struct board board;
    uint64_t ops;

    (void)state;
    start(&board, "test");
    assert_int_equal(boot(&board, NOR_NO_CUT, NOR_CUT_CLEAN, 0, 0), OK);
    ops = board.world.power.ops;
    world_restore(&board.world, &board.start);
    assert_int_not_equal(boot(&board, ops - 1, NOR_CUT_CLEAN, 0, 0), OK);
    assert_int_equal(boot(&board, NOR_NO_CUT, NOR_CUT_CLEAN, 0, 0), OK);
    assert_true(runs(&board, IMAGE_NEW));
    assert_int_equal(boot(&board, NOR_NO_CUT, NOR_CUT_CLEAN, 0, 0), OK);
    assert_true(runs(&board, IMAGE_OLD));
    stop(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_an_application_asks_for_is_not_undone_by_another_reading),
        cmocka_unit_test(test_a_request_in_the_way_of_the_backup_does_not_come_back),
        cmocka_unit_test(test_an_image_counts_as_tried_with_the_last_write_before_it_starts),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    images_free();
    return failed;
}
