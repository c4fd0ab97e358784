/* Linked with CONFIG_BOOT_SHARE_DATA_BOOTINFO, which also places the partition. */
#include "apps/mcuboot/share.h"

#include <farboot/boot_info.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "pm_config.h"

_Static_assert(PM_BOOT_INFO_SIZE >= BOOT_INFO_SIZE,
               "the partition boot_info is too small: remove it from pm_static.yml");

/* MCUboot's numbers (include/farboot/boot_info.h). */
#define MODE                                                                                                           \
    (IS_ENABLED(CONFIG_SINGLE_APPLICATION_SLOT)    ? 0                                                                 \
     : IS_ENABLED(CONFIG_BOOT_SWAP_USING_SCRATCH)  ? 1                                                                 \
     : IS_ENABLED(CONFIG_BOOT_UPGRADE_ONLY)        ? 2                                                                 \
     : IS_ENABLED(CONFIG_BOOT_SWAP_USING_MOVE)     ? 3                                                                 \
     : IS_ENABLED(CONFIG_BOOT_DIRECT_XIP_REVERT)   ? 5                                                                 \
     : IS_ENABLED(CONFIG_BOOT_DIRECT_XIP)          ? 4                                                                 \
     : IS_ENABLED(CONFIG_BOOT_RAM_LOAD)            ? 6                                                                 \
     : IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP) ? BOOT_INFO_MODE_BACKUP                                             \
                                                   : 9)

void share_boot_info(const struct boot_result *result)
{
    struct boot_info info = {
        .mode = MODE,
        .signature_type = 2,
        .running_slot = result->slot,
        .image_count = BOOT_IMAGES_MAX,
        .boot_ms = timer_now_us() / 1000,
        .version = result->header.version,
    };

    for (size_t i = 0; i < BOOT_IMAGES_MAX; i++) {
        info.update_ms += result->outcome[i].update_us / 1000;
        info.outcome[i] = (struct boot_info_outcome){(uint8_t)result->outcome[i].performed, result->outcome[i].refused};
    }
    boot_info_write((void *)PM_BOOT_INFO_ADDRESS, &info);
}
