/*
 * What of the map this image's configuration has, with a neutral value for what it has not, so that code need not ask.
 */
#ifndef APPS_MCUBOOT_PLACES_H
#define APPS_MCUBOOT_PLACES_H

#include "pm_config.h"

/* Single slot has no secondary. No partition has this number. */
#ifdef PM_MCUBOOT_SECONDARY_ID
#define PLACES_SECONDARY_ID PM_MCUBOOT_SECONDARY_ID
#else
#define PLACES_SECONDARY_ID 0xff
#endif

/* Upgrade with backup. */
#ifdef PM_MCUBOOT_BACKUP_ID
#define PLACES_BACKUP_ID   PM_MCUBOOT_BACKUP_ID
#define PLACES_BACKUP_1_ID PM_MCUBOOT_BACKUP_1_ID
#define PLACES_BACKUP_2_ID PM_MCUBOOT_BACKUP_2_ID
#define PLACES_BACKUP_3_ID PM_MCUBOOT_BACKUP_3_ID
#else
#define PLACES_BACKUP_ID   0xff
#define PLACES_BACKUP_1_ID 0xff
#define PLACES_BACKUP_2_ID 0xff
#define PLACES_BACKUP_3_ID 0xff
#endif

/* RAM load. */
#ifdef PM_MCUBOOT_RAM_ADDRESS
#define PLACES_RAM_ADDRESS PM_MCUBOOT_RAM_ADDRESS
#define PLACES_RAM_SIZE    PM_MCUBOOT_RAM_SIZE
_Static_assert(PM_MCUBOOT_RAM_ADDRESS >= PM_SRAM_ADDRESS + PM_SRAM_SIZE ||
                   PM_MCUBOOT_RAM_ADDRESS + PM_MCUBOOT_RAM_SIZE <= PM_SRAM_ADDRESS,
               "mcuboot_ram, which images are loaded to, overlaps the bootloader's own RAM: move it in pm_static.yml");
#else
#define PLACES_RAM_ADDRESS 0
#define PLACES_RAM_SIZE    0
#endif

/* Direct XIP: where a slot on another device than the primary's is mapped; 0: it is not. */
#ifdef CONFIG_BOOT_DIRECT_XIP_EXTERNAL_ADDRESS
#define PLACES_EXTERNAL_ADDRESS CONFIG_BOOT_DIRECT_XIP_EXTERNAL_ADDRESS
#else
#define PLACES_EXTERNAL_ADDRESS 0
#endif

#endif
