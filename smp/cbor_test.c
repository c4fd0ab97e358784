/* CBOR: vectors of RFC 8949 appendix A, round trips of generated items, and mutated bytes. */
#include "tests/unit.h"

#include <string.h>

#include "host/random.h"
#include "smp/cbor.h"

static struct cbor_value parsed(const void *bytes, size_t len)
{
    struct cbor_value value;

    assert_int_equal(cbor_parse(bytes, len, &value), OK);
    return value;
}

#define PARSED(text) parsed(text, sizeof(text) - 1)

static void expect_number(struct cbor_value value, enum cbor_type type, uint64_t number)
{
    assert_int_equal(value.type, type);
    assert_true(value.number == number);
}

static void reads_the_specification_s_examples(void **state)
{
    struct cbor_value value;

    (void)state;
    expect_number(PARSED("\x17"), CBOR_UINT, 23);
    expect_number(PARSED("\x18\x64"), CBOR_UINT, 100);
    expect_number(PARSED("\x19\x03\xe8"), CBOR_UINT, 1000);
    expect_number(PARSED("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), CBOR_UINT, UINT64_MAX);
    expect_number(PARSED("\x39\x03\xe7"), CBOR_NEGATIVE, 999);
    expect_number(PARSED("\xf5"), CBOR_BOOL, 1);
    expect_number(PARSED("\xf4"), CBOR_BOOL, 0);
    assert_int_equal(PARSED("\xf6").type, CBOR_OTHER);
    assert_int_equal(PARSED("\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a").type, CBOR_OTHER);
    assert_int_equal(PARSED("\xc1\x1a\x51\x4b\x67\xb0").type, CBOR_OTHER);
    assert_int_equal(PARSED("\x5f\x42\x01\x02\x43\x03\x04\x05\xff").type, CBOR_OTHER);
    value = PARSED("\x64IETF");
    assert_int_equal(value.type, CBOR_TEXT);
    assert_int_equal(value.len, 4);
    assert_memory_equal(value.data, "IETF", 4);
}

/* {"a": 1, "b": [2, 3]} with lengths and without. */
static void definite_and_indefinite_containers_read_alike(void **state)
{
    static const char *const maps[] = {"\xa2\x61\x61\x01\x61\x62\x82\x02\x03",
                                       "\xbf\x61\x61\x01\x61\x62\x9f\x02\x03\xff\xff",
                                       "\xbf\x61\x61\x01\x61\x62\x82\x02\x03\xff"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        struct cbor_value map = parsed(maps[i], strlen(maps[i]));
        struct cbor_value list;
        struct cbor_value element;

        assert_true(cbor_get(&map, "a", CBOR_UINT, &element));
        assert_true(element.number == 1);
        assert_false(cbor_get(&map, "a", CBOR_TEXT, &element));
        assert_true(cbor_has(&map, "b"));
        assert_false(cbor_has(&map, "c"));
        assert_true(cbor_get(&map, "b", CBOR_LIST, &list));
        assert_true(cbor_next(&list, &element));
        expect_number(element, CBOR_UINT, 2);
        assert_true(cbor_next(&list, &element));
        expect_number(element, CBOR_UINT, 3);
        assert_false(cbor_next(&list, &element));
    }
}

static void refuses_what_is_not_one_whole_item(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {
        {"", 0},
        {"\xff", 1},             /* a break of nothing */
        {"\x01\x01", 2},         /* trailing bytes */
        {"\x18", 1},             /* number cut off */
        {"\x62\x61", 2},         /* text cut off */
        {"\xa1\x01", 2},         /* key without value */
        {"\xbf\x01\xff", 3},     /* the same, indefinite */
        {"\x82\x01", 2},         /* list cut off */
        {"\x9f\x01", 2},         /* no break */
        {"\x81\xff", 2},         /* break in a definite list */
        {"\x1c", 1},             /* reserved length */
        {"\x1f", 1},             /* number of indefinite length */
        {"\x5f\x61\x61\xff", 4}, /* text within bytes */
        {"\xdf\x01", 2},         /* tag of indefinite length */
        {"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\xbb\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
        {"\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01", 10}, /* nine levels */
    };
    struct cbor_value value;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cbor_parse((const uint8_t *)cases[i].bytes, cases[i].len, &value), ERR_SMP_MESSAGE);
    }
    assert_int_equal(PARSED("\x81\x81\x81\x81\x81\x81\x81\x81\x01").type, CBOR_LIST);
}

/* A map with unknown values of every kind in front of the wanted one. */
static void skips_what_nobody_asks_for(void **state)
{
    static const char map_bytes[] = "\xbf"
                                    "\x01\x02"                                    /* a key that is no text */
                                    "\x61x\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"   /* float */
                                    "\x61y\xa1\x61z\x9f\x01\xbf\x61w\xf6\xff\xff" /* nested */
                                    "\x61t\xc1\x01"                               /* tag */
                                    "\x7f\x61k\x61l\xff\x5f\x41\x01\xff"          /* pieces */
                                    "\x63off\x19\x02\x00"
                                    "\x63off\x00" /* of equal keys the first counts */
                                    "\xff";
    struct cbor_value map = PARSED(map_bytes);
    struct cbor_value off;

    (void)state;
    assert_true(cbor_get(&map, "off", CBOR_UINT, &off));
    assert_true(off.number == 512);
}

struct kept {
    uint64_t numbers[40];
    size_t count;
};

static void write_random(struct cbor_writer *writer, struct random *random, unsigned depth, struct kept *kept)
{
    uint32_t elements = random_below(random, 5);

    cbor_open_list(writer);
    for (; elements > 0 && kept->count < 40; elements--) {
        uint64_t number = random_next(random) >> random_below(random, 64);

        if (depth + 1 < CBOR_DEPTH && random_below(random, 3) == 0) {
            write_random(writer, random, depth + 1, kept);
        } else if (random_below(random, 4) == 0) {
            cbor_put_bytes(writer, &number, random_below(random, 9));
        } else if (random_below(random, 2) == 0) {
            kept->numbers[kept->count++] = number >> 1;
            cbor_put_int(writer, -1 - (int64_t)(number >> 1));
        } else {
            kept->numbers[kept->count++] = number;
            cbor_put_uint(writer, number);
        }
    }
    cbor_close(writer);
}

static void collect(struct cbor_value list, struct kept *kept)
{
    struct cbor_value element;

    while (cbor_next(&list, &element)) {
        if (element.type == CBOR_LIST) {
            collect(element, kept);
        } else if (element.type == CBOR_UINT || element.type == CBOR_NEGATIVE) {
            kept->numbers[kept->count++] = element.number;
        }
    }
}

static void what_is_written_is_read_back(void **state)
{
    struct random random = {4};
    int round;

    (void)state;
    for (round = 0; round < 3000; round++) {
        uint8_t bytes[2048];
        struct cbor_writer writer;
        struct kept written = {.count = 0};
        struct kept read = {.count = 0};

        cbor_writer_init(&writer, bytes, sizeof(bytes));
        write_random(&writer, &random, 0, &written);
        assert_false(writer.overflow);
        collect(parsed(bytes, writer.len), &read);
        assert_int_equal(read.count, written.count);
        assert_memory_equal(read.numbers, written.numbers, read.count * sizeof(read.numbers[0]));
    }
}

static void a_full_writer_says_so_and_stays_in_bounds(void **state)
{
    size_t size;

    (void)state;
    for (size = 0; size < 12; size++) {
        uint8_t bytes[13];
        struct cbor_writer writer;

        memset(bytes, 0xee, sizeof(bytes));
        cbor_writer_init(&writer, bytes, size);
        cbor_open_map(&writer);
        cbor_put_text(&writer, "key");
        cbor_put_text(&writer, "value");
        cbor_close(&writer);
        assert_true(writer.overflow);
        assert_true(writer.len <= size);
        assert_int_equal(bytes[size], 0xee);
    }
}

/* Whatever the bytes: values lie inside the buffer, and walking ends. */
static void walk(const uint8_t *bytes, size_t len, struct cbor_value container, unsigned depth)
{
    struct cbor_value element;

    assert_true(depth <= CBOR_DEPTH);
    while (cbor_next(&container, &element)) {
        if (element.type == CBOR_BYTES || element.type == CBOR_TEXT) {
            assert_true(element.data >= bytes && element.len <= len - (size_t)(element.data - bytes));
        }
        walk(bytes, len, element, depth + 1);
    }
}

static void mutated_items_stay_in_bounds(void **state)
{
    static const uint8_t seed[] = "\xbf\x63off\x19\x02\x00\x64"
                                  "data\x44\x01\x02\x03\x04\x63sha\xa1\x61x\x82\x01\x5f\x41\x01\xff\x67upgrade\xf5\xff";
    struct random random = {5};
    unsigned accepted = 0;
    int round;

    (void)state;
    for (round = 0; round < 200000; round++) {
        uint8_t bytes[sizeof(seed) - 1];
        struct cbor_value value;
        uint32_t changes = 1 + random_below(&random, 4);
        size_t len = random_below(&random, 8) == 0 ? random_below(&random, sizeof(bytes) + 1) : sizeof(bytes);

        memcpy(bytes, seed, sizeof(bytes));
        for (; changes > 0; changes--) {
            bytes[random_below(&random, sizeof(bytes))] = (uint8_t)random_next(&random);
        }
        if (cbor_parse(bytes, len, &value) == OK) {
            accepted++;
            walk(bytes, len, value, 0);
            (void)cbor_get(&value, "upgrade", CBOR_BOOL, &value);
        }
    }
    assert_true(accepted > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_specification_s_examples),
        cmocka_unit_test(definite_and_indefinite_containers_read_alike),
        cmocka_unit_test(refuses_what_is_not_one_whole_item),
        cmocka_unit_test(skips_what_nobody_asks_for),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_full_writer_says_so_and_stays_in_bounds),
        cmocka_unit_test(mutated_items_stay_in_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
