/* Boot information: what is written is read back; what is read from RAM may be anything. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include <farboot/boot_info.h>
#include <farboot/error.h>

#include "host/random.h"

static struct boot_info random_info(struct random *random)
{
    struct boot_info info = {
        .mode = (uint8_t)random_next(random),
        .signature_type = 2,
        .running_slot = (uint8_t)random_below(random, 2),
        .image_count = (uint8_t)(1 + random_below(random, BOOT_INFO_IMAGES_MAX)),
        .boot_ms = (uint32_t)random_next(random),
        .update_ms = (uint32_t)random_next(random),
        .version = {1, 2, 3, (uint32_t)random_next(random)},
    };

    for (int i = 0; i < info.image_count; i++) {
        info.outcome[i] = (struct boot_info_outcome){(uint8_t)(1 + random_below(random, 4)),
                                                     random_below(random, 2) == 0 ? OK : ERR_IMAGE_SIGNATURE};
    }
    return info;
}

static void assert_same(const struct boot_info *a, const struct boot_info *b)
{
    assert_int_equal(a->mode, b->mode);
    assert_int_equal(a->signature_type, b->signature_type);
    assert_int_equal(a->running_slot, b->running_slot);
    assert_int_equal(a->image_count, b->image_count);
    assert_int_equal(a->boot_ms, b->boot_ms);
    assert_int_equal(a->update_ms, b->update_ms);
    assert_memory_equal(&a->version, &b->version, sizeof a->version);
    for (int i = 0; i < a->image_count; i++) {
        assert_int_equal(a->outcome[i].performed, b->outcome[i].performed);
        assert_int_equal(a->outcome[i].refused, b->outcome[i].refused);
    }
}

static void test_what_is_written_is_read_back(void **state)
{
    struct random random = {1};

    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct boot_info info = random_info(&random);
        struct boot_info read;
        uint8_t area[BOOT_INFO_SIZE];

        random_fill(&random, area, sizeof area);
        boot_info_write(area, &info);
        assert_true(boot_info_read_untrusted(area, sizeof area, &read));
        assert_same(&read, &info);
    }
}

/* The bytes of docs/SPEC.md, as an application built for MCUboot would look for them. */
static void test_the_format_is_mcuboots(void **state)
{
    static const uint8_t expected[] = {
        0x16, 0x20, 48,                                    /* magic, total */
        0,    0x00, 0x20, 1,    0, 9, 0x01, 0x20, 1, 0, 2, /* mode, signature */
        0x02, 0x20, 1,    0,    0,                         /* recovery */
        0x03, 0x20, 1,    0,    1,                         /* running slot */
        0x00, 0xf0, 20,   0,                               /* report */
        0x78, 0x56, 0x34, 0x12, 7, 0, 0,    0,             /* ms */
        1,    2,    3,    0,    4, 0, 0,    0,             /* version */
        3,    0,    0xfc, 0xfc,                            /* permanent, -0x304 */
    };
    const struct boot_info info = {.mode = 9,
                                   .signature_type = 2,
                                   .running_slot = 1,
                                   .image_count = 1,
                                   .boot_ms = 0x12345678,
                                   .update_ms = 7,
                                   .version = {1, 2, 3, 4},
                                   .outcome = {{3, ERR_BOOT_POSTPONED}}};
    uint8_t area[BOOT_INFO_SIZE];

    (void)state;
    boot_info_write(area, &info);
    assert_memory_equal(area, expected, sizeof expected);
}

/* Entries in another order, with others between them, by another bootloader. */
static void test_other_entries_are_passed_over(void **state)
{
    static const uint8_t area[] = {0x16, 0x20, 25, 0,    0x40, 0x10, 2, 0,    9,    9, 0x03, 0x20, 1,
                                   0,    1,    0,  0x20, 1,    0,    4, 0x04, 0x20, 0, 0,    0};
    struct boot_info info;

    (void)state;
    assert_false(boot_info_read_untrusted(area, sizeof area, &info)); /* a byte too many for an entry */
    uint8_t whole[sizeof area];
    memcpy(whole, area, sizeof area);
    whole[2] = 24;
    assert_true(boot_info_read_untrusted(whole, sizeof whole, &info));
    assert_int_equal(info.mode, 4);
    assert_int_equal(info.running_slot, 1);
    assert_int_equal(info.image_count, 0);
}

/* In memory of exactly its size, so that the address sanitizer sees a byte too many; areas damaged a little or wholly.
 */
static void test_garbage_is_survived(void **state)
{
    struct random random = {2};
    int accepted = 0;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        struct boot_info info = random_info(&random);
        size_t size = random_below(&random, BOOT_INFO_SIZE + 1);
        uint8_t whole[BOOT_INFO_SIZE];
        uint8_t *area = malloc(size + 1);

        assert_non_null(area);
        random_fill(&random, whole, sizeof whole);
        if (random_below(&random, 4) != 0) {
            boot_info_write(whole, &info);
            for (uint32_t i = random_below(&random, 4); i > 0; i--) {
                whole[random_below(&random, BOOT_INFO_SIZE)] = (uint8_t)random_next(&random);
            }
        }
        memcpy(area, whole, size);
        if (boot_info_read_untrusted(area, size, &info)) {
            accepted++;
            assert_true(info.image_count <= BOOT_INFO_IMAGES_MAX);
        }
        free(area);
    }
    assert_true(accepted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read_back),
        cmocka_unit_test(test_the_format_is_mcuboots),
        cmocka_unit_test(test_other_entries_are_passed_over),
        cmocka_unit_test(test_garbage_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
