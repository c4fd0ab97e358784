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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_slots_of_equal_size),
        cmocka_unit_test(test_static_partitions_leave_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
