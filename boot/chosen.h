/*
 * The mode of this boot. Firmware has one, chosen by Kconfig, whose table the common part sees while it is compiled: in
 * another file's table the compiler would look only after it has decided what becomes part of what, and what nobody
 * needs. Host programs have all modes and name one in the configuration.
 */
#ifndef BOOT_CHOSEN_H
#define BOOT_CHOSEN_H

#include "boot/backup.h"
#include "boot/swap.h"

static inline const struct boot_mode *boot_mode(const struct boot *boot)
{
    static const struct boot_mode backup = BACKUP_MODE;
    static const struct boot_mode swap_offset = SWAP_OFFSET_MODE;

    if (IS_ENABLED(CONFIG_BOOT_SWAP_USING_OFFSET)) {
        return &swap_offset;
    }
    if (IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP)) {
        return &backup;
    }
    if (IS_ENABLED(CONFIG_BOOT_SWAP_USING_MOVE)) {
        return &boot_mode_swap_move;
    }
    if (IS_ENABLED(CONFIG_BOOT_SWAP_USING_SCRATCH)) {
        return &boot_mode_swap_scratch;
    }
    return IS_ENABLED(CONFIG_BOOT_UPGRADE_ONLY) ? &boot_mode_overwrite : boot->config->mode;
}

/*
 * Whether the mode has a journal and plans all pairs' updates as one: not by the loop of update.c. Then there are two
 * external slots, and primary trailers have no say.
 */
static inline bool boot_is_transaction(const struct boot *boot)
{
    return IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP) ||
           (!IS_ENABLED(CONFIG_MCUBOOT) && boot_mode(boot)->transact != NULL);
}

#endif
