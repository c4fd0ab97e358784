#include "tests/unit.h"

#include "boot/backup.h"

/* What must hold of every combination, told without the table. */
static void check(enum backup_phase phase, bool confirmed, enum backup_slot_says e0, enum backup_slot_says e1)
{
    enum backup_action action = backup_decide(phase, confirmed, e0, e1);

    if (e0 == BACKUP_GONE || e1 == BACKUP_GONE) {
        assert_int_equal(action, BACKUP_STAY); /* what cannot be finished is not begun */
    } else if (phase == BACKUP_INSTALL || phase == BACKUP_REVERT) {
        assert_int_equal(action, BACKUP_GO_ON); /* the primary may be half of anything */
    } else if (phase == BACKUP_DONE) {
        assert_int_equal(action, BACKUP_STAY); /* it was never started */
    } else if (phase == BACKUP_TRIED) {
        assert_int_equal(action, confirmed ? BACKUP_KEEP : BACKUP_GO_BACK); /* before any new request */
    } else if (e0 == BACKUP_ASKS) {
        assert_int_equal(action, BACKUP_TAKE_E0);
    } else {
        assert_int_equal(action, e1 == BACKUP_ASKS ? BACKUP_TAKE_E1 : BACKUP_STAY);
    }
}

static void test_every_combination_has_its_safe_outcome(void **state)
{
    unsigned combinations = 0;

    (void)state;
    for (int phase = 0; phase < BACKUP_PHASES; phase++) {
        for (int rest = 0; rest < 2 * 3 * 3; rest++) {
            check((enum backup_phase)phase, rest % 2 != 0, (enum backup_slot_says)(rest / 2 % 3),
                  (enum backup_slot_says)(rest / 6));
            combinations++;
        }
    }
    assert_int_equal(combinations, 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_combination_has_its_safe_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
