/*
 * NOR flash behind any controller that drivers/spi.h has a driver for (devicetree `jedec,spi-nor`): one device for
 * each enabled node, on the controller that is its parent.
 */
#include "drivers/spi_nor_flash.h"

#define JEDEC_DEFINE(node)                                                                                             \
    extern const struct spi_controller DEVICE_DT_NAME(DT_PARENT(node));                                                \
    SPI_NOR_FLASH_DEFINE(node, DEVICE_DT_NAME(DT_PARENT(node)), DT_PROP(node, spi_max_frequency), spi_nor_by_transfers)

DT_FOREACH_STATUS_OKAY(jedec_spi_nor, JEDEC_DEFINE)
