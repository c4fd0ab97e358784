/*
 * Write guard: which ranges may be programmed or erased, as data that does not come from the code that writes
 * (docs/SPEC.md, "Write guard"). The front end of the flash contract enforces it, below areas and above drivers, so
 * that not even a wrong area reaches what is not listed. Whoever never calls flash_guard_set pays nothing for it.
 */
#ifndef FARBOOT_FLASH_GUARD_H
#define FARBOOT_FLASH_GUARD_H

#include <farboot/flash_area.h>

/*
 * From now on flash_program and flash_erase refuse, with ERR_FLASH_PROTECTED, a range that does not lie within one of
 * the `count` entries of `areas`. Entries may be NULL: partitions that are not there. The table stays the caller's and
 * must outlive the guard. `areas` NULL lifts it.
 */
void flash_guard_set(const struct flash_area *const *areas, size_t count);

#endif
