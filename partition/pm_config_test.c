#include "partition/pm_test.h"

#include "partition/pm_config.h"

static const char sram[] = "sram_primary: {address: 0x20000000, size: 0x100, region: sram_primary}\n";

/* The header of image `app`. */
static int header(struct pm_test *test, const char *text, const char *file, struct buffer *out)
{
    const struct pm_map *map = &test->map;
    int err = pm_test_parse(test, PM_SOURCE_RESULT, "partitions.yml", text, &test->map.partitions);

    return err == OK ? pm_config_header(&map, 1, 0, "app", file, out, &test->notes, &test->failure) : err;
}

static void expect_refused(const char *text, const char *message)
{
    struct pm_test test;
    struct buffer out = {0};

    pm_test_begin(&test);
    assert_int_equal(header(&test, text, "pm_config.h", &out), ERR_HOST_INPUT);
    if (strstr(test.failure.text, message) == NULL) {
        fail_msg("'%s' is not in: %s", message, test.failure.text);
    }
    buffer_free(&out);
    pm_test_end(&test);
}

static void test_image_needs_partition_and_ram(void **state)
{
    (void)state;
    expect_refused(sram, "image 'app' has no partition in this map");
    expect_refused("app: {address: 0, size: 4, region: flash_primary}\n", "image 'app' has no RAM");
    expect_refused("app: {address: 0, size: 4, span: [b], region: flash_primary}\n"
                   "b: {address: 0, size: 4, region: flash_primary}\n",
                   "partition 'app' of the image of that name is a container");
    expect_refused("app: {address: 0, size: 4, region: nowhere}\n"
                   "sram_primary: {address: 0x20000000, size: 0x100, region: sram_primary}\n",
                   "in region 'nowhere', which the regions file lacks");
}

static void test_deprecated_name_is_accepted_with_a_note(void **state)
{
    struct pm_test test;
    struct buffer out = {0};

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(header(&test,
                            "app: {address: 0, size: 8, span: [app_image], region: flash_primary}\n"
                            "app_image: {address: 4, size: 4, region: flash_primary}\n"
                            "sram_primary: {address: 0x20000000, size: 0x100, region: sram_primary}\n",
                            "pm_config.h", &out),
                     OK);
    assert_non_null(strstr(buffer_text(&out), "#define PM_ADDRESS 0x4\n#define PM_SIZE 0x4\n"));
    assert_non_null(strstr(buffer_text(&test.notes), "rename the container"));
    buffer_free(&out);
    pm_test_end(&test);
}

static void test_guard_comes_from_the_file(void **state)
{
    struct pm_test test;
    struct buffer out = {0};

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(header(&test,
                            "app: {address: 0, size: 8, region: flash_primary}\n"
                            "sram_primary: {address: 0x20000000, size: 0x100, region: sram_primary}\n",
                            "net-pm.config.h", &out),
                     OK);
    assert_non_null(strstr(buffer_text(&out), "\n#ifndef NET_PM_CONFIG_H__\n#define NET_PM_CONFIG_H__\n"));
    assert_string_equal(buffer_text(&out) + out.len - strlen("#endif /* NET_PM_CONFIG_H__ */"),
                        "#endif /* NET_PM_CONFIG_H__ */");
    buffer_free(&out);
    pm_test_end(&test);
}

/* Of the same size, the inner comes before the outer, however the span is ordered; a loop of spans ends. */
static void test_all_by_size_counts_depth(void **state)
{
    struct pm_test test;
    struct buffer out = {0};
    const struct pm_map *map = &test.map;

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(pm_test_parse(&test, PM_SOURCE_RESULT, "partitions.yml",
                                   "a_outer: {address: 0, size: 8, region: otp, span: [zero, b_inner]}\n"
                                   "b_inner: {address: 0, size: 8, region: otp, span: leaf}\n"
                                   "leaf: {address: 0, size: 8, region: otp}\n"
                                   "zero: {address: 0, size: 0, region: otp}\n"
                                   "loop: {address: 0, size: 4, region: otp, span: loop}\n",
                                   &test.map.partitions),
                     OK);
    test.regions[3].base = 0;
    assert_int_equal(pm_config_file(&map, 1, &out, &test.failure), OK);
    assert_non_null(strstr(buffer_text(&out), "PM_ALL_BY_SIZE=\"zero loop leaf b_inner a_outer\""));
    buffer_free(&out);
    pm_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_needs_partition_and_ram),
        cmocka_unit_test(test_deprecated_name_is_accepted_with_a_note),
        cmocka_unit_test(test_guard_comes_from_the_file),
        cmocka_unit_test(test_all_by_size_counts_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
