#include "drivers/spi_nor_flash.h"

static const struct spi_nor *nor_of(const struct flash_device *dev)
{
    return SPI_NOR_IS_ONLY ? &SPI_NOR_FIRST : dev->config;
}

static void stop(const struct spi_nor *nor)
{
    nor->chip.controller->driver->stop(&nor->chip);
}

static int device_init(const struct flash_device *dev)
{
    const struct spi_nor *nor = nor_of(dev);
    int result = nor->mover->settle(nor); /* when called again while a program runs */

    if (result == OK) {
        result = nor->chip.controller->driver->start(&nor->chip);
    }
    if (result == OK) {
        result = spi_nor_init(nor);
    }
    if (result != OK) {
        stop(nor);
        return result;
    }
    nor->range->sector_size = spi_nor_sector_size(spi_nor_chip(nor));
    nor->range->count = nor->geometry.size / nor->range->sector_size;
    return OK;
}

static int device_deinit(const struct flash_device *dev)
{
    int result = spi_nor_deinit(nor_of(dev));

    stop(nor_of(dev));
    return result;
}

static int device_sync(const struct flash_device *dev)
{
    return spi_nor_wait(nor_of(dev));
}

static int device_read(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    const struct spi_nor *nor = nor_of(dev);
    int result = spi_nor_wait(nor);

    return result != OK ? result : nor->mover->read(nor, off, dst, len);
}

/* The window shows nothing while the chip is busy, which the first page makes it. */
static bool is_in_window(const struct spi_controller *controller, const void *src, size_t len)
{
    uintptr_t start = controller->window;
    uintptr_t from = (uintptr_t)src;

    return controller->window_len > 0 && from < start + controller->window_len && len > 0 && from + len > start;
}

static int device_program(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    const struct spi_nor *nor = nor_of(dev);
    int result = spi_nor_wait(nor);

    if (result == OK && is_in_window(nor->chip.controller, src, len)) {
        result = ERR_FLASH_INVALID;
    }
    return result != OK ? result : nor->mover->program(nor, off, src, len);
}

static int device_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    return spi_nor_erase(nor_of(dev), off, len);
}

static const struct flash_geometry *device_geometry(const struct flash_device *dev)
{
    return &nor_of(dev)->geometry;
}

const struct flash_driver spi_nor_flash_driver = {
    .init = device_init,
    .deinit = device_deinit,
    .read = device_read,
    .program = device_program,
    .erase = device_erase,
    .sync = device_sync,
    .geometry = device_geometry,
};
