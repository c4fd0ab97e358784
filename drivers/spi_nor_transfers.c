/* Data of a SPI NOR chip by transfers (drivers/spi.h), as every controller can move them: reads and page programs. */
#include "drivers/spi_nor_flash.h"
#include "drivers/spi_nor_commands.h"

/* What is reached without another address register. */
static size_t segment_part(const struct spi_nor *nor, uint32_t off, size_t len)
{
    uint32_t room = SPI_NOR_LIMIT_3BYTE - (off & (SPI_NOR_LIMIT_3BYTE - 1));

    return spi_nor_has_segments(nor) && room < len ? room : len;
}

static int read_array(const struct flash_device *dev, uint32_t off, void *dst, size_t len)
{
    const struct spi_nor *nor = spi_nor_of(dev);
    uint8_t opcode = spi_nor_has_4byte_opcodes(nor) ? OP_FAST_READ_4 : OP_FAST_READ;
    uint8_t *out = dst;
    int result = spi_nor_wait(nor);

    while (result == OK && len > 0) {
        size_t part = segment_part(nor, off, len);

        result = spi_nor_select_segment(nor, off);
        if (result == OK) {
            result = spi_nor_read_space(nor, opcode, spi_nor_addr_len(nor), off, out, part);
        }
        off += (uint32_t)part;
        out += part;
        len -= part;
    }
    return result;
}

/* What fits into the page at `off` and into one frame. */
static size_t page_part(const struct spi_nor *nor, uint32_t off, size_t len)
{
    uint32_t page = spi_nor_chip(nor)->page;
    size_t part = page - (off & (page - 1));
    size_t room = nor->chip.controller->transfer_max - 1 - spi_nor_addr_len(nor);

    part = part < room ? part : room;
    return part < len ? part : len;
}

static int program_page(const struct spi_nor *nor, uint32_t off, const void *src, size_t len)
{
    int result = spi_nor_prepare(nor);

    if (result == OK) {
        result = spi_nor_change(nor, spi_nor_has_4byte_opcodes(nor) ? OP_PROGRAM_4 : OP_PROGRAM, off, src, len);
    }
    if (result == OK) {
        spi_nor_program_started(nor);
    }
    return result;
}

static int program_array(const struct flash_device *dev, uint32_t off, const void *src, size_t len)
{
    const struct spi_nor *nor = spi_nor_of(dev);
    const uint8_t *in = src;
    int result = spi_nor_check_source(nor, src, len);

    while (result == OK && len > 0) {
        size_t part = page_part(nor, off, len);

        result = program_page(nor, off, in, part);
        off += (uint32_t)part;
        in += part;
        len -= part;
    }
    return result;
}

const struct flash_driver spi_nor_by_transfers = {
    .init = spi_nor_flash_init,
    .deinit = spi_nor_flash_deinit,
    .read = read_array,
    .program = program_array,
    .erase = spi_nor_flash_erase,
    .sync = spi_nor_flash_sync,
    .geometry = spi_nor_flash_geometry,
};
