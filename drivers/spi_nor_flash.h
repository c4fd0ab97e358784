/*
 * SPI NOR chips as flash devices (include/farboot/flash.h): the one flash driver over drivers/spi_nor, whatever the
 * controller. The driver of a compatible defines its instances with SPI_NOR_FLASH_DEFINE.
 */
#ifndef DRIVERS_SPI_NOR_FLASH_H
#define DRIVERS_SPI_NOR_FLASH_H

#include <farboot/devicetree.h>
#include <farboot/flash.h>
#include <farboot/util.h>

#include "drivers/spi_nor.h"
#include "drivers/spi_nor_parts.h"

#define SPI_NOR_NAME(prefix, node) UTIL_CAT(prefix, DT_DEP_ORD(node))

/* Where there is one chip, what devicetree says of it becomes part of the instructions. */
#define SPI_NOR_IS_ONLY (DT_NUM_INST_STATUS_OKAY(jedec_spi_nor) + DT_NUM_INST_STATUS_OKAY(nordic_qspi_nor) == 1)
#define SPI_NOR_FIRST   SPI_NOR_NAME(spi_nor_, SPI_NOR_FIRST_NODE)
#define SPI_NOR_FIRST_NODE                                                                                             \
    COND_CODE_1(DT_HAS_COMPAT_STATUS_OKAY(jedec_spi_nor), (DT_INST(0, jedec_spi_nor)), (DT_INST(0, nordic_qspi_nor)))
extern const struct spi_nor SPI_NOR_FIRST;

static inline const struct spi_nor *spi_nor_of(const struct flash_device *dev)
{
    return SPI_NOR_IS_ONLY ? &SPI_NOR_FIRST : dev->config;
}

/* Everything but read and program, which are the controllers' (a struct flash_driver each). */
int spi_nor_flash_init(const struct flash_device *dev);
int spi_nor_flash_deinit(const struct flash_device *dev);
int spi_nor_flash_erase(const struct flash_device *dev, uint32_t off, uint32_t len);
int spi_nor_flash_sync(const struct flash_device *dev);
const struct flash_geometry *spi_nor_flash_geometry(const struct flash_device *dev);

/* Read and program by transfers, as every controller can. */
extern const struct flash_driver spi_nor_by_transfers;

/* Bytes. */
#define SPI_NOR_SIZE(node)                                                                                             \
    COND_CODE_1(DT_NODE_HAS_PROP(node, size_in_bytes), (DT_PROP(node, size_in_bytes)), (DT_PROP(node, size) / 8))

/* An initializer, so each byte is reached by index; zeros when devicetree does not say. */
#define SPI_NOR_ID(node)                                                                                               \
    COND_CODE_1(                                                                                                       \
        DT_NODE_HAS_PROP(node, jedec_id),                                                                              \
        ({DT_PROP_BY_IDX(node, jedec_id, 0), DT_PROP_BY_IDX(node, jedec_id, 1), DT_PROP_BY_IDX(node, jedec_id, 2)}),   \
        ({0}))

#define SPI_NOR_ID24(node)                                                                                             \
    COND_CODE_1(DT_NODE_HAS_PROP(node, jedec_id),                                                                      \
                (((uint32_t)DT_PROP_BY_IDX(node, jedec_id, 0) << 16 | DT_PROP_BY_IDX(node, jedec_id, 1) << 8 |         \
                  DT_PROP_BY_IDX(node, jedec_id, 2))),                                                                 \
                (0u))

/* What is known of the chip before it is asked: from sfdp-bfp, or from the table of parts. */
#define SPI_NOR_BFP(node, i) DT_PROP_BY_IDX(node, sfdp_bfp, i)
#define SPI_NOR_FROM(node, of_bfp, of_part)                                                                            \
    COND_CODE_1(DT_NODE_HAS_PROP(node, sfdp_bfp), (of_bfp(SPI_NOR_BFP, node)), (of_part(SPI_NOR_ID24(node))))
#define SPI_NOR_DESCRIBE(node)                                                                                         \
    static const struct sfdp_chip SPI_NOR_NAME(spi_nor_chip_, node) = {                                                \
        SPI_NOR_FROM(node, SFDP_CHIP, SPI_NOR_PART_CHIP),                                                              \
        .quad_enable =                                                                                                 \
            DT_ENUM_IDX_OR(node, quad_enable_requirements, SPI_NOR_FROM(node, SFDP_CHIP_QUAD, SPI_NOR_PART_QUAD)),     \
        .four_byte = DT_PROP_OR(node, enter_4byte_addr, SPI_NOR_FROM(node, SFDP_CHIP_4BYTE, SPI_NOR_PART_4BYTE)),      \
        .report = COND_CODE_1(DT_PROP_OR(node, use_flag_status_register, 0), (REPORT_FLAGS),                           \
                              (SPI_NOR_PART_REPORT(SPI_NOR_ID24(node)))),                                              \
        .lock = DT_PROP_OR(node, has_lock, SPI_NOR_PART_LOCK(SPI_NOR_ID24(node))),                                     \
    };                                                                                                                 \
    COND_CODE_1(DT_NODE_HAS_PROP(node, sfdp_bfp), (SPI_NOR_CHECK_SIZE(node)), ())
#define SPI_NOR_CHECK_SIZE(node)                                                                                       \
    _Static_assert((SPI_NOR_BFP(node, 7) & 0x80) == 0 &&                                                               \
                       SFDP_DENSITY(SFDP_WORD(SPI_NOR_BFP, node, 4, 5, 6, 7)) >= SPI_NOR_SIZE(node),                   \
                   "SPI NOR: the devicetree says more bytes than sfdp-bfp");

/*
 * The flash device of a node: the chip `of_controller` has at its select line, clocked with at most `hz`, behind the
 * flash driver `by`. Further arguments: members of struct spi_nor.
 */
#define SPI_NOR_FLASH_DEFINE(node, of_controller, hz, by, ...)                                                         \
    SPI_NOR_DESCRIBE(node)                                                                                             \
    extern const struct spi_nor SPI_NOR_NAME(spi_nor_, node);                                                          \
    static struct spi_nor_state SPI_NOR_NAME(spi_nor_state_, node);                                                    \
    static struct flash_range SPI_NOR_NAME(spi_nor_range_, node) = {.sector_size = 4096,                               \
                                                                    .count = SPI_NOR_SIZE(node) / 4096};               \
    const struct spi_nor SPI_NOR_NAME(spi_nor_, node) = {                                                              \
        .chip = {.controller = &(of_controller), .select = DT_REG_ADDR(node), .max_hz = (hz)},                         \
        .state = &SPI_NOR_NAME(spi_nor_state_, node),                                                                  \
        .described = &SPI_NOR_NAME(spi_nor_chip_, node),                                                               \
        .name = DT_NODE_FULL_NAME(node),                                                                               \
        .geometry = {.size = SPI_NOR_SIZE(node),                                                                       \
                     .write_block = 1,                                                                                 \
                     .erased_value = 0xff,                                                                             \
                     .range_count = 1,                                                                                 \
                     .ranges = &SPI_NOR_NAME(spi_nor_range_, node)},                                                   \
        .range = &SPI_NOR_NAME(spi_nor_range_, node),                                                                  \
        .exit_dpd_us = (DT_PROP_OR(node, t_exit_dpd, 100000) + 999) / 1000,                                            \
        .id = SPI_NOR_ID(node),                                                                                        \
        .needs_unlock = DT_PROP(node, requires_ulbpr),                                                                 \
        .has_dpd = DT_PROP(node, has_dpd),                                                                             \
        __VA_ARGS__};                                                                                                  \
    extern const struct flash_device DEVICE_DT_NAME(node);                                                             \
    const struct flash_device DEVICE_DT_NAME(node) = {                                                                 \
        .driver = &(by),                                                                                               \
        .config = &SPI_NOR_NAME(spi_nor_, node),                                                                       \
        .name = DT_NODE_FULL_NAME(node),                                                                               \
    };

#endif
