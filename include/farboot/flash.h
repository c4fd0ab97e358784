/*
 * The flash device contract (docs/DESIGN.md, "Flash"): what a driver promises and what its callers may rely
 * on.
 *
 *   read     any offset, any length, one byte included.
 *   program  multiples of the write block at multiples of the write block; source at any address and alignment,
 * internal flash included. Only 1 -> 0 happens (0 -> 1 where the erased value is 0). erase    multiples of the sector;
 * the driver uses the largest erase command that fits. Of no bytes: nothing is erased, but a chip that has to be
 * written to before it works, and is read, at full speed is switched; for callers that are going to write anyway. sync
 * waits for what program and erase left running and returns any error they had.
 *
 * Write-behind: program and erase may return as soon as the device has taken the command. Every later call on
 * that device first waits for it, and may return its error. The source buffer of a program must stay
 * unchanged until the next call on that device returns. Two devices thus work at the same time; an order that
 * must hold ACROSS devices needs a flash_sync between the two.
 *
 * Nothing blocks for ever: each wait has a deadline derived from the part's data.
 *
 * These functions check bounds and alignment, in this one place and without overflow; drivers need not.
 */
#ifndef FARBOOT_FLASH_H
#define FARBOOT_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

/* `count` sectors of `sector_size` bytes each, the first at `off` (bytes from the start of the device). */
struct flash_range {
    uint32_t off;
    uint32_t sector_size;
    uint32_t count;
};

/* Geometry is data: ascending, adjacent ranges that cover the device. No table of all sectors exists
 * anywhere. */
struct flash_geometry {
    uint32_t size;                    /* bytes */
    uint32_t write_block;             /* bytes, a power of two; program granularity */
    uint8_t erased_value;             /* 0xff or 0x00 */
    uint8_t range_count;              /* entries in `ranges` */
    const struct flash_range *ranges; /* owned by the driver, constant after init */
};

struct flash_device;

/* What a driver implements. Every function may be called with the device in any state init can leave. */
struct flash_driver {
    int (*init)(const struct flash_device *dev);
    int (*deinit)(const struct flash_device *dev);
    int (*read)(const struct flash_device *dev, uint32_t off, void *dst, size_t len);
    int (*program)(const struct flash_device *dev, uint32_t off, const void *src, size_t len);
    int (*erase)(const struct flash_device *dev, uint32_t off, uint32_t len);
    int (*sync)(const struct flash_device *dev);
    const struct flash_geometry *(*geometry)(const struct flash_device *dev);
};

/*
 * One device instance. On a target it is the constant `__device_dts_ord_<N>`, N being the ordinal of its
 * devicetree node; a missing driver is thus a missing symbol, and the build says which node that is.
 */
struct flash_device {
    const struct flash_driver *driver;
    const void *config; /* the driver's own, from devicetree */
    void *state;        /* the driver's own, in RAM */
    const char *name;   /* for messages: the devicetree node's name */
};

/*
 * Brings the device from whatever state it was left in to ready. May be called again.
 * Returns OK; ERR_FLASH_NO_DEVICE, ERR_FLASH_WRONG_DEVICE, ERR_FLASH_TIMEOUT, ERR_FLASH_IO.
 */
int flash_init(const struct flash_device *dev) ERROR_MUST_CHECK;

/* Leaves controller and chip as after reset (pending work is waited for). Returns OK, ERR_FLASH_TIMEOUT,
 * ERR_FLASH_IO. */
int flash_deinit(const struct flash_device *dev);

/* Returns OK; ERR_FLASH_INVALID (range outside the device); ERR_FLASH_NO_DEVICE, _TIMEOUT, _IO. `dst` belongs
 * to the caller. */
int flash_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len) ERROR_MUST_CHECK;

/* Returns OK; ERR_FLASH_INVALID (range or alignment); ERR_FLASH_NO_DEVICE, _TIMEOUT, _IO, _PROTECTED. */
int flash_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len) ERROR_MUST_CHECK;

/* Returns OK; ERR_FLASH_INVALID (range or sector alignment); ERR_FLASH_NO_DEVICE, _TIMEOUT, _IO, _PROTECTED.
 */
int flash_erase(const struct flash_device *dev, uint32_t off, uint32_t len) ERROR_MUST_CHECK;

/* Returns OK when everything issued before is durable; otherwise ERR_FLASH_TIMEOUT, _IO, _PROTECTED,
 * _NO_DEVICE. */
int flash_sync(const struct flash_device *dev) ERROR_MUST_CHECK;

/* Never NULL; before a successful flash_init the geometry that devicetree states. */
const struct flash_geometry *flash_geometry(const struct flash_device *dev);

/*
 * The sector that contains `off`. Returns OK and its start and size (bytes) in `start` and `size`;
 * ERR_FLASH_INVALID when `off` lies outside the device.
 */
int flash_sector_at(const struct flash_device *dev, uint32_t off, uint32_t *start, uint32_t *size) ERROR_MUST_CHECK;

#endif
