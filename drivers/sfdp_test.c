#include "tests/unit.h"

#include <string.h>

#include <farboot/util.h>

#include "drivers/sfdp.h"
#include "host/random.h"

/* The basic flash parameters of the MX25R6435F, as boards/nrf52840dk lists them. */
static const uint8_t mx25r[64] = {
    0xe5, 0x20, 0xf1, 0xff, 0xff, 0xff, 0xff, 0x03, 0x44, 0xeb, 0x08, 0x6b, 0x08, 0x3b, 0x04, 0xbb,
    0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0xff, 0xff, 0xff, 0x00, 0xff, 0x0c, 0x20, 0x0f, 0x52,
    0x10, 0xd8, 0x00, 0xff, 0x23, 0x72, 0xf5, 0x00, 0x82, 0xed, 0x04, 0xcc, 0x44, 0x83, 0x68, 0x44,
    0x30, 0xb0, 0x30, 0xb0, 0xf7, 0xc4, 0xd5, 0x5c, 0x00, 0xbe, 0x29, 0xff, 0xf0, 0xd0, 0xff, 0xff,
};

static const uint8_t header[SFDP_HEADER_SIZE] = {'S', 'F',  'D',  'P',  0x06, 0x01, 0x02, 0xff,
                                                 0,   0x06, 0x01, 0x10, 0x30, 0,    0,    0xff};

static void test_the_table_of_a_known_chip(void **state)
{
    struct sfdp_chip chip = {0};

    (void)state;
    assert_true(sfdp_parse_bfp(mx25r, sizeof(mx25r), &chip));
    assert_int_equal(chip.size, 8 << 20);
    assert_int_equal(chip.page, 256);
    assert_int_equal(chip.program_max_us, 896 * 6);
    assert_int_equal(chip.quad_enable, QER_S1B6);
    assert_int_equal(chip.erase[0].size, 0x1000);
    assert_int_equal(chip.erase[0].opcode, 0x20);
    assert_int_equal(chip.erase[0].max_us, 384000);
    assert_int_equal(chip.erase[1].size, 0x8000);
    assert_int_equal(chip.erase[1].opcode, 0x52);
    assert_int_equal(chip.erase[1].max_us, 1920000);
    assert_int_equal(chip.erase[2].size, 0x10000);
    assert_int_equal(chip.erase[2].opcode, 0xd8);
    assert_int_equal(chip.erase[2].max_us, 3840000);
    assert_int_equal(chip.erase[3].size, 0);
}

static void test_a_table_of_the_first_revision_leaves_the_rest_alone(void **state)
{
    struct sfdp_chip chip = {.page = 256, .program_max_us = 12345, .quad_enable = QER_S2B7};

    (void)state;
    assert_true(sfdp_parse_bfp(mx25r, 36, &chip));
    assert_int_equal(chip.erase[0].max_us, SFDP_LONGEST_US);
    assert_int_equal(chip.page, 256);
    assert_int_equal(chip.program_max_us, 12345);
    assert_int_equal(chip.quad_enable, QER_S2B7);
}

static void test_densities(void **state)
{
    static const struct {
        uint32_t word;
        uint32_t size; /* 0: refused */
    } rows[] = {{0x007fffff, 1 << 20},  {0x0fffffff, 32 << 20}, {0x7fffffff, 1 << 28}, {0x80000020, 1 << 29},
                {0x80000022, 1u << 31}, {0x80000023, 0},        {0x80000000, 0},       {0xffffffff, 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sfdp_chip chip = {0};
        uint8_t bfp[64];

        memcpy(bfp, mx25r, sizeof(bfp));
        for (size_t j = 0; j < 4; j++) {
            bfp[4 + j] = (uint8_t)(rows[i].word >> 8 * j);
        }
        assert_int_equal(sfdp_parse_bfp(bfp, sizeof(bfp), &chip), rows[i].size != 0);
        assert_int_equal(chip.size, rows[i].size);
    }
}

static void test_the_table_is_found(void **state)
{
    uint8_t bytes[SFDP_HEADER_SIZE];
    uint32_t off = 0;
    size_t len = 0;

    (void)state;
    assert_true(sfdp_find(header, SFDP_BFP, &off, &len));
    assert_int_equal(off, 0x30);
    assert_int_equal(len, 64);
    for (size_t i = 0; i < 12; i++) { /* signature, major revisions, table ID, length */
        bool matters = i < 4 || i == 5 || i == 8 || i == 10;

        memcpy(bytes, header, sizeof(bytes));
        bytes[i] ^= 0x40;
        assert_int_equal(sfdp_find(bytes, SFDP_BFP, &off, &len), !matters);
    }
    memcpy(bytes, header, sizeof(bytes));
    bytes[11] = 8;
    assert_false(sfdp_find(bytes, SFDP_BFP, &off, &len));
    bytes[11] = 0xff;
    assert_true(sfdp_find(bytes, SFDP_BFP, &off, &len));
    assert_int_equal(len, SFDP_TABLE_MAX);
}

static void put_parameter(uint8_t *bytes, size_t index, uint16_t id, uint8_t words, uint32_t off)
{
    uint8_t *at = bytes + 8 + 8 * index;

    at[0] = (uint8_t)id;
    at[1] = 0;
    at[2] = 1;
    at[3] = words;
    at[4] = (uint8_t)off;
    at[5] = (uint8_t)(off >> 8);
    at[6] = (uint8_t)(off >> 16);
    at[7] = (uint8_t)(id >> 8);
}

static void test_tables_are_found_behind_others_and_the_last_one_counts(void **state)
{
    uint8_t bytes[SFDP_HEADER_SIZE] = {'S', 'F', 'D', 'P', 0, 1, 3, 0xff};
    uint32_t off = 0;
    size_t len = 0;

    (void)state;
    put_parameter(bytes, 0, SFDP_BFP, 9, 0x30);
    put_parameter(bytes, 1, 0xc2ff, 4, 0x110);
    put_parameter(bytes, 2, SFDP_4BYTE_TABLE, 2, 0xc0);
    put_parameter(bytes, 3, SFDP_BFP, 16, 0x80);
    put_parameter(bytes, 4, SFDP_BFP, 16, 0xf00); /* beyond the number of headers */
    assert_true(sfdp_find(bytes, SFDP_BFP, &off, &len));
    assert_int_equal(off, 0x80);
    assert_int_equal(len, 64);
    assert_true(sfdp_find(bytes, SFDP_4BYTE_TABLE, &off, &len));
    assert_int_equal(off, 0xc0);
    assert_int_equal(len, 8);
    bytes[6] = 0;
    assert_false(sfdp_find(bytes, SFDP_4BYTE_TABLE, &off, &len));
    bytes[6] = 0xff; /* more headers than are looked at */
    assert_true(sfdp_find(bytes, SFDP_BFP, &off, &len));
    assert_int_equal(off, 0xf00);
    put_parameter(bytes, 2, SFDP_4BYTE_TABLE, 1, 0xc0);
    assert_false(sfdp_find(bytes, SFDP_4BYTE_TABLE, &off, &len));
}

static void test_opcodes_with_four_byte_addresses(void **state)
{
    static const struct {
        uint8_t table[8];
        size_t len;
        bool complete;
    } rows[] = {
        {{0xff, 0x0e, 0, 0, 0x21, 0x5c, 0xdc, 0xff}, 8, true},
        {{0x42, 0x0e, 0, 0, 0x21, 0x5c, 0xdc, 0xff}, 8, true},  /* fast read, program, three erases: enough */
        {{0xff, 0x0a, 0, 0, 0x21, 0x5c, 0xdc, 0xff}, 8, false}, /* not the second erase */
        {{0xfd, 0x0e, 0, 0, 0x21, 0x5c, 0xdc, 0xff}, 8, false}, /* no fast read */
        {{0xbf, 0x0e, 0, 0, 0x21, 0x5c, 0xdc, 0xff}, 8, false}, /* no program */
        {{0xff, 0x0e, 0, 0, 0x21, 0x5c, 0xdc, 0xff}, 4, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sfdp_chip chip = {.page = 256};

        assert_true(sfdp_parse_bfp(mx25r, sizeof(mx25r), &chip));
        chip.four_byte = SFDP_4BYTE_OPCODES | SFDP_4BYTE_MODE;
        sfdp_parse_4byte(rows[i].table, rows[i].len, &chip);
        assert_int_equal(chip.four_byte, SFDP_4BYTE_MODE | (rows[i].complete ? SFDP_4BYTE_OPCODES : 0));
        if (rows[i].complete) {
            assert_int_equal(chip.erase[0].opcode_4byte, 0x21);
            assert_int_equal(chip.erase[2].opcode_4byte, 0xdc);
        }
    }
}

static void test_modes(void **state)
{
    struct sfdp_chip chip = {.page = 256};
    uint8_t bfp[64];

    (void)state;
    memcpy(bfp, mx25r, sizeof(bfp));
    bfp[63] = 0x21; /* B7, or opcodes of their own */
    bfp[52] |= 0x08;
    assert_true(sfdp_parse_bfp(bfp, sizeof(bfp), &chip));
    assert_int_equal(chip.four_byte, SFDP_4BYTE_MODE | SFDP_4BYTE_OPCODES);
    assert_int_equal(chip.report, REPORT_FLAGS);
    bfp[2] = (uint8_t)((bfp[2] & ~0x06) | 0x04);
    assert_true(sfdp_parse_bfp(bfp, sizeof(bfp), &chip));
    assert_int_equal(chip.four_byte, SFDP_4BYTE_ALWAYS);
}

/* Whatever a hostile chip says, what the driver computes with stays within bounds. */
static void assert_usable(const struct sfdp_chip *chip)
{
    bool has_erase = false;

    assert_true(chip->size > 0 && chip->size <= UINT32_C(1) << 31);
    assert_true(chip->page >= 256 && (chip->page & (chip->page - 1)) == 0);
    assert_true(chip->program_max_us <= SFDP_LONGEST_US);
    assert_true(chip->quad_enable < QER_COUNT);
    assert_true(chip->report < REPORT_COUNT);
    for (size_t i = 0; i < SFDP_ERASE_TYPES; i++) {
        uint32_t size = chip->erase[i].size;

        assert_true(size <= chip->size);
        assert_true((size & (size - 1)) == 0 && (size == 0 || size >= 4096));
        assert_true(chip->erase[i].max_us <= SFDP_LONGEST_US);
        has_erase |= size != 0;
    }
    assert_true(has_erase);
}

static void test_mutations_stay_within_bounds(void **state)
{
    struct random random = {.state = 2};
    size_t accepted = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        struct sfdp_chip chip = {.page = 256};
        uint8_t bfp[64];
        uint32_t changes = 1 + random_below(&random, 8);

        memcpy(bfp, mx25r, sizeof(bfp));
        if (i % 4 == 0) {
            random_fill(&random, bfp, sizeof(bfp));
        }
        while (changes-- > 0) {
            bfp[random_below(&random, sizeof(bfp))] = (uint8_t)random_next(&random);
        }
        if (sfdp_parse_bfp(bfp, (size_t)4 * random_below(&random, 17), &chip)) {
            random_fill(&random, bfp, sizeof(bfp));
            sfdp_parse_4byte(bfp, (size_t)4 * random_below(&random, 17), &chip);
            assert_usable(&chip);
            accepted++;
        }
    }
    assert_true(accepted > 10000);
}

static void test_any_header_leads_to_a_table_within_bounds(void **state)
{
    struct random random = {.state = 4};
    size_t found = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[SFDP_HEADER_SIZE];
        uint16_t id = (i & 1) != 0 ? SFDP_BFP : SFDP_4BYTE_TABLE;
        uint32_t off = UINT32_MAX;
        size_t len = 0;

        memcpy(bytes, header, sizeof(bytes));
        if (i % 4 < 2) {
            random_fill(&random, bytes + 6, sizeof(bytes) - 6);
            put_parameter(bytes, random_below(&random, 8), id, (uint8_t)random_next(&random), 0x40);
        }
        for (uint32_t changes = random_below(&random, 8); changes > 0; changes--) {
            bytes[random_below(&random, sizeof(bytes))] = (uint8_t)random_next(&random);
        }
        if (sfdp_find(bytes, id, &off, &len)) {
            assert_true(off < 1u << 24);
            assert_true(len >= 8 && len <= SFDP_TABLE_MAX && len % 4 == 0);
            found++;
        }
    }
    assert_true(found > 10000);
}

#define TABLE_BYTE(table, i) ((table)[i])

/* What devicetree says of a chip and what the chip itself says come to the same. */
static void test_an_initializer_is_what_is_parsed(void **state)
{
    struct random random = {.state = 3};
    int compared = 0;

    (void)state;
    for (int run = 0; run < 20000; run++) {
        uint8_t bfp[64];
        struct sfdp_chip parsed = {.page = 256};

        memcpy(bfp, mx25r, sizeof(bfp));
        for (uint32_t changes = random_below(&random, 8); changes > 0; changes--) {
            bfp[random_below(&random, sizeof(bfp))] = (uint8_t)random_next(&random);
        }
        if (sfdp_parse_bfp(bfp, sizeof(bfp), &parsed) && parsed.size >= 1u << 24 && (bfp[7] & 0x80) == 0 &&
            (bfp[58] >> 4 & 7) < QER_COUNT) { /* what needs more than the table: the parser's bounds */
            const struct sfdp_chip chip = {SFDP_CHIP(TABLE_BYTE, bfp), .quad_enable = SFDP_CHIP_QUAD(TABLE_BYTE, bfp),
                                           .four_byte = SFDP_CHIP_4BYTE(TABLE_BYTE, bfp)};

            assert_int_equal(chip.size, parsed.size);
            assert_int_equal(chip.page, parsed.page);
            assert_int_equal(chip.program_max_us, parsed.program_max_us);
            assert_int_equal(chip.quad_enable, parsed.quad_enable);
            for (size_t i = 0; i < SFDP_ERASE_TYPES; i++) {
                assert_int_equal(chip.erase[i].size, parsed.erase[i].size);
                assert_int_equal(chip.erase[i].max_us, parsed.erase[i].max_us);
                assert_int_equal(chip.erase[i].opcode, parsed.erase[i].opcode);
                assert_int_equal(chip.erase[i].opcode_4byte, parsed.erase[i].opcode_4byte);
            }
            compared++;
        }
    }
    assert_true(compared > 100);
}

static void test_the_known_chip_as_an_initializer(void **state)
{
    const struct sfdp_chip chip = {SFDP_CHIP(TABLE_BYTE, mx25r), .quad_enable = SFDP_CHIP_QUAD(TABLE_BYTE, mx25r),
                                   .four_byte = SFDP_CHIP_4BYTE(TABLE_BYTE, mx25r)};
    struct sfdp_chip parsed = {.page = 256};

    (void)state;
    assert_true(sfdp_parse_bfp(mx25r, sizeof(mx25r), &parsed));
    assert_memory_equal(&chip, &parsed, sizeof(chip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_of_a_known_chip),
        cmocka_unit_test(test_a_table_of_the_first_revision_leaves_the_rest_alone),
        cmocka_unit_test(test_densities),
        cmocka_unit_test(test_the_table_is_found),
        cmocka_unit_test(test_tables_are_found_behind_others_and_the_last_one_counts),
        cmocka_unit_test(test_opcodes_with_four_byte_addresses),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_mutations_stay_within_bounds),
        cmocka_unit_test(test_any_header_leads_to_a_table_within_bounds),
        cmocka_unit_test(test_an_initializer_is_what_is_parsed),
        cmocka_unit_test(test_the_known_chip_as_an_initializer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
