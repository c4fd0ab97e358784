#include "partition/pm_test.h"

/* Asserts where a partition is. */
static void assert_at(const struct pm_test *test, const char *name, int64_t address, int64_t size)
{
    const struct pm_partition *partition = pm_set_find(&test->map.partitions, name);
    char expected[80];
    char found[80] = "absent";

    (void)snprintf(expected, sizeof(expected), "%s 0x%llx+0x%llx", name, (unsigned long long)address,
                   (unsigned long long)size);
    if (partition != NULL) {
        (void)snprintf(found, sizeof(found), "%s 0x%llx+0x%llx", name, (unsigned long long)partition->address,
                       (unsigned long long)partition->size);
    }
    assert_string_equal(found, expected);
}

static void run_good(struct pm_test *test, const char *wanted, const char *fixed)
{
    pm_test_begin(test);
    if (pm_test_run(test, wanted, fixed) != OK) {
        fail_msg("%s", test->failure.text);
    }
}

/* The figures were made with the nRF Connect SDK's own tool. */
static void test_aligned_slots_of_equal_size(void **state)
{
    struct pm_test test;

    (void)state;
    run_good(&test,
             "mcuboot: {size: 0xC800, placement: {before: [mcuboot_primary], align: {end: 0x1000}}}\n"
             "papp: {span: [app]}\n"
             "mcuboot_primary: {span: [pad, papp]}\n"
             "pad: {size: 0x200, placement: {before: papp}}\n"
             "sec: {share_size: mcuboot_primary, placement: {after: mcuboot_primary, align: {start: 0x1000}}}\n"
             "x: {size: 0x1000, placement: {before: end, align: {start: 0x4000}}}\n",
             NULL);
    assert_at(&test, "mcuboot", 0, 0xc800);
    assert_at(&test, "EMPTY_0", 0xc800, 0x800);
    assert_at(&test, "pad", 0xd000, 0x200);
    assert_at(&test, "app", 0xd200, 0x76e00);
    assert_at(&test, "sec", 0x84000, 0x77000);
    assert_at(&test, "EMPTY_2", 0xfb000, 0x1000);
    assert_at(&test, "x", 0xfc000, 0x1000);
    assert_at(&test, "EMPTY_1", 0xfd000, 0x3000);
    assert_at(&test, "mcuboot_primary", 0xd000, 0x77000);
    pm_test_end(&test);
}

static void test_static_partitions_leave_a_gap(void **state)
{
    struct pm_test test;

    (void)state;
    run_good(&test, "bar: {size: 0x2000, placement: {after: app}}\nmcuboot: {size: 0x4000, placement: {before: app}}\n",
             "mcuboot: {address: 0, size: 0xC000}\n"
             "foo: {address: 0xf0000, size: 0x10000}\n"
             "app: {address: 0x1234, size: 0x10}\n");
    assert_at(&test, "app", 0xc000, 0xe2000);
    assert_at(&test, "bar", 0xee000, 0x2000);
    assert_at(&test, "mcuboot", 0, 0xc000);
    pm_test_end(&test);
}

/* Each error, with what leads to it. */
static const struct {
    const char *wanted;
    const char *fixed;
    const char *message;
} error_rows[] = {
    {"a: {size: 4, region: nowhere}\n", NULL, "pm.yml:1: partition 'a' is in region 'nowhere', which does not exist"},
    {"a: {size: 4, region: flash}\n", NULL, "region 'flash', which does not exist"},
    {"app: {size: 4, region: external_flash}\n", NULL, "it is the dynamic partition of region 'flash_primary'"},
    {"a: {span: [b], region: external_flash}\n", NULL, "containers need 'complex'"},
    {"a: {span: [app], placement: {before: end}}\n", NULL, "container 'a': 'span' excludes 'placement'"},
    {"a: {span: [app], share_size: app}\n", NULL, "container 'a': 'span' excludes 'share_size'"},
    {"a: {size: 4, align: {start: 4}, placement: {before: end}}\n", NULL, "'align' config is misplaced"},
    {"a: {size: 4, placement: {}}\n", NULL, "'placement' is empty"},
    {"a: {size: 4, placement:}\n", NULL, "'placement' is empty"},
    {"a: {span: [{one_of: [b, c]}]}\n", NULL, "no partition named in 'one_of' of 'span' exists"},
    {"a: {share_size: [{one_of: [b, c]}], placement: {before: end}}\n", NULL, "'one_of' of 'share_size'"},
    {"a: {size: 4, inside: app, placement: {before: end}}\n", NULL, "'inside' names 'app', which is no container"},
    {"a: {span: [b]}\nb: {span: [a]}\n", NULL, "contains itself"},
    {"a: {size: 4}\n", NULL, "partition 'a' has no place in region 'flash_primary'"},
    {"a: {size: 4, placement: {before: [nothing]}}\n", NULL, "partition 'a' has no place"},
    {"a: {size: 4, placement: {before: start}}\n", NULL, "placed before start or after end"},
    {"a: {size: 4, placement: {after: end}}\n", NULL, "placed before start or after end"},
    {"a: {size: 4, placement: {before: b}}\nb: {size: 4, placement: {before: a}}\n", NULL,
     "unable to place a, b: their 'before' and 'after' lead in a circle"},
    {"a: {size: 4, placement: {before: app}}\nb: {size: 4, placement: {before: end}}\nc: {span: [a, b]}\n", NULL,
     "container 'c': 'app' lies between its members 'a' and 'b'"},
    {"a: {placement: {before: end}}\n", NULL, "partition 'a' has neither 'size' nor 'share_size'"},
    {"a: {share_size: b, placement: {before: end}}\nb: {share_size: a, placement: {before: end}}\n", NULL,
     "'share_size' leads in a circle"},
    {"a: {share_size: b, placement: {before: end}}\nb: {span: [a]}\n", NULL, "'share_size' leads in a circle"},
    {"a: {size: 0x100000, placement: {before: end}}\n", NULL,
     "region 'flash_primary': its partitions need 0x100000 of 0x100000 bytes and leave no room for 'app'"},
    {"a: {share_size: app, placement: {before: app, align: {start: 0x1000}}}\n"
     "b: {size: 4, placement: {after: start}}\n",
     NULL, "needs an alignment: that cannot be solved"},
    {"a: {share_size: app, placement: {before: end, align: {start: 3}}}\n", NULL, "cannot be aligned to 0x3"},
    {"a: {size: 4, placement: {after: app, align_next: 6}}\nb: {size: 4, placement: {after: a, align: {start: 4}}}\n",
     NULL, "'align_next' 0x6 does not go together with 'align' (start: 0x4) of 'b'"},
    {"a: {size: 4, placement: {after: app, align_next: 8}}\nb: {size: 4, placement: {after: a, align: {end: 4}}}\n",
     NULL, "(end: 0x4) of 'b'"},
    {"a: {size: 4, region: external_flash}\nexternal_flash: {size: 4, region: external_flash}\n", NULL,
     "has the name of its region, which is reserved"},
    {"a: {region: external_flash}\n", NULL, "partition 'a' has neither 'size' nor 'share_size'"},
    {"a: {size: 0xc000, region: external_flash}\nb: {size: 0x4001, region: external_flash}\n", NULL,
     "pm.yml:2: partition 'b' of 0x4001 bytes does not fit region 'external_flash': 0x4000 of its 0x10000 bytes are "
     "left"},
    {"a: {share_size: b, region: external_flash}\nb: {share_size: a, region: external_flash}\n", NULL,
     "'share_size' leads in a circle"},
    {"a: {share_size: b, region: external_flash}\nb: {share_size: a, placement: {before: end}}\n", NULL,
     "'share_size' leads in a circle between regions"},
    {"a: {size: 4, placement: {before: app}}\nA: {size: 4, placement: {before: app}}\n", NULL, "the same macros"},
    {"", "a: {size: 4}\n", "pm_static.yml:1: static partition 'a' needs 'address' and 'size'"},
    {"", "a: {address: 0xfffff, size: 2}\n", "is not within region 'flash_primary' (0x0-0x100000)"},
    {"", "a: {address: 0, size: 4, region: otp}\n", "is not within region 'otp'"},
    {"", "a: {address: 0, size: 0x100}\nb: {address: 0xff, size: 0x10}\n", "'b' (0xff-0x10f) overlaps 'a' (0x0-0x100)"},
    {"", "a: {address: 0x1000, size: 0x1000}\n",
     "pm_static.yml: region 'flash_primary': the static partitions leave 2 gaps: 0x0-0x1000 0x2000-0x100000"},
    {"", "a: {address: 0, size: 0x100000}\n", "leave 0 gaps; exactly one gap is needed"},
    {"", "a: {address: 0x1000, size: 4, region: external_flash}\n", "leave 2 gaps"},
    {"", "a: {address: 0x1000, size: 0xf000, region: external_flash}\n", "must be packed at the start of the region"},
    {"", "a: {address: 0xff8100, size: 4, region: otp}\n", "must be packed at the end of the region"},
    {"b: {size: 4, region: external_flash}\n", "external_flash: {address: 0, size: 0x10000, region: external_flash}\n",
     "partition 'b' of 0x4 bytes does not fit"},
    {"b: {size: 4, region: external_flash}\n",
     "external_flash: {address: 0, size: 0x10000, region: external_flash}\n"
     "a: {address: 0, size: 0x4000, region: external_flash}\n",
     "0x0 of its 0x10000 bytes are left"},
    {"", "a: {address: 0, size: 4, span: [b]}\n", "container 'a' spans 'b', which does not exist"},
};

static void test_errors(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
        struct pm_test test;

        pm_test_begin(&test);
        if (pm_test_run(&test, error_rows[i].wanted, error_rows[i].fixed) != ERR_HOST_INPUT) {
            fail_msg("accepted: %s", error_rows[i].wanted);
        }
        if (strstr(test.failure.text, error_rows[i].message) == NULL) {
            fail_msg("'%s' is not in: %s", error_rows[i].message, test.failure.text);
        }
        pm_test_end(&test);
    }
}

/* Each partition is as large as all before it together. */
static void test_doubling_ends(void **state)
{
    struct pm_test test;
    struct buffer text = {0};
    int i;

    (void)state;
    buffer_print(&text, "c0: {span: app}\n");
    for (i = 1; i < 80; i++) {
        buffer_print(&text, "p%d: {share_size: c%d, placement: {after: c%d}}\nc%d: {span: [c%d, p%d]}\n", i, i - 1,
                     i - 1, i, i - 1, i);
    }
    pm_test_begin(&test);
    assert_int_equal(pm_test_run(&test, buffer_text(&text), NULL), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "add up to more than a region can hold"));
    buffer_free(&text);
    pm_test_end(&test);
}

static void test_region_errors(void **state)
{
    struct pm_test test;

    (void)state;
    pm_test_begin(&test);
    test.regions[1].size = 0;
    assert_int_equal(pm_test_run(&test, "", NULL), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "region 'external_flash' has no size; give --external_flash-size"));
    test.regions[1].size = PM_NUMBER_MAX;
    test.regions[1].base = 2;
    assert_int_equal(pm_test_run(&test, "", NULL), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "beyond 32-bit addresses"));
    test.regions[1] = test.regions[2];
    assert_int_equal(pm_test_run(&test, "", NULL), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "given twice"));
    pm_test_end(&test);
}

/* Where the nRF Connect SDK's tool fails or answers wrongly. */
static void test_better_than_the_original(void **state)
{
    struct pm_test test;

    (void)state;
    /* A KeyError there. */
    run_good(&test, "a: {share_size: app, placement: {after: app}}\n", NULL);
    assert_at(&test, "app", 0, 0x80000);
    assert_at(&test, "a", 0x80000, 0x80000);
    pm_test_end(&test);
    /* Sharers of different containers around app: what is left is divided once. */
    run_good(&test,
             "pad: {size: 0x1000, placement: {before: app}}\ninner: {span: app}\nouter: {span: [pad, inner]}\n"
             "x: {share_size: inner, placement: {after: outer}}\ny: {share_size: outer, placement: {after: x}}\n",
             NULL);
    assert_at(&test, "app", 0x1000, 0x54aac);
    assert_at(&test, "x", 0x55aac, 0x54aaa);
    assert_at(&test, "y", 0xaa556, 0x55aaa);
    pm_test_end(&test);
    /* "flash_primary" is not "flash"; in the original any part of a region's name would do. */
    pm_test_begin(&test);
    test.regions[3] = (struct pm_region){
        .name = "flash", .base = 0x12000000, .size = 0x1000, .device = "", .default_driver_kconfig = ""};
    assert_int_equal(pm_test_run(&test, "a: {size: 4, region: flash}\nb: {size: 4, placement: {after: start}}\n", NULL),
                     OK);
    assert_at(&test, "a", 0x12000000, 4);
    assert_at(&test, "b", 0, 4);
    pm_test_end(&test);
    /* The size of a static partition can be shared in its own region too. */
    run_good(&test, "a: {share_size: b, placement: {after: app}}\n", "b: {address: 0, size: 0x3000}\n");
    assert_at(&test, "a", 0xfd000, 0x3000);
    pm_test_end(&test);
    /* EMPTY_n of two regions and of the static file do not collide. */
    run_good(&test,
             "a: {size: 0x10, placement: {before: end, align: {start: 0x100}}}\n"
             "b_sram: {size: 0x10, placement: {before: end, align: {start: 0x100}}}\n",
             "EMPTY_0: {address: 0, size: 0x1000}\n");
    assert_at(&test, "EMPTY_0", 0, 0x1000);
    assert_at(&test, "EMPTY_1", 0xfff10, 0xf0);
    assert_at(&test, "EMPTY_2", 0x2003ff10, 0xf0);
    pm_test_end(&test);
    /* What follows a gap's start that is no boundary moves up, not down into the static partition. */
    run_good(&test, "a: {size: 0x100, placement: {before: app, align: {start: 0x1000}}}\n",
             "b: {address: 0, size: 0xc100}\n");
    assert_at(&test, "EMPTY_0", 0xc100, 0xf00);
    assert_at(&test, "a", 0xd000, 0x100);
    pm_test_end(&test);
    run_good(&test, "a: {size: 0x180, placement: {before: app, align: {end: 0x1000}}}\n",
             "b: {address: 0, size: 0xc100}\n");
    assert_at(&test, "EMPTY_0", 0xc100, 0xd80);
    assert_at(&test, "a", 0xce80, 0x180);
    pm_test_end(&test);
}

static void test_align_next_can_concern_the_dynamic_partition(void **state)
{
    struct pm_test test;

    (void)state;
    run_good(&test, "a: {size: 0x1200, placement: {before: app, align_next: 0x1000}}\n", NULL);
    assert_at(&test, "a", 0, 0x1200);
    assert_at(&test, "EMPTY_0", 0x1200, 0xe00);
    assert_at(&test, "app", 0x2000, 0xfe000);
    pm_test_end(&test);
}

static void test_end_to_start_and_full_regions(void **state)
{
    struct pm_test test;

    (void)state;
    run_good(&test, "a: {size: 0x2fc, region: otp}\nb: {size: 0x10000, region: external_flash}\n", NULL);
    assert_at(&test, "a", 0xff8100, 0x2fc);
    assert_at(&test, "otp", 0xff8100, 0);
    assert_at(&test, "external_flash", 0x10000, 0);
    pm_test_end(&test);
    run_good(&test, "a: {size: 4, region: otp}\nb: {share_size: a, region: otp}\n",
             "c: {address: 0xff83f8, size: 4, "
             "region: otp}\n");
    pm_test_end(&test);
}

/* How `before` and `after` become an order: each row differs in one rule. */
static void test_order(void **state)
{
    static const struct {
        const char *wanted;
        const char *names[6];
    } rows[] = {
        {"p: {size: 16, placement: {after: x, before: end}}\nx: {size: 16, placement: {before: app}}\n",
         {"x", "app", "p"}}, /* before counts first */
        {"p: {size: 16, placement: {before: app}}\nq: {size: 16, placement: {after: app, before: p}}\n",
         {"q", "p", "app"}}, /* what was just placed is a neighbour at once */
        {"p: {size: 16, placement: {before: app}}\nq: {size: 32, placement: {before: app, align_next: 1}}\n",
         {"p", "q", "app"}}, /* the later is the nearer */
        {"b: {size: 16, placement: {before: [end]}}\na: {size: 16, placement: {before: end}}\n",
         {"app", "a", "b"}}, /* the same place: by name */
        {"b: {size: 16, placement: {after: app}}\na: {size: 16, placement: {after: app}}\n", {"app", "a", "b"}},
        {"b: {size: 16, placement: {before: end, after: nobody}}\na: {size: 16, placement: {before: end}}\n",
         {"app", "a", "b"}}, /* also when it is the same only without names that do not exist */
        {"a: {size: 16, placement: {after: app, before: nobody}}\nb: {size: 16, placement: {after: app}}\n",
         {"app", "a", "b"}},
        {"a: {size: 16, inside: c, placement: {before: end, align: {start: 16}}}\n"
         "b: {size: 16, placement: {before: end, align: {start: 8}}}\n"
         "d: {size: 16, inside: c, placement: {before: end}}\nc: {span:}\n",
         {"app", "b", "a", "d"}}, /* members of a container stay together */
        {"a: {size: 16, inside: inner, placement: {before: end, align: {start: 16}}}\n"
         "b: {size: 16, inside: outer, placement: {before: end}}\ninner: {span: []}\nouter: {span: inner}\n",
         {"app", "b", "a"}}, /* and most of all those of the innermost */
        {"a: {size: 16, placement: {before: c}}\nb: {size: 16, placement: {after: c}}\n"
         "d: {size: 16, inside: c, placement: {before: app}}\ne: {size: 16, inside: c, placement: {after: app}}\n"
         "c: {span: app}\n",
         {"a", "d", "app", "e", "b"}}, /* beside a container: outside of all its members */
    };
    size_t i;
    size_t k;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pm_test test;

        run_good(&test, rows[i].wanted, NULL);
        for (k = 0; k + 1 < 6 && rows[i].names[k + 1] != NULL; k++) {
            assert_int_equal(pm_end(pm_set_find(&test.map.partitions, rows[i].names[k])),
                             pm_set_find(&test.map.partitions, rows[i].names[k + 1])->address);
        }
        pm_test_end(&test);
    }
}

static void test_alignment(void **state)
{
    struct pm_test test;

    (void)state;
    /* The end of a dynamic size: both units in front of it give the same. */
    run_good(&test,
             "a: {share_size: app, placement: {after: app, align: {end: 0x1000}}}\n"
             "x: {size: 0x1100, placement: {before: end}}\n",
             NULL);
    assert_at(&test, "app", 0, 0x7f000);
    assert_at(&test, "a", 0x7f000, 0x7f000);
    assert_at(&test, "EMPTY_0", 0xfe000, 0xf00);
    pm_test_end(&test);
    /* align_next and the next partition's own alignment: the larger counts. */
    run_good(&test,
             "a: {size: 0x100, placement: {after: app, align_next: 0x400}}\n"
             "b: {size: 0x200, placement: {before: end, align: {start: 0x1000}}}\n",
             NULL);
    assert_at(&test, "b", 0xff000, 0x200);
    pm_test_end(&test);
    run_good(&test,
             "a: {size: 0x100, placement: {after: app, align_next: 0x4000}}\n"
             "b: {size: 0x200, placement: {before: end, align: {start: 0x1000}}}\n",
             NULL);
    assert_at(&test, "b", 0xfc000, 0x200);
    pm_test_end(&test);
}

static void test_region_that_needs_a_later_one(void **state)
{
    struct pm_test test;

    (void)state;
    run_good(&test,
             "a: {share_size: [b], placement: {before: end}}\nb: {share_size: c, region: external_flash}\n"
             "c: {size: 0x40, region: otp}\n",
             NULL);
    assert_at(&test, "a", 0xfffc0, 0x40);
    assert_at(&test, "b", 0, 0x40);
    pm_test_end(&test);
}

/* Static files from the field repeat what is left of a region and put partitions into it. */
static void test_static_rest_may_be_used_twice(void **state)
{
    struct pm_test test;

    (void)state;
    run_good(&test, "",
             "a: {address: 0, size: 0x4000, region: external_flash}\n"
             "external_flash: {address: 0x4000, size: 0xc000, region: external_flash}\n"
             "b: {address: 0x4000, size: 0x2000, region: external_flash}\n"
             "c: {address: 0x6000, size: 0x1000, region: external_flash}\n");
    assert_at(&test, "external_flash", 0x4000, 0xc000);
    assert_at(&test, "c", 0x6000, 0x1000);
    pm_test_end(&test);
}

static void test_other_dynamic_partition(void **state)
{
    struct pm_test test;

    (void)state;
    pm_test_begin(&test);
    test.regions[0].dynamic_partition = "net";
    assert_int_equal(pm_test_run(&test,
                                 "a: {size: 0x1000, placement: {after: app}}\nb: {span: [app, a]}\n"
                                 "c: {share_size: app, placement: {before: app}}\n",
                                 NULL),
                     OK);
    assert_at(&test, "c", 0, 0x7f800);
    assert_at(&test, "net", 0x7f800, 0x7f800);
    assert_at(&test, "app", 0x7f800, 0x7f800);
    assert_at(&test, "b", 0x7f800, 0x80800);
    pm_test_end(&test);
    pm_test_begin(&test);
    test.regions[0].dynamic_partition = "net";
    assert_int_equal(pm_test_run(&test, "", "app: {address: 0, size: 0x100000, span: [net]}\n"), OK);
    assert_at(&test, "net", 0, 0x100000);
    pm_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_slots_of_equal_size),
        cmocka_unit_test(test_static_partitions_leave_a_gap),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_region_that_needs_a_later_one),
        cmocka_unit_test(test_static_rest_may_be_used_twice),
        cmocka_unit_test(test_other_dynamic_partition),
        cmocka_unit_test(test_region_errors),
        cmocka_unit_test(test_doubling_ends),
        cmocka_unit_test(test_better_than_the_original),
        cmocka_unit_test(test_align_next_can_concern_the_dynamic_partition),
        cmocka_unit_test(test_end_to_start_and_full_regions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
