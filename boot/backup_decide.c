#include "boot/backup.h"

#define ANY 0xff

struct rule {
    uint8_t phase;
    uint8_t is_confirmed;
    uint8_t says[2]; /* E0, E1 */
    uint8_t action;
};

/* docs/SPEC.md, "Upgrade with backup". The first row that applies decides; the test goes through all combinations. */
static const struct rule rules[] = {
    {ANY, ANY, {BACKUP_GONE, ANY}, BACKUP_STAY},
    {ANY, ANY, {ANY, BACKUP_GONE}, BACKUP_STAY},
    {BACKUP_INSTALL, ANY, {ANY, ANY}, BACKUP_GO_ON},
    {BACKUP_REVERT, ANY, {ANY, ANY}, BACKUP_GO_ON},
    {BACKUP_DONE, ANY, {ANY, ANY}, BACKUP_STAY},
    {BACKUP_TRIED, true, {ANY, ANY}, BACKUP_KEEP},
    {BACKUP_TRIED, false, {ANY, ANY}, BACKUP_GO_BACK},
    {BACKUP_IDLE, ANY, {BACKUP_ASKS, ANY}, BACKUP_TAKE_E0},
    {BACKUP_IDLE, ANY, {BACKUP_QUIET, BACKUP_ASKS}, BACKUP_TAKE_E1},
    {BACKUP_IDLE, ANY, {BACKUP_QUIET, BACKUP_QUIET}, BACKUP_STAY},
};

static bool is(uint8_t wanted, uint8_t found)
{
    return wanted == ANY || wanted == found;
}

enum backup_action backup_decide(enum backup_phase phase, bool is_confirmed, enum backup_slot_says e0,
                                 enum backup_slot_says e1)
{
    size_t i = 0;

    while (i + 1 < sizeof rules / sizeof rules[0] &&
           !(is(rules[i].phase, (uint8_t)phase) && is(rules[i].is_confirmed, is_confirmed) &&
             is(rules[i].says[0], (uint8_t)e0) && is(rules[i].says[1], (uint8_t)e1))) {
        i++;
    }
    return (enum backup_action)rules[i].action;
}
