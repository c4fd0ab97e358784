#include "tests/unit.h"

#include "boot/decide.h"

static const enum trailer_magic magics[] = {TRAILER_MAGIC_GOOD, TRAILER_MAGIC_BAD, TRAILER_MAGIC_UNSET};
static const enum trailer_flag flags[] = {TRAILER_FLAG_SET, TRAILER_FLAG_BAD, TRAILER_FLAG_UNSET};

/* The rules in words: MCUboot's documentation of its tables, written as conditions. */
static enum swap_type offset_in_words(const struct trailer *primary, const struct trailer *secondary)
{
    bool asked = secondary->magic == TRAILER_MAGIC_GOOD;

    if (asked && secondary->image_ok == TRAILER_FLAG_UNSET) {
        return secondary->copy_done == TRAILER_FLAG_SET ? SWAP_REVERT : SWAP_TEST;
    }
    if (asked && secondary->image_ok == TRAILER_FLAG_SET) {
        return SWAP_PERM;
    }
    return primary->magic == TRAILER_MAGIC_GOOD && primary->image_ok == TRAILER_FLAG_UNSET &&
                   primary->copy_done == TRAILER_FLAG_SET
               ? SWAP_REVERT
               : SWAP_NONE;
}

static enum swap_type overwrite_in_words(const struct trailer *secondary)
{
    if (secondary->magic != TRAILER_MAGIC_GOOD || secondary->image_ok == TRAILER_FLAG_BAD) {
        return SWAP_NONE;
    }
    return secondary->image_ok == TRAILER_FLAG_SET ? SWAP_PERM : SWAP_TEST;
}

static struct trailer trailer_of(unsigned number)
{
    struct trailer trailer = trailer_unset();

    trailer.magic = magics[number % 3];
    trailer.image_ok = flags[number / 3 % 3];
    trailer.copy_done = flags[number / 9 % 3];
    return trailer;
}

/* Exhaustive: every combination of what the two trailers can say. */
static void test_every_combination_has_the_documented_answer(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 27 * 27; number++) {
        struct trailer primary = trailer_of(number % 27);
        struct trailer secondary = trailer_of(number / 27);

        assert_int_equal(swap_decide(&swap_rules_offset, &primary, &secondary), offset_in_words(&primary, &secondary));
        assert_int_equal(swap_decide(&swap_rules_overwrite, &primary, &secondary), overwrite_in_words(&secondary));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_has_the_documented_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
