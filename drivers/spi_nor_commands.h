/* For the files of drivers/spi_nor only: opcodes, status bits, and single commands. */
#ifndef DRIVERS_SPI_NOR_COMMANDS_H
#define DRIVERS_SPI_NOR_COMMANDS_H

#include "drivers/spi_nor.h"

#define OP_WRSR           0x01u
#define OP_PROGRAM        0x02u
#define OP_WRDI           0x04u
#define OP_RDSR           0x05u
#define OP_WREN           0x06u
#define OP_FAST_READ      0x0bu
#define OP_FAST_READ_4    0x0cu
#define OP_PROGRAM_4      0x12u
#define OP_RDCR           0x15u /* Macronix: configuration registers 1 and 2 */
#define OP_WRITE_BANK     0x17u /* Spansion: bit 7 means addresses of four bytes */
#define OP_RDSCUR         0x2bu /* Macronix: security register */
#define OP_RESUME_OR_FAIL 0x30u /* some resume by it; Spansion clears the failures that keep the chip busy */
#define OP_CLEAR_FLAGS    0x50u /* Micron: of the flag status register */
#define OP_SFDP           0x5au
#define OP_RESET_ENABLE   0x66u
#define OP_READ_FLAGS     0x70u /* Micron: flag status register */
#define OP_RESUME         0x7au
#define OP_UNLOCK         0x98u /* all blocks, of chips with a protection for each (ULBPR) */
#define OP_RESET          0x99u
#define OP_RDID           0x9fu
#define OP_RELEASE        0xabu /* from deep power-down */
#define OP_ENTER_4BYTE    0xb7u
#define OP_DEEP_POWER     0xb9u
#define OP_EXTENDED       0xc5u /* extended address register: bits 31:24 of addresses of three bytes */
#define OP_EXIT_4BYTE     0xe9u
#define OP_MODE_RESET     0xffu /* ends continuous read; in QPI mode it is the command that leaves it */

#define SR_WIP            0x01u
#define SR_WEL            0x02u

#define ERASE_POLL_US     100u
#define PROGRAM_POLL_US   10u
#define STATUS_POLL_US    100u
#define STATUS_US         100000u /* WRSR: 30 ms (MX25R6435F), tens of ms elsewhere */

/* Each returns OK or the error of the controller. */
int spi_nor_command(const struct spi_nor *nor, uint8_t opcode, const void *out, void *in, size_t len);

static inline int spi_nor_receive(const struct spi_nor *nor, uint8_t opcode, void *in, size_t len)
{
    return spi_nor_command(nor, opcode, NULL, in, len);
}

static inline int spi_nor_send(const struct spi_nor *nor, uint8_t opcode, const void *data, size_t len)
{
    return spi_nor_command(nor, opcode, data, NULL, len);
}

static inline int spi_nor_simple(const struct spi_nor *nor, uint8_t opcode)
{
    return spi_nor_command(nor, opcode, NULL, NULL, 0);
}

/* 0xff, as from a chip that is not there, when the controller fails. */
uint8_t spi_nor_register(const struct spi_nor *nor, uint8_t opcode);

/* Write enable, the value, and the wait until it is kept. Returns OK, ERR_FLASH_TIMEOUT, ERR_FLASH_IO. */
int spi_nor_write_register(const struct spi_nor *nor, uint8_t opcode, const uint8_t *data, size_t len) ERROR_MUST_CHECK;

/* Something has begun that takes at most `max_us`. */
void spi_nor_begin(const struct spi_nor *nor, uint32_t max_us, uint32_t poll_us);

/* Polls until nothing runs; `*status` is what was read last. Returns OK, ERR_FLASH_TIMEOUT. */
int spi_nor_poll(const struct spi_nor *nor, uint8_t *status);

/* Clocks at devicetree's speed, or at SPI_NOR_SLOW_HZ at most. */
void spi_nor_set_fast(const struct spi_nor *nor, bool is_fast);

/* The MX25R's low-power mode is slow, and is left with the first write (spi_nor_prepare). */
bool spi_nor_has_slow_mode(const struct spi_nor *nor);

#endif
