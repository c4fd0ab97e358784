#include "partition/pm_test.h"

#include "partition/pm_check.h"

/* Checks the map that the text says. */
static int check(struct pm_test *test, const char *text)
{
    int err = pm_test_parse(test, PM_SOURCE_RESULT, "partitions.yml", text, &test->map.partitions);

    return err == OK ? pm_check(&test->map, &test->notes, &test->failure) : err;
}

static void test_rows(void **state)
{
    static const struct {
        const char *text;
        const char *message; /* NULL: good */
    } rows[] = {
        {"a: {address: 0, size: 0x100, region: flash_primary}\nb: {address: 0x100, size: 4, region: flash_primary}\n",
         NULL},
        {"a: {address: 0, size: 0x100, region: flash_primary}\nb: {address: 0x0, size: 4, region: external_flash}\n",
         NULL},
        {"a: {address: 0, size: 4, region: nowhere}\n", "partitions.yml:1: partition 'a' is in region 'nowhere'"},
        {"a: {address: 0xffffe, size: 4, region: flash_primary}\n", "'a' (0xffffe-0x100002) is not within region"},
        {"a: {address: 0x1fffffff, size: 4, region: sram_primary}\n", "is not within region 'sram_primary'"},
        {"a: {address: 0, size: 5, region: flash_primary}\nb: {address: 4, size: 4, region: flash_primary}\n",
         "partition 'b' overlaps 'a'"},
        {"a: {address: 0, size: 9, region: flash_primary}\nb: {address: 0, size: 4, region: external_flash}\n"
         "c: {address: 8, size: 1, region: flash_primary}\n",
         "partition 'c' overlaps 'a'"},
        {"a: {address: 0, size: 4, region: flash_primary}\nA: {address: 4, size: 4, region: flash_primary}\n",
         "would have the same macros"},
        {"a: {address: 0, size: 4, span: [b], region: flash_primary}\n",
         "container 'a' spans 'b', which does not exist"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pm_test test;
        int err;

        pm_test_begin(&test);
        err = check(&test, rows[i].text);
        if (rows[i].message == NULL) {
            assert_int_equal(err, OK);
        } else {
            assert_int_equal(err, ERR_HOST_INPUT);
            assert_non_null(strstr(test.failure.text, rows[i].message));
        }
        assert_int_equal(test.notes.len, 0);
        pm_test_end(&test);
    }
}

static void test_stranger_in_a_container_is_noted(void **state)
{
    struct pm_test test;

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(check(&test, "slot: {address: 0, size: 0x100, span: [a], region: flash_primary}\n"
                                  "a: {address: 0, size: 0x80, region: flash_primary}\n"
                                  "EMPTY_0: {address: 0x80, size: 0x10, region: flash_primary}\n"
                                  "b: {address: 0x90, size: 0x70, region: flash_primary}\n"
                                  "c: {address: 0x100, size: 0x70, region: flash_primary}\n"),
                     OK);
    assert_string_equal(buffer_text(&test.notes),
                        "Partition 'b' lies within 'slot', whose 'span' lacks it; correct the container.\n");
    pm_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_stranger_in_a_container_is_noted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
