#include "tests/unit.h"

#include "boot/backup.h"

#define ANY 0xff

struct rule {
    uint8_t phase;
    uint8_t is_confirmed;
    uint8_t says[2]; /* E0, E1 */
    uint8_t action;
};

/* docs/SPEC.md, "Upgrade with backup". The first row that applies decides. */
static const struct rule rules[] = {
    {ANY, ANY, {BACKUP_GONE, ANY}, BACKUP_STAY}, /* what cannot be finished is not begun */
    {ANY, ANY, {ANY, BACKUP_GONE}, BACKUP_STAY},
    {BACKUP_INSTALL, ANY, {ANY, ANY}, BACKUP_GO_ON}, /* the primary may be half of anything */
    {BACKUP_REVERT, ANY, {ANY, ANY}, BACKUP_GO_ON},
    {BACKUP_DONE, ANY, {ANY, ANY}, BACKUP_STAY},   /* it was never started */
    {BACKUP_TRIED, true, {ANY, ANY}, BACKUP_KEEP}, /* before any new request */
    {BACKUP_TRIED, false, {ANY, ANY}, BACKUP_GO_BACK},
    {BACKUP_IDLE, ANY, {BACKUP_ASKS, ANY}, BACKUP_TAKE_E0},
    {BACKUP_IDLE, ANY, {BACKUP_QUIET, BACKUP_ASKS}, BACKUP_TAKE_E1},
    {BACKUP_IDLE, ANY, {BACKUP_QUIET, BACKUP_QUIET}, BACKUP_STAY},
};

static bool is(uint8_t wanted, int found)
{
    return wanted == ANY || wanted == found;
}

static int expected(int phase, bool confirmed, int e0, int e1)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (is(rules[i].phase, phase) && is(rules[i].is_confirmed, confirmed) && is(rules[i].says[0], e0) &&
            is(rules[i].says[1], e1)) {
            return rules[i].action;
        }
    }
    fail_msg("no row for phase %d, E0 %d, E1 %d", phase, e0, e1);
    return -1;
}

static void test_every_combination_has_its_safe_outcome(void **state)
{
    unsigned combinations = 0;

    (void)state;
    for (int phase = 0; phase < BACKUP_PHASES; phase++) {
        for (int rest = 0; rest < 2 * 3 * 3; rest++) {
            bool confirmed = rest % 2 != 0;
            int e0 = rest / 2 % 3;
            int e1 = rest / 6;

            assert_int_equal(backup_decide((enum backup_phase)phase, confirmed, (enum backup_slot_says)e0,
                                           (enum backup_slot_says)e1),
                             expected(phase, confirmed, e0, e1));
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
