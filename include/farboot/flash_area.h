/*
 * Flash areas: partitions of the Partition Manager as this image can reach them. An area is a subrange of a
 * device; offsets below are relative to the area and are checked against it, without overflow, before the
 * device sees them.
 *
 * The flash map is made from pm_config.h at compile time. A partition whose region has no driver in this
 * image is absent from it, and flash_area_open then returns ERR_FLASH_NO_AREA.
 */
#ifndef FARBOOT_FLASH_AREA_H
#define FARBOOT_FLASH_AREA_H

#include <farboot/flash.h>

struct flash_area {
    const struct flash_device *dev;
    uint32_t off;   /* bytes from the start of the device */
    uint32_t size;  /* bytes */
    uint8_t id;     /* PM_<NAME>_ID */
    bool read_only; /* program and erase are refused with ERR_FLASH_PROTECTED */
};

/* The map of this image, defined once per image (flash/flash_map.c on targets, a test's own table on the
 * host). */
extern const struct flash_area flash_map[];
extern const size_t flash_map_count;

/* Points `*area` at the map's constant entry. Returns OK, ERR_FLASH_NO_AREA. Does not touch the device. */
int flash_area_open(uint8_t id, const struct flash_area **area) ERROR_MUST_CHECK;

/* As flash_read and so on, with `off` relative to the area; ERR_FLASH_INVALID also when the range leaves the
 * area. */
int flash_area_read(const struct flash_area *area, uint32_t off, void *dst, size_t len) ERROR_MUST_CHECK;
int flash_area_program(const struct flash_area *area, uint32_t off, const void *src, size_t len) ERROR_MUST_CHECK;
int flash_area_erase(const struct flash_area *area, uint32_t off, uint32_t len) ERROR_MUST_CHECK;
int flash_area_sync(const struct flash_area *area) ERROR_MUST_CHECK;

/*
 * The sector that contains area offset `off`; `start` is relative to the area. As flash_sector_at; also
 * ERR_FLASH_INVALID when the area begins inside that sector.
 */
int flash_area_sector_at(const struct flash_area *area, uint32_t off, uint32_t *start, uint32_t *size) ERROR_MUST_CHECK;

#endif
