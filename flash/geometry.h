/* Questions about a device's geometry, answered from its run-length list of ranges. Pure; no device is touched. */
#ifndef FLASH_GEOMETRY_H
#define FLASH_GEOMETRY_H

#include <farboot/flash.h>

/* Whether [off, off + len) lies inside the device; no combination of values overflows. */
bool geometry_contains(const struct flash_geometry *geometry, uint32_t off, size_t len);

/* Whether `off` is the start of a sector or the end of the device, so that an erase may begin or end there. */
bool geometry_is_boundary(const struct flash_geometry *geometry, uint32_t off);

/* As flash_sector_at. Returns OK, ERR_FLASH_INVALID. */
int geometry_sector_at(const struct flash_geometry *geometry, uint32_t off, uint32_t *start,
                       uint32_t *size) ERROR_MUST_CHECK;

#endif
