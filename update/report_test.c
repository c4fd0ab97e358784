/* The words of a report, also of a report that RAM made up. */
#include "tests/unit.h"

#include <string.h>

#include <farboot/error.h>

#include "host/random.h"
#include "update/report.h"

static void expect(const struct boot_info *info, const char *expected)
{
    char text[REPORT_SIZE];

    report_format(info, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_words(void **state)
{
    struct boot_info info = {.image_count = 1, .boot_ms = 412, .outcome = {{1, OK}, {1, OK}}};

    (void)state;
    expect(&info, "booted in 412 ms");
    info.outcome[0].refused = ERR_IMAGE_SIGNATURE;
    expect(&info, "booted in 412 ms, refused IMAGE-6");
    info.outcome[0].refused = ERR_BOOT_POSTPONED;
    expect(&info, "booted in 412 ms, postponed BOOT-4");
    info.outcome[0] = (struct boot_info_outcome){2, OK};
    expect(&info, "booted in 412 ms, test update");
    info.update_ms = 16400;
    expect(&info, "booted in 412 ms, test update in 16400 ms");
    info.image_count = 2;
    info.outcome[0] = (struct boot_info_outcome){1, OK};
    info.outcome[1] = (struct boot_info_outcome){4, OK};
    info.mode = BOOT_INFO_MODE_BACKUP;
    expect(&info, "booted in 412 ms (upgrade with backup), revert update in 16400 ms (image 1)");
    info.image_count = 0;
    expect(&info, "");
}

static void test_any_report_fits(void **state)
{
    struct random random = {1};

    (void)state;
    for (int round = 0; round < 10000; round++) {
        struct boot_info info;
        char text[REPORT_SIZE + 1];
        size_t size = random_below(&random, REPORT_SIZE + 1);

        random_fill(&random, &info, sizeof info);
        for (int i = 0; i < BOOT_INFO_IMAGES_MAX; i++) {
            info.outcome[i].refused = -(int)random_below(&random, 0x8000);
        }
        memset(text, 'x', sizeof text);
        report_format(&info, text, size);
        assert_int_equal(text[size], 'x');
        assert_true(size == 0 || strlen(text) < size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_any_report_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
