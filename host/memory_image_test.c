#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/elf.h"
#include "host/file.h"
#include "host/ihex.h"
#include "host/le.h"
#include "host/random.h"

#define WORLD 4096u

/* Sorted, apart from each other, never empty. */
static void assert_well_formed(const struct memory_image *image)
{
    size_t i;

    for (i = 0; i < image->count; i++) {
        assert_true(image->segments[i].bytes.len > 0);
        if (i > 0) {
            assert_true((uint64_t)image->segments[i - 1].addr + image->segments[i - 1].bytes.len <
                        image->segments[i].addr);
        }
    }
}

/* Random adds to a random image agree with a plain array of bytes and "used" marks; the HEX text says the same. */
static void compare_with_array(uint32_t seed, uint32_t base, enum memory_overlap overlap)
{
    static uint8_t bytes[WORLD];
    static uint8_t used[WORLD];
    static uint8_t flat[WORLD];
    uint8_t data[300];
    struct memory_image image = {0};
    struct memory_image again = {0};
    struct buffer text = {0};
    struct failure failure;
    struct random random = {seed};
    int step;

    memset(bytes, 0xa5, sizeof(bytes));
    memset(used, 0, sizeof(used));
    for (step = 0; step < 40; step++) {
        uint32_t len = random_below(&random, sizeof(data));
        uint32_t at = random_below(&random, WORLD - len);
        bool collides = memchr(used + at, 1, len) != NULL;
        bool refused = collides && overlap == MEMORY_OVERLAP_ERROR;

        memset(data, (int)random_below(&random, 256), sizeof(data));
        assert_int_equal(memory_image_add(&image, base + at, data, len, overlap, &failure),
                         refused ? ERR_HOST_INPUT : OK);
        if (!refused) {
            memcpy(bytes + at, data, len);
            memset(used + at, 1, len);
        }
        assert_well_formed(&image);
    }
    memory_image_flatten(&image, base, WORLD, 0xa5, flat);
    assert_memory_equal(flat, bytes, WORLD);
    ihex_print(&image, &text);
    assert_int_equal(ihex_parse(text.data, text.len, &again, &failure), OK);
    memory_image_flatten(&again, base, WORLD, 0xa5, flat);
    assert_memory_equal(flat, bytes, WORLD);
    assert_int_equal(again.count, image.count);
    buffer_free(&text);
    memory_image_free(&image);
    memory_image_free(&again);
}

static void test_image_agrees_with_an_array(void **state)
{
    uint32_t seed;

    (void)state;
    for (seed = 1; seed <= 60; seed++) {
        compare_with_array(seed, seed % 3 * 0x0000f800u, MEMORY_OVERLAP_REPLACE);
        compare_with_array(seed, 0u - WORLD, MEMORY_OVERLAP_ERROR);
    }
}

static int parse_text(const char *text, struct memory_image *image, struct failure *failure)
{
    *failure = (struct failure){0};
    return ihex_parse((const uint8_t *)text, strlen(text), image, failure);
}

static void test_all_record_types(void **state)
{
    static const char text[] = ":020000021000EC\r\n"         /* base 0x10000, segmented */
                               ":02FFFE00AABB9C\r\n"         /* its last two bytes */
                               ":0400000300003800C1\r\n\r\n" /* CS:IP */
                               ":020000040800F2\n"
                               ":0100010077 \n"
                               ":0400000508000131BD\n"
                               ":00000001ff";
    struct memory_image image = {0};
    struct failure failure;
    uint8_t flat[2];

    (void)state;
    /* Line 6 lacks its checksum; the record must not be taken for a shorter one. */
    assert_int_equal(parse_text(text, &image, &failure), ERR_HOST_INPUT);
    assert_ptr_equal(strstr(failure.text, "line 6: "), failure.text);
    assert_int_equal(image.count, 1);
    assert_int_equal(image.segments[0].addr, 0x1fffe);
    memory_image_flatten(&image, 0x1ffff, 2, 0x11, flat);
    assert_int_equal(flat[0], 0xbb);
    assert_int_equal(flat[1], 0x11);
    memory_image_free(&image);
    assert_int_equal(parse_text(":020000040800F2\n:010001007787\n:0400000508000131BD\n:00000001ff", &image, &failure),
                     OK);
    assert_int_equal(image.segments[0].addr, 0x08000001);
    memory_image_free(&image);
}

static void test_malformed_hex_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *line;
    } rows[] = {
        {"", "line 1: no end-of-file"},
        {":0100000055AA\n", "line 2: no end-of-file"},
        {":0100000055AB\n:00000001FF\n", "line 1: wrong checksum: 0xab, expected 0xaa"},
        {":00000001FF\n:0100000055AA\n", "line 2: text after"},
        {":0200000055AA\n", "line 1: record length"},
        {":\n", "line 1: record length"},
        {"0100000055AA\n", "line 1: record does not begin"},
        {":0100000055A\n", "line 1: record is not made"},
        {":01000000x5AA\n", "line 1: record is not made"},
        {":00000006FA\n", "line 1: unknown record type 06"},
        {":0100000400FB\n", "line 1: record of type 04 has 1 data bytes, expected 2"},
        {":0100000055AA\n:0100000055AA\n", "line 2: 0x00000000 to 0x00000000 overlaps"},
        {":02000004FFFFFC\n:02FFFF000000000\n", "line 2: record is not made"},
        {":02000004FFFFFC\n:02FFFF00000000\n", "line 2: 2 bytes at 0xffffffff reach beyond"},
        {":020000021000EC\n:02FFFF00000000\n", "line 2: record crosses"},
    };
    struct failure failure;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct memory_image image = {0};

        assert_int_equal(parse_text(rows[i].text, &image, &failure), ERR_HOST_INPUT);
        if (strstr(failure.text, rows[i].line) != failure.text) {
            fail_msg("row %zu: '%s' instead of '%s'", i, failure.text, rows[i].line);
        }
        memory_image_free(&image);
    }
}

/* An ELF file with one loadable segment of 4 bytes at file offset 0x54 and another entry that is not loadable. */
static void make_elf(struct buffer *out, uint32_t offset, uint32_t size)
{
    static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    const uint32_t load[8] = {1, offset, 0x20000000, 0x00001000, size, size + 8, 5, 4};
    size_t i;

    buffer_append(out, ident, sizeof(ident));
    buffer_fill(out, 0, 12); /* type to entry */
    le32_append(out, 52);    /* e_phoff */
    buffer_fill(out, 0, 10);
    le16_append(out, 32); /* e_phentsize */
    le16_append(out, 1);  /* e_phnum */
    buffer_fill(out, 0, 6);
    for (i = 0; i < 8; i++) {
        le32_append(out, load[i]);
    }
    buffer_append(out, "\1\2\3\4", 4);
}

static void test_elf_segments_land_at_their_physical_address(void **state)
{
    struct buffer elf = {0};
    struct memory_image image = {0};
    struct failure failure;

    (void)state;
    make_elf(&elf, 84, 4);
    assert_int_equal(elf_parse(elf.data, elf.len, &image, &failure), OK);
    assert_int_equal(image.count, 1);
    assert_int_equal(image.segments[0].addr, 0x1000);
    assert_memory_equal(image.segments[0].bytes.data, "\1\2\3\4", 4);
    memory_image_free(&image);
    buffer_free(&elf);
    make_elf(&elf, 85, 4);
    assert_int_equal(elf_parse(elf.data, elf.len, &image, &failure), ERR_HOST_INPUT);
    buffer_free(&elf);
    make_elf(&elf, 84, UINT32_MAX);
    assert_int_equal(elf_parse(elf.data, elf.len, &image, &failure), ERR_HOST_INPUT);
    assert_int_equal(elf_parse(elf.data, 83, &image, &failure), ERR_HOST_INPUT);
    buffer_free(&elf);
}

static void test_file_kind_decides_how_it_is_loaded(void **state)
{
    char dir[] = "/tmp/farboot_memory_test_XXXXXX";
    char path[64];
    struct memory_image image = {0};
    struct failure failure;
    const uint32_t at = 0x100;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/x.HEX", dir);
    assert_int_equal(file_write(path, ":0100000055AA\n:00000001FF\n", 26, &failure), OK);
    assert_int_equal(memory_image_load(&image, path, NULL, MEMORY_OVERLAP_ERROR, &failure), OK);
    assert_int_equal(memory_image_load(&image, path, NULL, MEMORY_OVERLAP_ERROR, &failure), ERR_HOST_INPUT);
    assert_ptr_equal(strstr(failure.text, path), failure.text);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof(path), "%s/x.bin", dir);
    assert_int_equal(file_write(path, "abc", 3, &failure), OK);
    assert_int_equal(memory_image_load(&image, path, NULL, MEMORY_OVERLAP_ERROR, &failure), ERR_HOST_INPUT);
    assert_int_equal(memory_image_load(&image, path, &at, MEMORY_OVERLAP_ERROR, &failure), OK);
    assert_int_equal(image.count, 2);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(memory_image_load(&image, path, &at, MEMORY_OVERLAP_ERROR, &failure), ERR_HOST_FILE);
    assert_int_equal(rmdir(dir), 0);
    memory_image_free(&image);
}

/* Any byte, or one that a HEX text may hold. */
static uint8_t random_byte(struct random *random, bool hex)
{
    static const char letters[] = "0123456789ABCDEF:\n\rx";

    return hex ? (uint8_t)letters[random_below(random, sizeof(letters))] : (uint8_t)random_below(random, 256);
}

/* Mutated HEX texts and ELF files: any answer but a crash, and the image stays well formed. */
static void test_mutated_files_never_break_the_image(void **state)
{
    static const char text[] = ":020000041000EA\n:10000000000102030405060708090A0B0C0D0E0F78\n:01002000558A\n"
                               ":020000021000EC\n:02FFFE00AABB9C\n:00000001FF\n";
    struct buffer elf = {0};
    struct random random = {0x5eed};
    int round;

    (void)state;
    make_elf(&elf, 84, 4);
    for (round = 0; round < 20000; round++) {
        bool hex = round % 2 == 0;
        uint8_t bytes[sizeof(text)];
        size_t len = hex ? sizeof(text) - 1 : elf.len;
        struct memory_image image = {0};
        struct failure failure;
        uint32_t changes = 1 + random_below(&random, 4);

        memcpy(bytes, hex ? (const void *)text : elf.data, len);
        while (changes-- > 0) {
            bytes[random_below(&random, (uint32_t)len)] = random_byte(&random, hex);
        }
        len -= random_below(&random, 3) == 0 ? random_below(&random, (uint32_t)len) : 0;
        if ((hex ? ihex_parse : elf_parse)(bytes, len, &image, &failure) != OK) {
            assert_true(strlen(failure.text) > 0);
        }
        assert_well_formed(&image);
        memory_image_free(&image);
    }
    buffer_free(&elf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_agrees_with_an_array),
        cmocka_unit_test(test_all_record_types),
        cmocka_unit_test(test_malformed_hex_is_refused_with_its_line),
        cmocka_unit_test(test_elf_segments_land_at_their_physical_address),
        cmocka_unit_test(test_file_kind_decides_how_it_is_loaded),
        cmocka_unit_test(test_mutated_files_never_break_the_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
