/* A single slot through boot_single, over a flash model. */
#include "tests/unit.h"

#include "boot/choose_fixture.h"

static void test_a_single_slot_starts_a_valid_image_only(void **state)
{
    struct fixture *f = choose_start(NULL, false);

    (void)state;
    for (enum content content = NOTHING; content < CONTENTS; content++) {
        choose_put_slot(f, 0, content, 0);
        nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        if (choose_is_valid(content) || content == MISPLACED) { /* where it is linked for is the build's to see to */
            assert_int_equal(boot_single(&f->config, &f->result), OK);
            assert_int_equal(f->result.is_verified, HARDENED_TRUE);
            assert_int_equal(f->result.address, BASE);
        } else {
            assert_int_equal(boot_single(&f->config, &f->result), ERR_BOOT_NO_IMAGE);
            assert_int_equal(f->result.is_verified, HARDENED_FALSE);
        }
        assert_int_equal(f->power.ops, 0);
    }
    choose_stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_single_slot_starts_a_valid_image_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
