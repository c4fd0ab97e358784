#include "boot/backup.h"

/* docs/SPEC.md, "Upgrade with backup", whose table the test goes through. */
enum backup_action backup_decide(enum backup_phase phase, bool is_confirmed, enum backup_slot_says e0,
                                 enum backup_slot_says e1)
{
    if (e0 == BACKUP_GONE || e1 == BACKUP_GONE) {
        return BACKUP_STAY;
    }
    switch (phase) {
    case BACKUP_INSTALL:
    case BACKUP_REVERT:
        return BACKUP_GO_ON;
    case BACKUP_TRIED:
        return is_confirmed ? BACKUP_KEEP : BACKUP_GO_BACK;
    case BACKUP_IDLE:
        if (e0 == BACKUP_ASKS) {
            return BACKUP_TAKE_E0;
        }
        return e1 == BACKUP_ASKS ? BACKUP_TAKE_E1 : BACKUP_STAY;
    default: /* done, and never started */
        return BACKUP_STAY;
    }
}
