/*
 * Areas: every offset is checked against the area, and every write against the area's permission, before the
 * device's own check. An area is the only way in which boot code reaches flash, so nothing outside the writable
 * entries of the map can be programmed or erased.
 */
#include <farboot/flash_area.h>

static bool area_contains(const struct flash_area *area, uint32_t off, size_t len)
{
    return off <= area->size && len <= area->size - off && area->size <= UINT32_MAX - area->off;
}

static int check_write(const struct flash_area *area, uint32_t off, size_t len)
{
    if (!area_contains(area, off, len)) {
        return ERR_FLASH_INVALID;
    }
    return area->read_only ? ERR_FLASH_PROTECTED : OK;
}

int flash_area_read(const struct flash_area *area, uint32_t off, void *dst, size_t len)
{
    if (!area_contains(area, off, len)) {
        return ERR_FLASH_INVALID;
    }
    return flash_read(area->dev, area->off + off, dst, len);
}

int flash_area_program(const struct flash_area *area, uint32_t off, const void *src, size_t len)
{
    int result = check_write(area, off, len);

    return result != OK ? result : flash_program(area->dev, area->off + off, src, len);
}

int flash_area_erase(const struct flash_area *area, uint32_t off, uint32_t len)
{
    int result = check_write(area, off, len);

    return result != OK ? result : flash_erase(area->dev, area->off + off, len);
}

int flash_area_sync(const struct flash_area *area)
{
    return flash_sync(area->dev);
}

int flash_area_sector_at(const struct flash_area *area, uint32_t off, uint32_t *start, uint32_t *size)
{
    int result;

    if (off >= area->size || !area_contains(area, off, 0)) {
        return ERR_FLASH_INVALID;
    }
    result = flash_sector_at(area->dev, area->off + off, start, size);
    if (result != OK) {
        return result;
    }
    if (*start < area->off) {
        return ERR_FLASH_INVALID; /* the area does not begin at a sector boundary */
    }
    *start -= area->off;
    return OK;
}
