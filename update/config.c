/* The update configuration of this image. */
#include <farboot/boot_info.h>

#include "pm_config.h"
#include "update/state.h"

_Static_assert(UPDATE_MODE_CONFIGURED >= 0, "update/ needs a bootloader that updates: choose an update mode in it");

/* Slots and areas that not every configuration has; an id that is not in the map stands for none. */
#define NO_SLOT 0xff
#ifdef PM_MCUBOOT_BACKUP_ID
#define BACKUP_ID PM_MCUBOOT_BACKUP_ID
#else
#define BACKUP_ID NO_SLOT
#endif
#ifdef PM_MCUBOOT_BACKUP_1_ID
#define BACKUP_1_ID PM_MCUBOOT_BACKUP_1_ID
#else
#define BACKUP_1_ID NO_SLOT
#endif
#ifdef PM_MCUBOOT_BACKUP_2_ID
#define BACKUP_2_ID PM_MCUBOOT_BACKUP_2_ID
#else
#define BACKUP_2_ID NO_SLOT
#endif
#ifdef PM_MCUBOOT_BACKUP_3_ID
#define BACKUP_3_ID PM_MCUBOOT_BACKUP_3_ID
#else
#define BACKUP_3_ID NO_SLOT
#endif
#ifdef PM_BOOT_INFO_ADDRESS
#define BOOT_INFO ((const void *)PM_BOOT_INFO_ADDRESS)
#else
#define BOOT_INFO NULL
#endif

/* Where an image that is not copied to the primary came from: the bootloader says so, else its own address does. */
static enum update_slot running(void)
{
    uintptr_t here = (uintptr_t)update_configs;
    struct boot_info info;

    if (BOOT_INFO != NULL && boot_info_read_untrusted(BOOT_INFO, BOOT_INFO_SIZE, &info)) {
        return info.running_slot == 1 ? UPDATE_SECONDARY : UPDATE_PRIMARY;
    }
    return here - PM_MCUBOOT_SECONDARY_ADDRESS < PM_MCUBOOT_SECONDARY_SIZE ? UPDATE_SECONDARY : UPDATE_PRIMARY;
}

#define COMMON(number)                                                                                                 \
    .mode = (enum update_mode)UPDATE_MODE_CONFIGURED, .image = (number), .max_sectors = CONFIG_BOOT_MAX_IMG_SECTORS,   \
    .running = UPDATE_MODE_CONFIGURED >= UPDATE_CHOOSE ? running : NULL

const struct update_config update_configs[] = {
    {.ids = {PM_MCUBOOT_PRIMARY_ID, PM_MCUBOOT_SECONDARY_ID, BACKUP_ID}, COMMON(0)},
#ifdef PM_MCUBOOT_PRIMARY_1_ID
    {.ids = {PM_MCUBOOT_PRIMARY_1_ID, PM_MCUBOOT_SECONDARY_1_ID, BACKUP_1_ID}, COMMON(1)},
#endif
#ifdef PM_MCUBOOT_PRIMARY_2_ID
    {.ids = {PM_MCUBOOT_PRIMARY_2_ID, PM_MCUBOOT_SECONDARY_2_ID, BACKUP_2_ID}, COMMON(2)},
#endif
#ifdef PM_MCUBOOT_PRIMARY_3_ID
    {.ids = {PM_MCUBOOT_PRIMARY_3_ID, PM_MCUBOOT_SECONDARY_3_ID, BACKUP_3_ID}, COMMON(3)},
#endif
};
const unsigned update_config_count = ARRAY_SIZE(update_configs);
