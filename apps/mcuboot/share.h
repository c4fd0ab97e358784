/* What the bootloader leaves for the application. */
#ifndef APPS_MCUBOOT_SHARE_H
#define APPS_MCUBOOT_SHARE_H

#include "boot/boot.h"

/*
 * Writes the boot information (include/farboot/boot_info.h) into the partition boot_info of RAM, which nothing between
 * here and the application touches. The last thing before the jump, since it says how long the boot took.
 */
void share_boot_info(const struct boot_result *result);

#endif
