/*
 * What the driver does to a chip beyond what a flash device promises (tests/flash_driver): how often it writes, in
 * which order, what it says, and every combination of states. The chip is the virtual boards'
 * (tests/flash_driver/host/rig.h). Time passes only when something is transferred or waited for, so an unbounded wait
 * shows as a test that does not end.
 */
#include "tests/unit.h"

#include <string.h>

#include <farboot/util.h>

#include "drivers/spi_nor_commands.h"
#include "drivers/spi_nor_parts.h"
#include "host/random.h"
#include "tests/flash_driver/host/rig.h"

#define QE 0x40u
#define BP 0x3cu
#define LH 0x02u /* of the second configuration register: high performance */

static const struct sfdp_chip common = {SPI_NOR_PART_CHIP(0), .quad_enable = QER_S1B6, .report = REPORT_SECURITY,
                                        .lock = SPI_NOR_BP3};
static struct spi_nor_state state_of_nor;
static struct spi_nor nor;
static uint64_t started; /* ticks */

static void begin_with(const struct nor_chip_part *part)
{
    nor = (struct spi_nor){.chip = {.controller = rig_controller, .max_hz = 32000000},
                           .state = &state_of_nor,
                           .described = &common,
                           .name = "flash@0",
                           .geometry = {.size = 8u << 20},
                           .exit_dpd_us = 35,
                           .id = {0xc2, 0x28, 0x17},
                           .needs_quad = true};
    memset(&state_of_nor, 0xa5, sizeof(state_of_nor));
    rig_begin(part, UINT32_MAX);
    rig_chip.status = QE;
    (void)rig_controller->driver->start(&nor.chip);
    rig_controller->driver->set_clock(&nor.chip, SPI_NOR_SLOW_HZ);
    started = rig_chip.machine->clock.now;
}

static void begin(void)
{
    begin_with(&nor_chip_mx25r_4byte);
}

static void end(void)
{
    assert_int_equal(rig_bugs(), 0);
    rig_end();
}

static uint32_t took_us(void)
{
    return (uint32_t)((rig_chip.machine->clock.now - started) / TICKS_PER_US);
}

/* An erase of the first 64 KiB that an application began, and suspended. */
static void leave_erasing(bool is_suspended)
{
    assert_int_equal(spi_nor_simple(&nor, OP_WREN), OK);
    assert_int_equal(spi_nor_simple(&nor, 0x75), OK); /* nothing runs: ignored */
    nor_chip_begin_busy(&rig_chip);
    if (is_suspended) {
        assert_int_equal(spi_nor_simple(&nor, 0x75), OK);
    }
}

static void leave(unsigned bits)
{
    rig_chip.status = (uint8_t)(((bits & 4) != 0 ? 0 : QE) | ((bits & 8) != 0 ? BP : 0));
    rig_chip.write_enabled = (bits & 16) != 0;
    rig_chip.absent_level = (bits & 128) != 0 ? 0xff : 0;
    if ((bits & 96) != 0) {
        leave_erasing((bits & 32) != 0);
    }
    if ((bits & 2) != 0) {
        nor_chip_begin_4byte(&rig_chip);
    }
    if ((bits & 1) != 0 && (bits & 96) == 0) {
        nor_chip_begin_asleep(&rig_chip);
    }
}

static void test_init_recovers_from_every_combination_of_states(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 256; bits++) {
        begin();
        leave(bits);
        assert_int_equal(spi_nor_init(&nor), OK);
        assert_int_equal(rig_chip.status, QE);
        assert_false(rig_chip.write_enabled || rig_chip.asleep || rig_chip.four_byte || nor_chip_is_busy(&rig_chip));
        assert_string_equal(rig_log, "");
        assert_int_equal(spi_nor_wait(&nor), OK);
        /* an erase that is broken off leaves bits that read as they like */
        for (uint32_t at = 0x7f0000; (bits & 96) != 0 && at < 0x800000; at++) {
            assert_int_equal(rig_chip.array->data[at], 0xff);
        }
        end();
    }
}

static const struct sfdp_chip large = {SPI_NOR_PART_CHIP(0xef4019), .four_byte = SFDP_4BYTE_MODE, .lock = SPI_NOR_BP2};

static void begin_large(const struct nor_chip_part *part)
{
    begin_with(part);
    nor.described = &large;
    nor.geometry.size = 32u << 20;
    memcpy(nor.id, part->jedec_id, sizeof(nor.id));
    nor.needs_quad = false;
}

static void test_what_one_line_sends_to_a_chip_on_four(void **state)
{
    uint8_t id[3];

    (void)state;
    begin_large(&nor_chip_w25q256fv);
    assert_true(rig_leave_in(SUITE_QPI));
    nor_chip_select(&rig_chip);
    (void)nor_chip_shift(&rig_chip, OP_RDID, 4);
    for (size_t i = 0; i < sizeof(id); i++) {
        id[i] = nor_chip_shift(&rig_chip, 0, 4);
    }
    nor_chip_deselect(&rig_chip);
    assert_memory_equal(id, nor.id, sizeof(id));
    assert_int_equal(spi_nor_receive(&nor, OP_RDID, id, sizeof(id)), OK);
    assert_memory_equal(id, "\xff\xff\xff", sizeof(id));
    assert_int_equal(spi_nor_simple(&nor, OP_RESET_ENABLE), OK);
    assert_int_equal(spi_nor_simple(&nor, OP_RESET), OK);
    assert_true(rig_chip.qpi);
    assert_int_equal(spi_nor_simple(&nor, OP_MODE_RESET), OK);
    assert_false(rig_chip.qpi);
    assert_int_equal(spi_nor_receive(&nor, OP_RDID, id, sizeof(id)), OK);
    assert_memory_equal(id, nor.id, sizeof(id));
    end();
}

/* Of a read in four lines that goes on, one line sees what IO1 carries. */
static void test_what_one_line_sees_of_a_continuous_read(void **state)
{
    uint8_t seen;
    const uint8_t *data;

    (void)state;
    begin();
    assert_true(rig_leave_in(SUITE_READ_QUAD));
    nor_chip_select(&rig_chip);
    for (size_t i = 0; i < 3; i++) { /* 24 clocks: address (all ones), mode bits, four dummies; then six bytes */
        seen = nor_chip_shift(&rig_chip, 0xff, 1);
    }
    nor_chip_deselect(&rig_chip);
    data = rig_chip.array->data;
    for (unsigned i = 0; i < 4; i++) { /* the last four of them, behind the end of the array */
        assert_int_equal((seen >> (7 - 2 * i)) & 1, (data[i + 1] >> 5) & 1);
        assert_int_equal((seen >> (6 - 2 * i)) & 1, (data[i + 1] >> 1) & 1);
    }
    assert_null(rig_chip.continuous);
    end();
}

/* What only power ends: QPI that has no FFh, and sleep in QPI. It is told in time, and nothing is lost. */
static void test_a_chip_that_one_line_cannot_reach_is_an_absent_one(void **state)
{
    static const struct nor_chip_part *const parts[] = {&nor_chip_mx25l25635f, &nor_chip_w25q256fv};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        begin_large(parts[i]);
        assert_true(rig_leave_in(SUITE_QPI));
        rig_chip.asleep = i == 1;
        started = rig_chip.machine->clock.now;
        assert_int_equal(spi_nor_init(&nor), ERR_FLASH_NO_DEVICE);
        assert_true(took_us() < 100000);
        assert_int_equal(rig_stats()->erases + rig_stats()->programs, 0);
        nor_chip_power_on(&rig_chip);
        assert_int_equal(spi_nor_init(&nor), OK);
        end();
    }
}

/* An erase in QPI cannot be seen to run; the chip is there at the first start behind it. */
static void test_an_erase_in_qpi_is_not_disturbed(void **state)
{
    (void)state;
    begin_large(&nor_chip_w25q256fv);
    assert_true(rig_leave_in(SUITE_QPI));
    nor_chip_begin_busy(&rig_chip);
    assert_int_equal(spi_nor_init(&nor), ERR_FLASH_NO_DEVICE);
    rig_advance_us(200000);
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(rig_chip.array->data[(32u << 20) - 0x10000], 0xff);
    end();
}

static unsigned status_writes;
static const struct spi_driver *wrapped;

static int count_status_writes(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    status_writes += transfer->command[0] == OP_WRSR;
    return wrapped->transfer(chip, transfer);
}

/* Registers that are non-volatile wear out. */
static void begin_counting(struct spi_controller *controller, struct spi_driver *driver)
{
    begin();
    wrapped = rig_controller->driver;
    *driver = *wrapped;
    driver->transfer = count_status_writes;
    *controller = *rig_controller;
    controller->driver = driver;
    nor.chip.controller = controller;
    status_writes = 0;
}

static void test_a_chip_that_needs_nothing_is_written_nothing(void **state)
{
    struct spi_controller controller;
    struct spi_driver driver;

    (void)state;
    begin_counting(&controller, &driver);
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_deinit(&nor), OK);
    assert_int_equal(status_writes, 0);
    assert_int_equal(rig_stats()->erases + rig_stats()->programs, 0);
    end();
}

static void test_erase_returns_early_and_fast_mode_comes_with_the_first_write(void **state)
{
    struct spi_controller controller;
    struct spi_driver driver;

    (void)state;
    begin_counting(&controller, &driver);
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(rig_chip.config[1] & LH, 0);
    assert_int_equal(spi_nor_erase(&nor, 0xf000, 0x21000), OK); /* 4 KiB, then 64, then 64 */
    assert_int_equal(rig_stats()->erases, 3);
    assert_int_equal(rig_stats()->erased_bytes, 0x21000);
    assert_true(nor_chip_is_busy(&rig_chip));
    assert_int_equal(rig_chip.config[1] & LH, LH);
    assert_true(state_of_nor.is_fast);
    assert_int_equal(spi_nor_wait(&nor), OK);
    assert_false(nor_chip_is_busy(&rig_chip));
    assert_int_equal(status_writes, 1);
    assert_int_equal(spi_nor_deinit(&nor), OK);
    assert_int_equal(rig_chip.config[1] & LH, 0);
    end();
}

static void test_an_erase_of_nothing_brings_fast_mode_alone(void **state)
{
    (void)state;
    begin();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_erase(&nor, 0x1000, 0), OK);
    assert_true(state_of_nor.is_fast);
    assert_int_equal(rig_stats()->erases, 0);
    end();
}

static void test_a_chip_that_stays_busy_is_reset(void **state)
{
    (void)state;
    begin();
    nor_chip_begin_busy(&rig_chip);
    rig_set_endless(true); /* a chip erase */
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_true(took_us() < 1500000);
    end();
}

static void test_a_chip_without_reset_is_waited_for(void **state)
{
    struct sim_clock *clock;

    (void)state;
    begin_with(&nor_chip_w25q80bl);
    nor.geometry.size = 1u << 20;
    memcpy(nor.id, nor_chip_w25q80bl.jedec_id, sizeof(nor.id));
    clock = &rig_chip.machine->clock;
    nor_chip_begin_busy(&rig_chip);
    sim_timer_set(clock, &rig_chip.done, clock->now + (uint64_t)4 * TICKS_PER_S);
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_in_range(took_us(), 4000000, 5000000);
    end();
}

static void test_an_absent_chip_costs_little_and_one_warning(void **state)
{
    static const uint8_t levels[] = {0x00, 0xff};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
        begin();
        rig_set_present(false);
        rig_chip.absent_level = levels[i];
        assert_int_equal(spi_nor_init(&nor), ERR_FLASH_NO_DEVICE);
        assert_true(took_us() < 100000);
        assert_non_null(strstr(rig_log, "W: flash@0: JEDEC ID"));
        assert_non_null(strstr(rig_log, "expected c2 28 17: no flash chip answers"));
        assert_null(strstr(strstr(rig_log, "W: ") + 1, "W: "));
        assert_int_equal(spi_nor_deinit(&nor), OK);
        end();
    }
}

static void test_another_chip_is_named_and_not_touched(void **state)
{
    (void)state;
    begin_with(&nor_chip_foreign);
    rig_chip.status = BP;
    assert_int_equal(spi_nor_init(&nor), ERR_FLASH_WRONG_DEVICE);
    assert_non_null(strstr(rig_log, "JEDEC ID ef 40 17, expected c2 28 17: not the chip of the devicetree"));
    assert_int_equal(rig_chip.status, BP);
    end();
}

static void test_any_chip_will_do_where_devicetree_names_none(void **state)
{
    (void)state;
    begin_with(&nor_chip_foreign);
    memset(nor.id, 0, sizeof(nor.id));
    assert_int_equal(spi_nor_init(&nor), OK);
    rig_set_present(false);
    assert_int_equal(spi_nor_init(&nor), ERR_FLASH_NO_DEVICE);
    end();
}

static void test_a_reported_failure_is_told_once(void **state)
{
    (void)state;
    begin();
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_erase(&nor, 0, 4096), OK);
    rig_advance_us(1000000);
    rig_chip.security = 0x40; /* E_FAIL */
    assert_int_equal(spi_nor_wait(&nor), ERR_FLASH_IO);
    assert_int_equal(spi_nor_wait(&nor), OK);
    end();
}

static void test_a_chip_sleeps_behind_deinit_only_if_chosen(void **state)
{
    (void)state;
    begin();
    nor.has_dpd = true;
    assert_int_equal(spi_nor_init(&nor), OK);
    assert_int_equal(spi_nor_deinit(&nor), OK);
    assert_false(rig_chip.asleep);
    end();
}

static void test_erase_plans_cover_the_range_with_the_fewest_commands(void **state)
{
    struct random random = {.state = 3};
    static const struct sfdp_chip planned = {SPI_NOR_PART_CHIP(0xc22817)};

    (void)state;
    for (int i = 0; i < 5000; i++) {
        uint32_t off = random_below(&random, 64) * 4096;
        uint32_t end_off = off + random_below(&random, 64) * 4096;

        while (off < end_off) {
            const struct sfdp_erase *type = spi_nor_plan_erase(&planned, off, end_off - off);

            assert_non_null(type);
            assert_int_equal(off % type->size, 0);
            assert_true(type->size <= end_off - off);
            for (size_t j = 0; j < SFDP_ERASE_TYPES; j++) { /* no larger one would do */
                uint32_t size = planned.erase[j].size;

                assert_true(size <= type->size || off % size != 0 || size > end_off - off);
            }
            off += type->size;
        }
    }
    assert_null(spi_nor_plan_erase(&planned, 0x800, 0x1000));
    assert_null(spi_nor_plan_erase(&planned, 0, 0x800));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_init_recovers_from_every_combination_of_states),
        cmocka_unit_test(test_what_one_line_sends_to_a_chip_on_four),
        cmocka_unit_test(test_what_one_line_sees_of_a_continuous_read),
        cmocka_unit_test(test_a_chip_that_one_line_cannot_reach_is_an_absent_one),
        cmocka_unit_test(test_an_erase_in_qpi_is_not_disturbed),
        cmocka_unit_test(test_a_chip_that_needs_nothing_is_written_nothing),
        cmocka_unit_test(test_erase_returns_early_and_fast_mode_comes_with_the_first_write),
        cmocka_unit_test(test_an_erase_of_nothing_brings_fast_mode_alone),
        cmocka_unit_test(test_a_chip_that_stays_busy_is_reset),
        cmocka_unit_test(test_a_chip_without_reset_is_waited_for),
        cmocka_unit_test(test_an_absent_chip_costs_little_and_one_warning),
        cmocka_unit_test(test_another_chip_is_named_and_not_touched),
        cmocka_unit_test(test_any_chip_will_do_where_devicetree_names_none),
        cmocka_unit_test(test_a_reported_failure_is_told_once),
        cmocka_unit_test(test_a_chip_sleeps_behind_deinit_only_if_chosen),
        cmocka_unit_test(test_erase_plans_cover_the_range_with_the_fewest_commands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
