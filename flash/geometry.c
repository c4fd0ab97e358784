#include "flash/geometry.h"

bool geometry_contains(const struct flash_geometry *geometry, uint32_t off, size_t len)
{
    return off <= geometry->size && len <= geometry->size - off;
}

int geometry_sector_at(const struct flash_geometry *geometry, uint32_t off, uint32_t *start, uint32_t *size)
{
    for (size_t i = 0; i < geometry->range_count; i++) {
        const struct flash_range *range = &geometry->ranges[i];
        uint32_t within = off - range->off;

        /* Compared as a count of sectors: the range's length in bytes may be 2^32. */
        if (off >= range->off && within / range->sector_size < range->count) {
            *start = off - within % range->sector_size;
            *size = range->sector_size;
            return OK;
        }
    }
    return ERR_FLASH_INVALID;
}

bool geometry_is_boundary(const struct flash_geometry *geometry, uint32_t off)
{
    uint32_t start;
    uint32_t size;

    if (off == geometry->size) {
        return true;
    }
    return geometry_sector_at(geometry, off, &start, &size) == OK && start == off;
}
