/*
 * What the driver of a serial bus (SPI) controller offers to drivers of the chips behind it. A controller's instance
 * is the symbol DEVICE_DT_NAME(node) of its devicetree node, a `const struct spi_controller`; a chip is a child of that
 * node, its `reg` the number of the select line.
 *
 * One transfer is one frame: chip select falls, the command's bytes are sent, then the data go one way or the other,
 * chip select rises. All of it on one line, most significant bit first, SPI mode 0. A controller that moves data in a
 * better way (more lines, DMA) offers that beside this contract, as drivers/flash_nrf_qspi_nor.c does.
 *
 * Nothing here remembers the chip, and nothing waits for ever: the deadline of a transfer follows from its length and
 * the clock.
 */
#ifndef DRIVERS_SPI_H
#define DRIVERS_SPI_H

#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

#define SPI_COMMAND_MAX 6u /* bytes of the longest command: opcode, address, dummy bytes */

struct spi_chip;

/* The data may lie in any memory, at any alignment; they stay the caller's. */
struct spi_transfer {
    uint8_t command[SPI_COMMAND_MAX]; /* sent first */
    uint8_t command_len;              /* bytes, at least 1 */
    const void *out;                  /* `len` bytes to send after the command, or */
    void *in;                         /* where `len` bytes are received after it; the other is NULL, or both are */
    size_t len;                       /* bytes; with the command at most transfer_max */
};

struct spi_driver {
    /*
     * Makes the controller ready for this chip: pins, mode, clock at most the chip's max_hz, chip select high. It may
     * be in any state, also that of another program or a start before. Returns OK, ERR_FLASH_TIMEOUT.
     */
    int (*start)(const struct spi_chip *chip);

    /*
     * One frame. Returns when it is over: OK; ERR_FLASH_TIMEOUT, ERR_FLASH_IO (the controller reports an error). In
     * every case chip select is high afterwards.
     */
    int (*transfer)(const struct spi_chip *chip, const struct spi_transfer *transfer);

    /* From now on the clock is the fastest the controller has that is not above `hz`, nor above the chip's max_hz. */
    void (*set_clock)(const struct spi_chip *chip, uint32_t hz);

    /* Leaves what belongs to this chip as after reset, and the controller too when no other of its chips is in use. */
    void (*stop)(const struct spi_chip *chip);
};

struct spi_controller {
    const struct spi_driver *driver;
    const void *config;    /* the driver's own, from devicetree */
    void *state;           /* the driver's own, in RAM */
    uint32_t transfer_max; /* bytes of the longest frame; at least 9. UINT32_MAX: any length */

    /* Where its chips appear in memory. A program's source must not lie there. window_len 0: they do not. */
    uint32_t window;
    uint32_t window_len;
};

struct spi_chip {
    const struct spi_controller *controller;
    uint32_t select; /* the chip select line: devicetree's reg */
    uint32_t max_hz; /* devicetree's spi-max-frequency */
};

static inline int spi_transfer(const struct spi_chip *chip, const struct spi_transfer *transfer)
{
    return chip->controller->driver->transfer(chip, transfer);
}

/* Longest time a frame of `bytes` may take at `hz`, us: twice its clocks and a millisecond for the controller. */
static inline uint32_t spi_limit_us(uint32_t bytes, uint32_t hz)
{
    return 1000u + bytes * (16000000u / hz + 1);
}

#endif
