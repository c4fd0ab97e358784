/* Which images RAM load, and copying to RAM, could place. */
#ifndef BOOT_RAM_LOAD_H
#define BOOT_RAM_LOAD_H

#include "boot/boot.h"
#include "boot/image.h"

/* Whether the header asks for a RAM address and the whole image lies in `ram` there. */
bool ram_load_fits(const struct boot_ram *ram, const struct image *image);

#endif
