#include "drivers/spi_nor_flash.h"

static void stop(const struct spi_nor *nor)
{
    nor->chip.controller->driver->stop(&nor->chip);
}

int spi_nor_flash_init(const struct flash_device *dev)
{
    const struct spi_nor *nor = spi_nor_of(dev);
    int result = spi_nor_settle(nor); /* when called again while a program runs */

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

int spi_nor_flash_deinit(const struct flash_device *dev)
{
    int result = spi_nor_deinit(spi_nor_of(dev));

    stop(spi_nor_of(dev));
    return result;
}

int spi_nor_flash_sync(const struct flash_device *dev)
{
    return spi_nor_wait(spi_nor_of(dev));
}

int spi_nor_flash_erase(const struct flash_device *dev, uint32_t off, uint32_t len)
{
    return spi_nor_erase(spi_nor_of(dev), off, len);
}

const struct flash_geometry *spi_nor_flash_geometry(const struct flash_device *dev)
{
    return &spi_nor_of(dev)->geometry;
}
