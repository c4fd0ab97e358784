#include "tests/unit.h"

#include <string.h>

#include "flash/model/nor_device.h"
#include "host/random.h"

#define SIZE 0x4000U

static const struct flash_range ranges[] = {{0, 0x1000, 4}};
static const struct nor_erase_time erase_times[] = {{0x1000, 1}};
static const struct nor_config config = {
    .name = "plain", .geometry = {SIZE, 4, 0xff, 1, ranges}, .timing = {256, 1, 1, 1, erase_times, 1}};

struct board {
    struct nor_power power;
    struct nor_device a;
    struct nor_device b;
    uint8_t data_a[SIZE];
    uint8_t data_b[SIZE];
};

static void start(struct board *board)
{
    memset(board, 0, sizeof *board);
    nor_device_init(&board->a, &board->power, &config, board->data_a);
    nor_device_init(&board->b, &board->power, &config, board->data_b);
    nor_power_on(&board->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
}

static void stop(struct board *board)
{
    nor_device_free(&board->a);
    nor_device_free(&board->b);
}

static int erase(struct nor_device *device, uint32_t off, uint32_t len)
{
    return device->flash.driver->erase(&device->flash, off, len);
}

static int program(struct nor_device *device, uint32_t off, const void *src, size_t len)
{
    return device->flash.driver->program(&device->flash, off, src, len);
}

static int sync(struct nor_device *device)
{
    return device->flash.driver->sync(&device->flash);
}

static void test_an_operation_takes_effect_when_it_is_waited_for(void **state)
{
    static const uint8_t word[4] = {1, 2, 3, 4};
    struct board board;
    uint8_t back[4];

    (void)state;
    start(&board);
    assert_int_equal(erase(&board.a, 0, 0x1000), OK);
    assert_int_equal(board.data_a[0], 0);
    assert_int_equal(program(&board.a, 0, word, 4), OK);
    assert_int_equal(board.data_a[0], 0xff);
    assert_int_equal(board.a.flash.driver->read(&board.a.flash, 0, back, 4), OK);
    assert_memory_equal(back, word, 4);
    assert_int_equal(board.power.ops, 2);
    stop(&board);
}

static void test_operations_are_numbered_across_devices(void **state)
{
    struct board board;

    (void)state;
    start(&board);
    nor_power_on(&board.power, 3, NOR_CUT_CLEAN, 0);
    assert_int_equal(erase(&board.a, 0, 0x2000), OK);
    assert_int_equal(erase(&board.b, 0, 0x1000), OK);
    assert_int_equal(erase(&board.a, 0x2000, 0x1000), ERR_FLASH_CUT);
    assert_int_equal(sync(&board.b), ERR_FLASH_CUT);
    nor_power_on(&board.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    assert_int_equal(sync(&board.b), OK);
    assert_int_equal(board.data_a[0x1fff], 0xff); /* clean: what was issued is done */
    assert_int_equal(board.data_b[0xfff], 0xff);
    assert_int_equal(board.data_a[0x2000], 0); /* the operation of the cut is not */
    stop(&board);
}

/* Over many seeds, what ran on the other device at a cut must be seen not started, torn and done. */
static void test_what_was_running_is_lost_in_every_way(void **state)
{
    unsigned none = 0;
    unsigned torn = 0;
    unsigned done = 0;

    (void)state;
    for (uint32_t seed = 0; seed < 100; seed++) {
        struct board board;
        unsigned erased = 0;

        start(&board);
        nor_power_on(&board.power, 1, NOR_CUT_TORN, seed);
        assert_int_equal(erase(&board.b, 0, 0x1000), OK);
        assert_int_equal(erase(&board.a, 0, 0x1000), ERR_FLASH_CUT);
        for (size_t i = 0; i < 0x1000; i++) {
            erased += board.data_b[i] == 0xff ? 1 : 0;
        }
        none += erased == 0 ? 1 : 0;
        done += erased == 0x1000 ? 1 : 0;
        torn += erased != 0 && erased != 0x1000 ? 1 : 0;
        stop(&board);
    }
    assert_true(none > 10 && torn > 10 && done > 10);
}

static void test_the_same_seed_gives_the_same_damage(void **state)
{
    struct board board[2];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        start(&board[i]);
        nor_power_on(&board[i].power, 1, NOR_CUT_TORN, 77);
        assert_int_equal(erase(&board[i].b, 0x1000, 0x1000), OK);
        assert_int_equal(erase(&board[i].a, 0, 0x1000), ERR_FLASH_CUT);
    }
    assert_memory_equal(board[0].data_a, board[1].data_a, SIZE);
    assert_memory_equal(board[0].data_b, board[1].data_b, SIZE);
    stop(&board[0]);
    stop(&board[1]);
}

/* The MCU's power fails: its own flash suffers, the chip finishes its erase. */
static void test_a_chip_goes_on_without_the_mcu(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 20; seed++) {
        struct board board;

        start(&board);
        board.b.own_supply = true;
        nor_power_on(&board.power, 1, NOR_CUT_MCU, seed);
        assert_int_equal(erase(&board.b, 0, 0x1000), OK);
        assert_int_equal(erase(&board.a, 0, 0x1000), ERR_FLASH_CUT);
        assert_int_equal(board.data_b[0], 0xff);
        assert_int_equal(board.data_b[0xfff], 0xff);
        stop(&board);
    }
}

/* The chip's power fails: it answers nothing until it is initialized, or not at all; the other device works on. */
static void test_the_mcu_goes_on_without_the_chip(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 2; seed++) {
        struct board board;

        start(&board);
        board.b.own_supply = true;
        nor_power_on(&board.power, 0, NOR_CUT_CHIP, seed);
        assert_int_equal(erase(&board.b, 0, 0x1000), ERR_FLASH_TIMEOUT);
        assert_int_equal(sync(&board.b), ERR_FLASH_TIMEOUT);
        assert_int_equal(erase(&board.a, 0, 0x1000), OK);
        assert_int_equal(sync(&board.a), OK);
        assert_int_equal(board.b.flash.driver->init(&board.b.flash), seed == 0 ? OK : ERR_FLASH_NO_DEVICE);
        nor_power_on(&board.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(board.b.flash.driver->init(&board.b.flash), OK);
        assert_int_equal(erase(&board.b, 0, 0x1000), OK);
        stop(&board);
    }
}

static void test_a_violation_is_reported_by_the_next_call(void **state)
{
    static const uint8_t ones[4] = {0xfe, 0xfe, 0xfe, 0xfe};
    struct board board;

    (void)state;
    start(&board);
    assert_int_equal(program(&board.a, 0, ones, 4), OK);
    assert_int_equal(sync(&board.a), ERR_FLASH_PHYSICS);
    assert_string_not_equal(board.a.model.violation, "");
    assert_int_equal(sync(&board.a), OK);
    stop(&board);
}

static void test_an_absent_chip_answers_nothing(void **state)
{
    struct board board;
    uint8_t byte;

    (void)state;
    start(&board);
    board.b.absent = true;
    assert_int_equal(board.b.flash.driver->init(&board.b.flash), ERR_FLASH_NO_DEVICE);
    assert_int_equal(board.b.flash.driver->read(&board.b.flash, 0, &byte, 1), ERR_FLASH_NO_DEVICE);
    assert_int_equal(sync(&board.a), OK);
    stop(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_operation_takes_effect_when_it_is_waited_for),
        cmocka_unit_test(test_operations_are_numbered_across_devices),
        cmocka_unit_test(test_what_was_running_is_lost_in_every_way),
        cmocka_unit_test(test_the_same_seed_gives_the_same_damage),
        cmocka_unit_test(test_a_chip_goes_on_without_the_mcu),
        cmocka_unit_test(test_the_mcu_goes_on_without_the_chip),
        cmocka_unit_test(test_a_violation_is_reported_by_the_next_call),
        cmocka_unit_test(test_an_absent_chip_answers_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
