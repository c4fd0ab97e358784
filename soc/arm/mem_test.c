/* The two functions of mem.c under other names, against the C library's. */
#include "tests/unit.h"

#include <string.h>

#include "host/random.h"

void *words_copy(void *restrict dst, const void *restrict src, size_t len);
void *words_fill(void *dst, int value, size_t len);

#define memcpy words_copy
#define memset words_fill
#include "soc/arm/mem.c" /* NOLINT(bugprone-suspicious-include): under other names */
#undef memcpy
#undef memset

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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exactly_the_bytes_asked_for_change)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
