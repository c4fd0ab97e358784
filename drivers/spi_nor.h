/*
 * A SPI NOR chip at the level of its commands, whatever controller it is behind: finding it in any state, waiting for
 * it, erasing, write protection, quad enable, power modes. Controllers are behind drivers/spi.h; the flash device over
 * all of it is in drivers/spi_nor_flash.
 *
 * Sources: JESD216, the MX25R6435F data sheet, and the command sets of the vendors that Zephyr's spi_nor driver names.
 */
#ifndef DRIVERS_SPI_NOR_H
#define DRIVERS_SPI_NOR_H

#include <farboot/error.h>
#include <farboot/flash.h>
#include <farboot/timer.h>
#include <farboot/util.h>

#include "drivers/sfdp.h"
#include "drivers/spi.h"

#define SPI_NOR_LIMIT_3BYTE 0x1000000u /* bytes that three address bytes reach */
#define SPI_NOR_SLOW_HZ     8000000u   /* the MX25R's limit for four-line reads in its low-power mode */

struct spi_nor;

/* How addresses in a chip of more than 16 MiB are sent. */
enum spi_nor_reach {
    REACH_MODE,     /* four bytes, in the chip's 4-byte mode */
    REACH_OPCODES,  /* four bytes, by opcodes of their own */
    REACH_SEGMENTS, /* three bytes; the extended address register holds the fourth */
};

struct spi_nor_state {
    struct sfdp_chip chip;    /* as found; spi_nor_chip says what counts */
    struct deadline busy_end; /* of what runs */
    uint32_t poll_us;         /* how often to ask whether it still runs; 0: nothing runs */
    uint8_t reach;            /* enum spi_nor_reach */
    uint8_t segment;          /* in the extended address register */
    uint8_t kept_lock;        /* protection that could not be cleared */
    bool is_program;          /* what runs; otherwise an erase */
    bool is_present;
    bool is_fast; /* at full speed: an MX25R was switched to its high-performance mode */
};

struct spi_nor {
    struct spi_chip chip;

    /*
     * Waits until the controller has done with the page it was given. Returns OK, ERR_FLASH_TIMEOUT. NULL where a
     * transfer has been made when it returns.
     */
    int (*settle)(const struct spi_nor *nor);
    struct spi_nor_state *state;
    const struct sfdp_chip *described; /* by devicetree and the table of parts; the chip's own tables amend it */
    const char *name;                  /* for messages */
    struct flash_geometry geometry;    /* size from devicetree */
    struct flash_range *range;         /* its only one; the sector size is the chip's after spi_nor_init */
    uint32_t exit_dpd_us;
    uint8_t id[3];         /* JEDEC ID, from devicetree; zeros: any */
    bool needs_unlock;     /* each block is protected by itself at power-on (ULBPR unlocks) */
    bool has_dpd;          /* deep power-down */
    bool needs_4byte_mode; /* the opcodes of reads and programs are those of three bytes, whatever the size */
    bool needs_quad;       /* the controller will use four lines */
};

/*
 * Brings the chip from whatever state it is in to ready: awake, not busy, not suspended, three-byte addresses (four
 * above 16 MiB), no block protection, quad enabled if needed. Prints one warning if it is not the expected chip.
 * Takes at most a second. Returns OK, ERR_FLASH_NO_DEVICE, ERR_FLASH_WRONG_DEVICE, ERR_FLASH_TIMEOUT, ERR_FLASH_IO.
 */
int spi_nor_init(const struct spi_nor *nor) ERROR_MUST_CHECK;

/*
 * Waits for what runs, then leaves the chip as after power-on; with CONFIG_SPI_NOR_IDLE_IN_DPD asleep, if it can sleep.
 * Returns OK or the error of what ran.
 */
int spi_nor_deinit(const struct spi_nor *nor) ERROR_MUST_CHECK;

/*
 * Waits for what runs. Returns OK; its error: ERR_FLASH_TIMEOUT, ERR_FLASH_PROTECTED (the chip ignored it),
 * ERR_FLASH_IO (the chip reports failure); ERR_FLASH_NO_DEVICE before a successful spi_nor_init.
 */
int spi_nor_wait(const struct spi_nor *nor) ERROR_MUST_CHECK;

/* Before a program: as spi_nor_wait, and sees to it that the chip works at full speed. */
int spi_nor_prepare(const struct spi_nor *nor) ERROR_MUST_CHECK;

/* The controller has begun to program one page. */
void spi_nor_program_started(const struct spi_nor *nor);

/* spi_nor_prepare, then erases by the largest commands that fit; the last still runs on return. Errors as
 * spi_nor_prepare. */
int spi_nor_erase(const struct spi_nor *nor, uint32_t off, uint32_t len) ERROR_MUST_CHECK;

/*
 * The erase command with which to begin to erase [off, off + len): the largest that starts at `off` and fits. NULL
 * when none does. Pure.
 */
const struct sfdp_erase *spi_nor_plan_erase(const struct sfdp_chip *chip, uint32_t off, uint32_t len);

/* What is known of the chip: from before it is asked, or after spi_nor_init. */
static inline const struct sfdp_chip *spi_nor_chip(const struct spi_nor *nor)
{
    return IS_ENABLED(CONFIG_SPI_NOR_SFDP_DEVICETREE) ? nor->described : &nor->state->chip;
}

/* Waits until the controller has done with the page it was given. Returns OK, ERR_FLASH_TIMEOUT. */
int spi_nor_settle(const struct spi_nor *nor) ERROR_MUST_CHECK;

/*
 * Before a program from `src`: as spi_nor_wait; ERR_FLASH_INVALID for a source in the controller's window, which shows
 * nothing while the chip is busy.
 */
int spi_nor_check_source(const struct spi_nor *nor, const void *src, size_t len) ERROR_MUST_CHECK;

/*
 * Reads any length from any address of a space, by frames of `opcode`, address of `addr_len` bytes and one dummy byte,
 * as long as the controller takes them. Returns OK, ERR_FLASH_TIMEOUT, ERR_FLASH_IO.
 */
int spi_nor_read_space(const struct spi_nor *nor, uint8_t opcode, size_t addr_len, uint32_t off, void *dst,
                       size_t len) ERROR_MUST_CHECK;

/* Write enable, then a command to the array at `off`, with `len` bytes of data. Errors as spi_nor_read_space. */
int spi_nor_change(const struct spi_nor *nor, uint8_t opcode, uint32_t off, const void *data,
                   size_t len) ERROR_MUST_CHECK;

static inline bool spi_nor_is_large(const struct spi_nor *nor)
{
    return nor->geometry.size > SPI_NOR_LIMIT_3BYTE;
}

static inline bool spi_nor_has_4byte_opcodes(const struct spi_nor *nor)
{
    return spi_nor_is_large(nor) && nor->state->reach == REACH_OPCODES;
}

static inline bool spi_nor_has_segments(const struct spi_nor *nor)
{
    return spi_nor_is_large(nor) && nor->state->reach == REACH_SEGMENTS;
}

/* Bytes of an address in the array. */
static inline size_t spi_nor_addr_len(const struct spi_nor *nor)
{
    return spi_nor_is_large(nor) && !spi_nor_has_segments(nor) ? 4 : 3;
}

/* Where addresses have three bytes in a large chip: the next access is to the 16 MiB that `off` lies in. */
int spi_nor_select_segment(const struct spi_nor *nor, uint32_t off) ERROR_MUST_CHECK;

/* The smallest erasable unit, bytes. */
uint32_t spi_nor_sector_size(const struct sfdp_chip *chip);

#endif
