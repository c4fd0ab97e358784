/*
 * Every check of the bootloader's options and of its map that can be made when it is compiled, each saying what to
 * set. No code.
 */
#include <farboot/devicetree.h>
#include <farboot/util.h>

#include "pm_config.h"

_Static_assert(PM_MCUBOOT_PRIMARY_SIZE % 4 == 0 && PM_MCUBOOT_PRIMARY_SIZE > 0x1000,
               "mcuboot_primary is too small for an image and its trailer: enlarge it in pm_static.yml");
_Static_assert(PM_MCUBOOT_PAD_SIZE >= 0x20, "CONFIG_PM_PARTITION_SIZE_MCUBOOT_PAD must hold the image header, 0x200");
_Static_assert(PM_MCUBOOT_PAD_ADDRESS == PM_MCUBOOT_PRIMARY_ADDRESS,
               "mcuboot_pad must be the first partition inside mcuboot_primary");
_Static_assert(CONFIG_BOOT_MAX_IMG_SECTORS >= 0, "CONFIG_BOOT_MAX_IMG_SECTORS: a number of sectors, 0 to compute it");
_Static_assert(!IS_ENABLED(CONFIG_BOOT_UPGRADE_WITH_BACKUP) || IS_ENABLED(CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY),
               "upgrade with backup has its slots in external flash: set CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY=y");
