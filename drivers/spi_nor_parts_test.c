/* The rows of the table of parts agree with themselves and with what every such chip has in common. */
#include "tests/unit.h"

#include <string.h>

#include <farboot/util.h>

#include "drivers/spi_nor_parts.h"

struct row {
    const char *name;
    uint32_t id;
    uint32_t kib;
    uint32_t program_us;
    uint32_t erase_ms[3];
    uint8_t quad, four_byte, report, lock;
    const char *tested;
    const char *sheet;
};

#define CHIP(id)                                                                                                       \
    {                                                                                                                  \
        SPI_NOR_PART_CHIP(id), .quad_enable = SPI_NOR_PART_QUAD(id), .four_byte = SPI_NOR_PART_4BYTE(id),              \
                               .report = SPI_NOR_PART_REPORT(id), .lock = SPI_NOR_PART_LOCK(id)                        \
    }
#define ROW(with, name, id, kib, program, e4, e32, e64, quad, four, report, lock, tested, sheet)                       \
    {#name, id, kib, program, {e4, e32, e64}, quad, four, report, lock, tested, sheet},

static const struct row rows[] = {SPI_NOR_PARTS(ROW, 0)};

/* As devicetree nodes with these IDs get them; in the order of the table, which does not expand inside itself. */
static const struct sfdp_chip picked[] = {CHIP(0xc22815), CHIP(0xc22816), CHIP(0xc22817), CHIP(0xef4014),
                                          CHIP(0xef4017), CHIP(0xef4018), CHIP(0xef4019), CHIP(0x20ba19),
                                          CHIP(0x012018), CHIP(0x010219)};
_Static_assert(ARRAY_SIZE(picked) == ARRAY_SIZE(rows), "a row is missing here");

/* The last byte of a JEDEC ID is the exponent of the size, at every vendor in the table. */
static void test_sizes_are_what_the_ids_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(rows[i].kib * 1024u, 1u << (rows[i].id & 0xff));
        assert_int_equal(rows[i].kib > 16384, rows[i].four_byte != 0);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(rows[i].id, rows[j].id);
            assert_string_not_equal(rows[i].name, rows[j].name);
        }
    }
}

static void test_times_grow_with_size_and_are_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint32_t before = 1;

        assert_in_range(rows[i].program_us, 500, 100000);
        assert_true(rows[i].erase_ms[2] > 0); /* 64 KiB: every part has it */
        for (size_t j = 0; j < 3; j++) {
            assert_true(rows[i].erase_ms[j] == 0 || rows[i].erase_ms[j] >= before);
            assert_true(rows[i].erase_ms[j] <= SFDP_LONGEST_US / 1000);
            before = rows[i].erase_ms[j] != 0 ? rows[i].erase_ms[j] : before;
        }
    }
}

static void test_columns_mean_something(void **state)
{
    static const char *const places[] = {"no", "host", "vboard", "qemu", "qemu, host"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        bool is_place = false;

        assert_true(rows[i].quad < QER_COUNT && rows[i].report < REPORT_COUNT);
        assert_true(rows[i].lock != 0 && (rows[i].lock & ~0x7c) == 0);
        assert_true(rows[i].report != REPORT_STATUS || (rows[i].lock & 0x60) == 0); /* those bits are the failures */
        assert_true(strlen(rows[i].sheet) > strlen(rows[i].name));
        for (size_t j = 0; j < ARRAY_SIZE(places); j++) {
            is_place = is_place || strcmp(places[j], rows[i].tested) == 0;
        }
        assert_true(is_place);
    }
}

static void test_a_node_gets_its_row(void **state)
{
    static const uint32_t sizes[] = {0x1000, 0x8000, 0x10000};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct sfdp_chip *chip = &picked[i];

        assert_int_equal(chip->program_max_us, rows[i].program_us);
        assert_int_equal(chip->quad_enable, rows[i].quad);
        assert_int_equal(chip->four_byte, rows[i].four_byte);
        assert_int_equal(chip->report, rows[i].report);
        assert_int_equal(chip->lock, rows[i].lock);
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(chip->erase[j].size, rows[i].erase_ms[j] != 0 ? sizes[j] : 0);
            assert_int_equal(chip->erase[j].max_us, rows[i].erase_ms[j] * 1000);
        }
    }
}

static void test_an_unknown_part_is_taken_for_a_common_one(void **state)
{
    static const struct sfdp_chip unknown = CHIP(0x123456);
    static const struct sfdp_chip macronix = CHIP(0xc2ff17);

    (void)state;
    assert_int_equal(unknown.page, 256);
    assert_int_equal(unknown.erase[0].size, 0x1000);
    assert_int_equal(unknown.erase[1].size, 0);
    assert_int_equal(unknown.erase[2].size, 0x10000);
    assert_int_equal(unknown.four_byte, SFDP_4BYTE_MODE_WREN);
    assert_int_equal(unknown.report, REPORT_NONE);
    assert_int_equal(macronix.report, REPORT_SECURITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_are_what_the_ids_say),
        cmocka_unit_test(test_times_grow_with_size_and_are_bounded),
        cmocka_unit_test(test_columns_mean_something),
        cmocka_unit_test(test_a_node_gets_its_row),
        cmocka_unit_test(test_an_unknown_part_is_taken_for_a_common_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
