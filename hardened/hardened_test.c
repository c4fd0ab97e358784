#include "tests/unit.h"

#include "hardened/hardened.h"
#include "host/random.h"

static void test_true_and_false_are_as_far_apart_as_words_can_be(void **state)
{
    (void)state;
    assert_int_equal(HARDENED_TRUE ^ HARDENED_FALSE, 0xffffffffU);
    assert_true(HARDENED_TRUE != 0 && HARDENED_TRUE != 0xffffffffU);
}

/* Property: equal exactly when all bytes are, whichever single bit differs. */
static void test_equal_sees_every_bit(void **state)
{
    struct random random = {7};
    uint8_t a[33];
    uint8_t b[33];

    (void)state;
    for (size_t len = 1; len <= sizeof a; len++) {
        random_fill(&random, a, len);
        memcpy(b, a, len);
        assert_int_equal(hardened_equal(a, b, len), HARDENED_TRUE);
        for (size_t bit = 0; bit < 8 * len; bit++) {
            b[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(hardened_equal(a, b, len), HARDENED_FALSE);
            b[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
    }
}

static void test_nothing_compared_is_not_equal(void **state)
{
    (void)state;
    assert_int_equal(hardened_equal("", "", 0), HARDENED_FALSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_true_and_false_are_as_far_apart_as_words_can_be),
        cmocka_unit_test(test_equal_sees_every_bit),
        cmocka_unit_test(test_nothing_compared_is_not_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
