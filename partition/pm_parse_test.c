#include "partition/pm_test.h"

static int parse(struct pm_test *test, enum pm_source source, const char *text)
{
    struct pm_set set = {0};

    return pm_test_parse(test, source, "pm.yml", text, &set);
}

static void test_errors_name_place_partition_and_property(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"- a\n", "pm.yml:1: must be a mapping"},
        {"a: 1\n", "pm.yml:1: partition 'a' must be a mapping"},
        {"my-part: {size: 1}\n", "partition 'my-part': a name consists of letters"},
        {"end: {size: 1}\n", "'end' names the end of the region"},
        {"a:\n  size: CONFIG_PM_PARTITION_SIZE_A\n",
         "pm.yml:2: partition 'a': 'size' must be a number from 0 to 0xffffffff, not 'CONFIG_PM_PARTITION_SIZE_A': the "
         "image's configuration does not set this option"},
        {"a:\n  size:\n", "'size' must be a number"},
        {"a: {size: [1]}\n", "'size' must be a number"},
        {"a: {size: -1}\n", "not '-1'"},
        {"a: {size: 1, size: 1}\n", "'size' is given twice"},
        {"a: {address: 1}\n", "'address' belongs into the static configuration"},
        {"a: {span: {b: c}}\n", "'span' holds a mapping"},
        {"a: {span: [[b]]}\n", "'span' must be a name or a list of names"},
        {"a: {span: [{one_of: [b], c: d}]}\n", "'one_of' in 'span' must be the only key"},
        {"a: {span: [{one_of: }]}\n", "'one_of' in 'span' must be a list of names"},
        {"a: {placement: {before: [{one_of: [b]}]}}\n", "'one_of' cannot be used in 'placement'"},
        {"a: {placement: {befor: b}}\n", "'placement' has no property 'befor'"},
        {"a: {placement: {before: b, before: c}}\n", "'before' is given twice"},
        {"a: {placement: before}\n", "'placement' must be a mapping"},
        {"a: {placement: {align: 4}}\n", "'align' must be {start: BYTES} or {end: BYTES}"},
        {"a: {placement: {align: {start: 4, end: 4}}}\n", "one of them"},
        {"a: {placement: {align: {middle: 4}}}\n", "'align' must be"},
        {"a: {placement: {align: {start: 0}}}\n", "'start' must be at least 1, not '0'"},
        {"a: {placement: {align_next: 0}}\n", "'align_next' must be at least 1"},
        {"a: {region: [x]}\n", "'region' must be a single name"},
        {"a: {extra_params: 1}\n", "'extra_params' must be a mapping"},
        {"a: {extra_params: {x: [1]}}\n", "'x' is not one"},
        {"a: {extra_params: {x: 1, x: 2}}\n", "'x' in 'extra_params' is given twice"},
        {"a: {extra_params: {x: \"1\\n#define y\"}}\n", "a line of text"},
        {"a: {\"s\\nt\": 1}\n", "'s?t' is no property"},
        {"a: {size: 1}\nb: {size: 2}\na: {size: 3}\n",
         "pm.yml:3: partition 'a' is also defined at pm.yml:1 with another "
         "'size'"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pm_test test;

        pm_test_begin(&test);
        if (parse(&test, PM_SOURCE_WANTED, rows[i].text) != ERR_HOST_INPUT) {
            fail_msg("accepted: %s", rows[i].text);
        }
        if (strstr(test.failure.text, rows[i].message) == NULL || strchr(test.failure.text, '\n') != NULL) {
            fail_msg("'%s' is not in: %s", rows[i].message, test.failure.text);
        }
        pm_test_end(&test);
    }
}

static void test_same_definition_twice_is_one(void **state)
{
    struct pm_test test;
    struct pm_set set = {0};

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(pm_test_parse(&test, PM_SOURCE_WANTED, "a.yml",
                                   "a: {size: 0x10, placement: {before: [b, end]}, span: b, extra_params: {x: 1}}\n",
                                   &set),
                     OK);
    assert_int_equal(pm_test_parse(&test, PM_SOURCE_WANTED, "b.yml",
                                   "a:\n  span: [b]\n  extra_params:\n    x: 1\n  size: 16\n  placement:\n    before:\n"
                                   "    - b\n    - end\n",
                                   &set),
                     OK);
    assert_int_equal(set.count, 1);
    pm_test_end(&test);
}

static void test_each_property_can_conflict(void **state)
{
    static const char *const properties[][2] = {
        {"size", "size: 2"},
        {"size", "size: 0"},
        {"span", "span:"},
        {"align", "align: {start: 4}"},
        {"region", "region: otp"},
        {"placement", "placement: {after: app}"},
        {"placement", "placement: {before: app, align: {end: 4}}"},
        {"span", "span: [c]"},
        {"inside", "inside: c"},
        {"share_size", "share_size: c"},
        {"affiliation", "affiliation: [c]"},
        {"extra_params", "extra_params: {x: 1}"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        struct pm_test test;
        struct buffer text = {0};
        char wanted[40];

        pm_test_begin(&test);
        buffer_print(&text, "a: {affiliation: b}\na: {affiliation: b, %s}\n", properties[i][1]);
        if (strcmp(properties[i][0], "affiliation") == 0) {
            buffer_free(&text);
            buffer_print(&text, "a: {affiliation: b}\na: {%s}\n", properties[i][1]);
        }
        assert_int_equal(parse(&test, PM_SOURCE_WANTED, buffer_text(&text)), ERR_HOST_INPUT);
        (void)snprintf(wanted, sizeof(wanted), "with another '%s'", properties[i][0]);
        assert_non_null(strstr(test.failure.text, wanted));
        buffer_free(&text);
        pm_test_end(&test);
    }
}

static void test_unknown_property_is_a_note(void **state)
{
    struct pm_test test;

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(parse(&test, PM_SOURCE_STATIC, "a: {address: 0, label: x}\n"), OK);
    assert_string_equal(buffer_text(&test.notes), "pm.yml:1: partition 'a': unknown property 'label' is ignored\n");
    pm_test_end(&test);
}

static void test_result_must_be_complete(void **state)
{
    struct pm_test test;

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(parse(&test, PM_SOURCE_RESULT, "a: {address: 0, size: 1, region: otp, end_address: 1}\n"), OK);
    assert_int_equal(parse(&test, PM_SOURCE_RESULT, "a: {size: 1, region: otp}\n"), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "lacks 'address'"));
    pm_test_end(&test);
}

static int parse_regions(struct pm_test *test, const char *text)
{
    struct buffer buffer = {0};
    int err;

    test->map.region_count = 0;
    buffer_append(&buffer, text, strlen(text));
    err = pm_parse_regions(&test->map, "regions.yml", &buffer, &test->failure);
    buffer_free(&buffer);
    return err;
}

static void test_regions(void **state)
{
    struct pm_test test;
    struct buffer written = {0};
    struct buffer again = {0};

    (void)state;
    pm_test_begin(&test);
    pm_emit_regions(&test.map, &written);
    assert_int_equal(parse_regions(&test, buffer_text(&written)), OK);
    assert_int_equal(test.map.region_count, 4);
    pm_emit_regions(&test.map, &again);
    assert_string_equal(buffer_text(&again), buffer_text(&written));
    assert_int_equal(parse_regions(&test, "otp: {size: 4}\n"), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "regions.yml:1: region 'otp' needs 'base_address' and 'size'"));
    assert_int_equal(parse_regions(&test, "otp: {size: 4, base_address: 0, placement_strategy: up}\n"), ERR_HOST_INPUT);
    assert_int_equal(parse_regions(&test, "otp: 3\n"), ERR_HOST_INPUT);
    buffer_free(&written);
    buffer_free(&again);
    pm_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors_name_place_partition_and_property),
        cmocka_unit_test(test_same_definition_twice_is_one),
        cmocka_unit_test(test_each_property_can_conflict),
        cmocka_unit_test(test_unknown_property_is_a_note),
        cmocka_unit_test(test_result_must_be_complete),
        cmocka_unit_test(test_regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
