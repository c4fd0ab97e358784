#include "tests/unit.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <farboot/util.h>

#include "drivers/log_format.h"
#include "host/random.h"

static char printed[256];
static size_t printed_len;

static void put(char c)
{
    assert_true(printed_len + 1 < sizeof(printed));
    printed[printed_len++] = c;
    printed[printed_len] = '\0';
}

static void format_any(const char *text, ...)
{
    va_list arguments;

    printed_len = 0;
    printed[0] = '\0';
    va_start(arguments, text);
    log_format(put, text, arguments);
    va_end(arguments);
}

/* As format_any, and the compiler looks at the arguments. */
static void format(const char *text, ...) __attribute__((format(printf, 1, 2), alias("format_any")));

/* The C library is the reference for everything <farboot/log.h> promises. */
#define CHECK(...)                                                                                                     \
    do {                                                                                                               \
        char expected[256];                                                                                            \
                                                                                                                       \
        (void)snprintf(expected, sizeof(expected), __VA_ARGS__);                                                       \
        format(__VA_ARGS__);                                                                                           \
        assert_string_equal(printed, expected);                                                                        \
    } while (0)

static void test_every_conversion_prints_as_the_c_library_does(void **state)
{
    (void)state;
    CHECK("plain");
    CHECK("%%|%c|%s|%s|", 'x', "", "text");
    CHECK("%d %d %d %d", 0, INT_MAX, INT_MIN, -1);
    CHECK("%u %u %x", 0U, UINT_MAX, 0xdeadbeefU);
    CHECK("0x%08x 0x%04x %02x %2x", 0x1234U, 0x123456U, 0xfU, 0xfU);
}

static void test_widths_and_padding_of_numbers(void **state)
{
    struct random random = {.state = 1};

    (void)state;
    for (int i = 0; i < 2000; i++) {
        int number = (int)(random_next(&random) >> random_below(&random, 32));
        unsigned value = (unsigned)random_next(&random) >> random_below(&random, 32);

        CHECK("|%d|%5u|%05u|%12u|%012u|%1u|", number, value, value, value, value, value);
        CHECK("|%9x|%09x|%x|", value, value, value);
    }
}

static void test_a_format_that_ends_early_ends(void **state)
{
    static const char *const formats[] = {"%", "%0", "%12", "%08"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        format_any(formats[i]);
        assert_string_equal(printed, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_conversion_prints_as_the_c_library_does),
        cmocka_unit_test(test_widths_and_padding_of_numbers),
        cmocka_unit_test(test_a_format_that_ends_early_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
