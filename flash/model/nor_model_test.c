#include "tests/unit.h"

#include <string.h>

#include "flash/model/nor_model.h"
#include "host/buffer.h"
#include "host/random.h"

#define SIZE 0x4000U

static const struct flash_range uneven_ranges[] = {{0, 0x400, 4}, {0x1000, 0x1000, 3}};
static const struct nor_erase_time uneven_erase[] = {{0x400, 10}, {0x1000, 30}};
static const struct nor_config uneven = {
    .name = "uneven",
    .geometry = {SIZE, 4, 0xff, 2, uneven_ranges},
    .max_programs = 2,
    .timing = {256, 100, 3, 850, uneven_erase, 2},
};

static const struct flash_range plain_ranges[] = {{0, 0x1000, 4}};
static const struct nor_config erased_zero = {
    .name = "erased zero", .geometry = {SIZE, 1, 0x00, 1, plain_ranges}, .timing = {256, 100, 3, 850, uneven_erase, 2}};

struct fixture {
    struct nor_model model;
    uint8_t data[SIZE];
    struct random random;
};

static void start(struct fixture *fixture, const struct nor_config *config)
{
    fixture->random.state = 1;
    memset(fixture->data, config->geometry.erased_value, SIZE);
    nor_model_init(&fixture->model, config, fixture->data);
}

static void test_program_only_leaves_the_erased_value(void **state)
{
    const struct nor_config *configs[] = {&uneven, &erased_zero};

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct fixture f;
        uint8_t flip = configs[c]->geometry.erased_value == 0xff ? 0 : 0xff;
        uint8_t first[] = {0xf0, 0xff, 0xff, 0xff};
        uint8_t fewer[] = {0x10, 0xff, 0xff, 0x00};
        uint8_t back[] = {0x11, 0xff, 0xff, 0xff};

        for (size_t i = 0; i < 4; i++) {
            first[i] ^= flip;
            fewer[i] ^= flip;
            back[i] ^= flip;
        }
        start(&f, configs[c]);
        assert_int_equal(nor_model_program(&f.model, 0x40, first, 4), OK);
        assert_int_equal(nor_model_program(&f.model, 0x40, fewer, 4), OK);
        assert_int_equal(nor_model_program(&f.model, 0x40, back, 4), ERR_FLASH_PHYSICS);
        assert_memory_equal(f.data + 0x40, fewer, 4);
        assert_string_not_equal(f.model.violation, "");
        nor_model_free(&f.model);
    }
}

static void test_a_write_block_is_programmed_whole_and_not_too_often(void **state)
{
    static const uint8_t ones[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    struct fixture f;

    (void)state;
    start(&f, &uneven);
    assert_int_equal(nor_model_program(&f.model, 2, ones, 4), ERR_FLASH_PHYSICS);
    assert_int_equal(nor_model_program(&f.model, 0, ones, 3), ERR_FLASH_PHYSICS);
    assert_int_equal(nor_model_program(&f.model, 0, ones, 8), OK);
    assert_int_equal(nor_model_program(&f.model, 4, ones, 4), OK);
    assert_int_equal(nor_model_program(&f.model, 0, ones, 8), ERR_FLASH_PHYSICS);
    assert_int_equal(nor_model_program(&f.model, 0, ones, 4), OK);
    assert_int_equal(nor_model_erase(&f.model, 0, 0x400), OK);
    assert_int_equal(nor_model_program(&f.model, 4, ones, 4), OK);
    assert_int_equal(f.model.stats.programs, 4);
    assert_int_equal(f.model.stats.bytes_programmed, 20);
    nor_model_free(&f.model);
}

static void test_erase_takes_whole_sectors_of_uneven_ranges(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, &uneven);
    memset(f.data, 0, SIZE);
    assert_int_equal(nor_model_erase(&f.model, 0x200, 0x400), ERR_FLASH_PHYSICS);
    assert_int_equal(nor_model_erase(&f.model, 0xc00, 0x800), ERR_FLASH_PHYSICS);
    assert_int_equal(nor_model_erase(&f.model, 0xc00, 0x1400), OK);
    assert_int_equal(f.model.stats.erases, 2);
    assert_int_equal(f.data[0xbff], 0);
    assert_int_equal(f.data[0xc00], 0xff);
    assert_int_equal(f.data[0x1fff], 0xff);
    assert_int_equal(f.data[0x2000], 0);
    assert_int_equal(nor_model_erase(&f.model, 0x3000, 0x2000), ERR_FLASH_INVALID);
    assert_int_equal(nor_model_erase(&f.model, 0xfffff000, 0x2000), ERR_FLASH_INVALID);
    nor_model_free(&f.model);
}

static void test_reads_stay_inside(void **state)
{
    struct fixture f;
    uint8_t byte;

    (void)state;
    start(&f, &uneven);
    assert_int_equal(nor_model_read(&f.model, SIZE - 1, &byte, 1), OK);
    assert_int_equal(nor_model_read(&f.model, SIZE, &byte, 1), ERR_FLASH_INVALID);
    assert_int_equal(nor_model_read(&f.model, 0xffffffff, &byte, 2), ERR_FLASH_INVALID);
    nor_model_free(&f.model);
}

/* Property over seeds: a torn program changes only bits that the whole program would change, and seeds differ. */
static void test_torn_program_is_a_part_of_the_program(void **state)
{
    uint8_t src[64];
    struct fixture f;
    unsigned none = 0;

    (void)state;
    start(&f, &uneven);
    for (uint32_t seed = 0; seed < 500; seed++) {
        bool some = false;

        memset(f.data, 0xff, SIZE);
        memset(f.model.programs, 0, SIZE / 4);
        random_fill(&f.random, src, sizeof src);
        assert_int_equal(nor_model_program_torn(&f.model, 0x100, src, sizeof src, seed), OK);
        for (size_t i = 0; i < sizeof src; i++) {
            assert_int_equal(f.data[0x100 + i] & src[i], src[i]);
            some = some || f.data[0x100 + i] != 0xff;
        }
        none += some ? 0 : 1;
        assert_int_equal(f.data[0xff], 0xff);
        assert_int_equal(f.data[0x140], 0xff);
    }
    assert_in_range(none, 0, 100);
    nor_model_free(&f.model);
}

/* Property over seeds: a torn erase stays in its range, and every outcome from hardly any to nearly all occurs. */
static void test_torn_erase_stays_in_its_range(void **state)
{
    const struct nor_config *configs[] = {&uneven, &erased_zero};

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct fixture f;
        unsigned seen[4] = {0};

        start(&f, configs[c]);
        for (uint32_t seed = 0; seed < 200; seed++) {
            unsigned erased = 0;

            memset(f.data, 0x5a, SIZE);
            assert_int_equal(nor_model_erase_torn(&f.model, 0x1000, 0x1000, seed), OK);
            assert_int_equal(f.data[0xfff], 0x5a);
            assert_int_equal(f.data[0x2000], 0x5a);
            for (size_t i = 0x1000; i < 0x2000; i++) {
                erased += f.data[i] == configs[c]->geometry.erased_value ? 1 : 0;
            }
            seen[erased * 3 / 0x1000]++;
        }
        assert_true(seen[0] > 0 && seen[1] > 0 && seen[2] > 0 && seen[3] > 0);
        nor_model_free(&f.model);
    }
}

/* Unstable bits read differently, stay through reads, and end with a program or an erase. */
static void test_unstable_bits_end_with_program_or_erase(void **state)
{
    static const uint8_t zeros[64];
    struct fixture f;
    uint8_t first[64];
    uint8_t second[64];

    (void)state;
    start(&f, &uneven);
    nor_model_track(&f.model);
    nor_model_make_noise(&f.model, NOR_NOISE_RANDOM);
    assert_int_equal(nor_model_program_torn(&f.model, 0x100, zeros, sizeof zeros, 3), OK);
    assert_int_equal(nor_model_read(&f.model, 0x100, first, sizeof first), OK);
    assert_int_equal(nor_model_read(&f.model, 0x100, second, sizeof second), OK);
    assert_memory_not_equal(first, second, sizeof first);
    nor_model_make_noise(&f.model, NOR_NOISE_PROGRAMMED);
    assert_int_equal(nor_model_read(&f.model, 0x100, first, sizeof first), OK);
    assert_memory_equal(first, zeros, sizeof first);
    nor_model_make_noise(&f.model, NOR_NOISE_ERASED);
    assert_int_equal(nor_model_read(&f.model, 0x100, first, sizeof first), OK);
    assert_memory_not_equal(first, zeros, sizeof first);
    assert_int_equal(nor_model_program(&f.model, 0x100, zeros, sizeof zeros), OK);
    assert_int_equal(nor_model_read(&f.model, 0x100, first, sizeof first), OK);
    assert_memory_equal(first, zeros, sizeof first);

    assert_int_equal(nor_model_erase_torn(&f.model, 0, 0x400, 3), OK);
    assert_int_equal(nor_model_erase(&f.model, 0, 0x400), OK);
    nor_model_make_noise(&f.model, NOR_NOISE_PROGRAMMED);
    assert_int_equal(nor_model_read(&f.model, 0x100, first, sizeof first), OK);
    for (size_t i = 0; i < sizeof first; i++) {
        assert_int_equal(first[i], 0xff);
    }
    assert_int_equal(f.model.changed[0], 1);
    assert_int_equal(f.model.changed[1], 0);
    nor_model_free(&f.model);
}

static void test_times_are_those_of_the_data_sheets(void **state)
{
    const struct nor_config *chip = &nor_part_mx25r6435f;
    const struct nor_config *internal = &nor_part_nrf52840;

    (void)state;
    assert_int_equal(nor_model_erase_ns(chip, 0x1000), 58000000);
    assert_int_equal(nor_model_erase_ns(chip, 0x19000), 580000000 + 300000000 + 58000000);
    assert_int_equal(nor_model_erase_unit(chip, 0x8000, 0x10000), 0x8000);
    assert_int_equal(nor_model_erase_unit(chip, 0x10000, 0x10000), 0x10000);
    assert_int_equal(nor_model_program_ns(chip, 0, 256), 850000);
    assert_int_equal(nor_model_program_ns(chip, 0, 100), 400000);
    assert_int_equal(nor_model_program_ns(chip, 255, 2), 2 * 103000);
    assert_int_equal(nor_model_program_ns(internal, 0, 4096), 1024 * 41000);
    assert_int_equal(nor_model_erase_ns(internal, 0x2000), 170000000);
}

static void test_parts_cover_their_size(void **state)
{
    const struct nor_config *parts[] = {&nor_part_nrf52840, &nor_part_mx25r6435f};

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        const struct flash_geometry *geometry = &parts[p]->geometry;
        uint32_t at = 0;

        for (size_t i = 0; i < geometry->range_count; i++) {
            assert_int_equal(geometry->ranges[i].off, at);
            at += geometry->ranges[i].sector_size * geometry->ranges[i].count;
        }
        assert_int_equal(at, geometry->size);
        assert_int_equal(geometry->write_block & (geometry->write_block - 1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program_only_leaves_the_erased_value),
        cmocka_unit_test(test_a_write_block_is_programmed_whole_and_not_too_often),
        cmocka_unit_test(test_erase_takes_whole_sectors_of_uneven_ranges),
        cmocka_unit_test(test_reads_stay_inside),
        cmocka_unit_test(test_torn_program_is_a_part_of_the_program),
        cmocka_unit_test(test_torn_erase_stays_in_its_range),
        cmocka_unit_test(test_unstable_bits_end_with_program_or_erase),
        cmocka_unit_test(test_times_are_those_of_the_data_sheets),
        cmocka_unit_test(test_parts_cover_their_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
