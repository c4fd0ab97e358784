/*
 * Front end of the flash contract: the one place where ranges and alignments are checked, without overflow, before
 * a driver sees them. Relies on the geometry that the driver states; its only state is the write guard.
 */
#include <farboot/flash_guard.h>

#include "flash/geometry.h"

static bool is_multiple(uint32_t value, uint32_t power_of_two)
{
    return (value & (power_of_two - 1)) == 0;
}

static struct {
    const struct flash_area *const *areas; /* NULL: everything may be written */
    size_t count;
} guard;

void flash_guard_set(const struct flash_area *const *areas, size_t count)
{
    guard.areas = areas;
    guard.count = count;
}

static bool area_covers(const struct flash_area *area, const struct flash_device *dev, uint32_t off, uint32_t len)
{
    return area != NULL && area->dev == dev && off >= area->off && len <= area->size &&
           off - area->off <= area->size - len;
}

/* Whether one entry of the guard covers this range, which lies inside the device. */
static bool is_listed(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    bool listed = false;

    for (size_t i = 0; !listed && i < guard.count; i++) {
        listed = area_covers(guard.areas[i], dev, off, len);
    }
    return listed;
}

int flash_init(const struct flash_device *dev)
{
    return dev->driver->init(dev);
}

int flash_deinit(const struct flash_device *dev)
{
    return dev->driver->deinit(dev);
}

const struct flash_geometry *flash_geometry(const struct flash_device *dev)
{
    return dev->driver->geometry(dev);
}

int flash_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    if (!geometry_contains(flash_geometry(dev), off, len)) {
        return ERR_FLASH_INVALID;
    }
    return len == 0 ? OK : dev->driver->read(dev, off, dst, len);
}

int flash_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    const struct flash_geometry *geometry = flash_geometry(dev);

    if (!geometry_contains(geometry, off, len) || !is_multiple(off, geometry->write_block) ||
        !is_multiple((uint32_t)len, geometry->write_block)) {
        return ERR_FLASH_INVALID;
    }
    if (guard.areas != NULL && !is_listed(dev, off, (uint32_t)len)) {
        return ERR_FLASH_PROTECTED;
    }
    return len == 0 ? OK : dev->driver->program(dev, off, src, len);
}

int flash_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    const struct flash_geometry *geometry = flash_geometry(dev);

    if (!geometry_contains(geometry, off, len) || !geometry_is_boundary(geometry, off) ||
        !geometry_is_boundary(geometry, off + len)) {
        return ERR_FLASH_INVALID;
    }
    if (guard.areas != NULL && !is_listed(dev, off, len)) {
        return ERR_FLASH_PROTECTED;
    }
    return dev->driver->erase(dev, off, len);
}

int flash_sync(const struct flash_device *dev)
{
    return dev->driver->sync(dev);
}

int flash_sector_at(const struct flash_device *dev, uint32_t off, uint32_t *start, uint32_t *size)
{
    return geometry_sector_at(flash_geometry(dev), off, start, size);
}
