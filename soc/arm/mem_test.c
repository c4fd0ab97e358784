/* The functions of mem.c under other names, against the C library's. */
#include "tests/unit.h"

#include <string.h>

#include "host/random.h"

void *words_copy(void *restrict dst, const void *restrict src, size_t len);
void *words_fill(void *dst, int value, size_t len);
int words_compare(const void *first, const void *second, size_t len);

#define memcpy words_copy
#define memset words_fill
#define memcmp words_compare
#include "soc/arm/mem.c" /* NOLINT(bugprone-suspicious-include): under other names */
#undef memcpy
#undef memset
#undef memcmp

static void test_exactly_the_bytes_asked_for_change(void **state)
{
    struct random random = {.state = 5};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint8_t src[96];
        uint8_t dst[96];
        uint8_t expected[96];
        size_t len = random_below(&random, 65);
        size_t to = random_below(&random, 16);
        size_t from = random_below(&random, 16);

        random_fill(&random, src, sizeof(src));
        random_fill(&random, dst, sizeof(dst));
        memcpy(expected, dst, sizeof(dst));
        memcpy(expected + to, src + from, len);
        assert_ptr_equal(words_copy(dst + to, src + from, len), dst + to);
        assert_memory_equal(dst, expected, sizeof(dst));
        memset(expected + from, (int)i, len);
        assert_ptr_equal(words_fill(dst + from, i, len), dst + from);
        assert_memory_equal(dst, expected, sizeof(dst));
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void test_the_first_difference_decides(void **state)
{
    struct random random = {.state = 6};

    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint8_t a[64];
        uint8_t b[64];
        size_t len = random_below(&random, 49);
        size_t off = random_below(&random, 16);
        size_t differences = random_below(&random, 4);

        random_fill(&random, a, sizeof(a));
        memcpy(b, a, sizeof(a));
        for (size_t k = 0; k < differences; k++) {
            random_fill(&random, b + random_below(&random, sizeof(b)), 1);
        }
        assert_int_equal(sign(words_compare(a + off, b + off, len)), sign(memcmp(a + off, b + off, len)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exactly_the_bytes_asked_for_change),
                                       cmocka_unit_test(test_the_first_difference_decides)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
