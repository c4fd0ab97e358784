/*
 * The largest image that an update mode can install in given slots: computed here, for the bootloader that refuses, for
 * the build that places partitions and for the tool that signs. Pure: looks at geometries and sizes, touches no flash.
 */
#ifndef BOOT_LIMITS_H
#define BOOT_LIMITS_H

#include "boot/boot.h"

/*
 * Bytes from the image's header to the end of its TLVs. Of `config` mode (NULL: one that starts images where they lie,
 * or from ram), max_sectors and the size of ram are used; of `areas` both slots (secondary NULL: single slot), whose
 * devices need a geometry only.
 * Returns OK; ERR_BOOT_GEOMETRY: the mode cannot work with these slots; a log line may say why.
 */
int limits_largest_image(const struct boot_config *config, const struct boot_areas *areas,
                         uint32_t *bytes) ERROR_MUST_CHECK;

#endif
