/* The update configuration of this image. */
#include "update/update.h"

#include <farboot/util.h>

#include "pm_config.h"

_Static_assert(IS_ENABLED(CONFIG_MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET) ||
                   IS_ENABLED(CONFIG_MCUBOOT_BOOTLOADER_MODE_OVERWRITE_ONLY),
               "update/ knows the modes swap using offset and overwrite only: choose one of them in the bootloader");

const struct update_config update_config = {
    .primary_id = PM_MCUBOOT_PRIMARY_ID,
    .secondary_id = PM_MCUBOOT_SECONDARY_ID,
    .mode =
        IS_ENABLED(CONFIG_MCUBOOT_BOOTLOADER_MODE_SWAP_USING_OFFSET) ? UPDATE_SWAP_USING_OFFSET : UPDATE_OVERWRITE_ONLY,
    .max_sectors = CONFIG_BOOT_MAX_IMG_SECTORS,
};
