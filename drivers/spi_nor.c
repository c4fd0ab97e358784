#include "drivers/spi_nor.h"

#include <string.h>

#include "drivers/spi_nor_commands.h"

#define MACRONIX        0xc2u
#define MX25R_FAMILY    0x28u /* second byte of the JEDEC ID */
#define CR2_FAST        0x02u /* L/H switch */

#define STATUS_FAILURES 0x60u /* Spansion: P_ERR, E_ERR */

/* How failure is read and forgotten (enum sfdp_report). */
static const struct {
    uint8_t read;
    uint8_t program_failed;
    uint8_t erase_failed; /* each kind tells of its last operation, and keeps telling */
    uint8_t locked;       /* because of protection */
    uint8_t clear;        /* 0: the next operation clears it */
} reports[REPORT_COUNT] = {
    [REPORT_SECURITY] = {.read = OP_RDSCUR, .program_failed = 0x20, .erase_failed = 0x40},
    [REPORT_FLAGS] =
        {.read = OP_READ_FLAGS, .program_failed = 0x10, .erase_failed = 0x20, .locked = 0x02, .clear = OP_CLEAR_FLAGS},
    [REPORT_STATUS] = {.read = OP_RDSR, .program_failed = 0x40, .erase_failed = 0x20, .clear = OP_RESUME_OR_FAIL},
};

/* Opcode and address, and dummy bytes if there are any: an access to the array, or to another space. */
static void put_head(struct spi_transfer *transfer, uint8_t opcode, uint32_t addr, size_t addr_len, size_t dummies)
{
    transfer->command[0] = opcode;
    for (size_t i = 1; i <= addr_len; i++) {
        transfer->command[i] = (uint8_t)(addr >> (8 * (addr_len - i)));
    }
    transfer->command[1 + addr_len] = 0;
    transfer->command_len = (uint8_t)(1 + addr_len + dummies);
}

__attribute__((noinline)) int spi_nor_command(const struct spi_nor *nor, uint8_t opcode, const void *out, void *in,
                                              size_t len)
{
    struct spi_transfer transfer;

    transfer.command[0] = opcode;
    transfer.command_len = 1;
    transfer.out = out;
    transfer.in = in;
    transfer.len = len;
    return spi_transfer(&nor->chip, &transfer);
}

uint8_t spi_nor_register(const struct spi_nor *nor, uint8_t opcode)
{
    uint8_t value = 0;

    return spi_nor_receive(nor, opcode, &value, 1) == OK ? value : 0xff;
}

int spi_nor_read_space(const struct spi_nor *nor, uint8_t opcode, size_t addr_len, uint32_t off, void *dst, size_t len)
{
    size_t room = nor->chip.controller->transfer_max - 2 - addr_len;
    uint8_t *in = dst;
    int result = OK;

    while (result == OK && len > 0) {
        struct spi_transfer transfer = {.in = in, .len = len < room ? len : room};

        put_head(&transfer, opcode, off, addr_len, 1);
        result = spi_transfer(&nor->chip, &transfer);
        off += (uint32_t)transfer.len;
        in += transfer.len;
        len -= transfer.len;
    }
    return result;
}

int spi_nor_change(const struct spi_nor *nor, uint8_t opcode, uint32_t off, const void *data, size_t len)
{
    struct spi_transfer transfer;
    int result = spi_nor_select_segment(nor, off);

    transfer.out = data;
    transfer.in = NULL;
    transfer.len = len;
    if (result == OK) {
        result = spi_nor_simple(nor, OP_WREN);
    }
    put_head(&transfer, opcode, off, spi_nor_addr_len(nor), 0);
    return result != OK ? result : spi_transfer(&nor->chip, &transfer);
}

__attribute__((noinline)) void spi_nor_begin(const struct spi_nor *nor, uint32_t max_us, uint32_t poll_us)
{
    nor->state->busy_end = deadline_in(max_us);
    nor->state->poll_us = poll_us;
}

/* A failure that keeps WIP set ends the wait as well. */
static bool is_over(const struct spi_nor *nor, uint8_t status)
{
    bool has_failed = spi_nor_chip(nor)->report == REPORT_STATUS && (status & STATUS_FAILURES) != 0;

    return (status & SR_WIP) == 0 || (has_failed && status != 0xff);
}

int spi_nor_poll(const struct spi_nor *nor, uint8_t *status)
{
    for (;;) {
        bool was_last = deadline_passed(&nor->state->busy_end);

        *status = spi_nor_register(nor, OP_RDSR);
        if (is_over(nor, *status)) {
            return OK;
        }
        if (was_last) {
            return ERR_FLASH_TIMEOUT;
        }
        timer_wait(nor->state->poll_us);
    }
}

/*
 * Of a command that was ignored nothing is told but by the write enable latch that stays set. Not every chip leaves it:
 * one that was protected behind the driver's back is taken to have ignored the command. What the start could not
 * unprotect is not held against it, since a part of a chip may be protected for good.
 */
static bool is_ignored(const struct spi_nor *nor, uint8_t status)
{
    const struct sfdp_chip *chip = spi_nor_chip(nor);
    bool is_newly_locked = chip->report == REPORT_NONE && (status & chip->lock) != nor->state->kept_lock;

    return is_newly_locked || ((status & SR_WEL) != 0 && !IS_ENABLED(CONFIG_SPI_NOR_WEL_STAYS));
}

/* A failure that is reported in a chip without protected blocks is a failure. */
static int outcome(const struct spi_nor *nor, uint8_t status)
{
    const struct sfdp_chip *chip = spi_nor_chip(nor);
    uint8_t read = reports[chip->report].read;
    uint8_t failures =
        nor->state->is_program ? reports[chip->report].program_failed : reports[chip->report].erase_failed;
    uint8_t told = read == 0 ? 0 : read == OP_RDSR ? status : spi_nor_register(nor, read);
    int result = OK;

    if ((told & failures) != 0) {
        bool is_locked = (status & chip->lock) != 0 || (told & reports[chip->report].locked) != 0;

        result = is_locked ? ERR_FLASH_PROTECTED : ERR_FLASH_IO;
    } else if (is_ignored(nor, status)) {
        result = ERR_FLASH_PROTECTED;
    }
    if (result != OK && reports[chip->report].clear != 0) {
        (void)spi_nor_simple(nor, reports[chip->report].clear);
    }
    if ((status & SR_WEL) != 0) {
        (void)spi_nor_simple(nor, OP_WRDI);
    }
    return result;
}

int spi_nor_settle(const struct spi_nor *nor)
{
    return nor->settle == NULL ? OK : nor->settle(nor);
}

int spi_nor_wait(const struct spi_nor *nor)
{
    uint8_t status;
    int result;

    if (!nor->state->is_present) {
        return ERR_FLASH_NO_DEVICE;
    }
    if (nor->state->poll_us == 0) {
        return OK;
    }
    result = spi_nor_settle(nor);
    if (result == OK) {
        result = spi_nor_poll(nor, &status);
    }
    if (result != OK) {
        return result; /* it is still taken to be running: the next call asks once more */
    }
    nor->state->poll_us = 0;
    return outcome(nor, status);
}

static bool is_in_window(const struct spi_controller *controller, const void *src, size_t len)
{
    uintptr_t start = controller->window;
    uintptr_t from = (uintptr_t)src;

    return controller->window_len > 0 && from < start + controller->window_len && from + len > start;
}

int spi_nor_check_source(const struct spi_nor *nor, const void *src, size_t len)
{
    int result = spi_nor_wait(nor);

    return result == OK && is_in_window(nor->chip.controller, src, len) ? ERR_FLASH_INVALID : result;
}

/* Most of these are non-volatile: only called when they have to change. */
int spi_nor_write_register(const struct spi_nor *nor, uint8_t opcode, const uint8_t *data, size_t len)
{
    uint8_t status;
    int result = spi_nor_simple(nor, OP_WREN);

    if (result == OK) {
        result = spi_nor_send(nor, opcode, data, len);
    }
    if (result == OK) {
        spi_nor_begin(nor, STATUS_US, STATUS_POLL_US);
        result = spi_nor_poll(nor, &status);
        nor->state->poll_us = 0;
    }
    return result;
}

int spi_nor_select_segment(const struct spi_nor *nor, uint32_t off)
{
    uint8_t segment = (uint8_t)(off >> 24);
    int result;

    if (!spi_nor_has_segments(nor) || nor->state->segment == segment) {
        return OK;
    }
    result = spi_nor_write_register(nor, OP_EXTENDED, &segment, 1);
    nor->state->segment = segment;
    return result;
}

bool spi_nor_has_slow_mode(const struct spi_nor *nor)
{
    return nor->id[0] == MACRONIX && nor->id[1] == MX25R_FAMILY;
}

void spi_nor_set_fast(const struct spi_nor *nor, bool is_fast)
{
    uint32_t hz = nor->chip.max_hz;

    nor->state->is_fast = is_fast;
    nor->chip.controller->driver->set_clock(&nor->chip, is_fast || hz < SPI_NOR_SLOW_HZ ? hz : SPI_NOR_SLOW_HZ);
}

/*
 * The MX25R starts in its low-power mode, in which erase and program take up to four times as long and the clock is
 * limited. The switch is volatile but is written together with the non-volatile status register, so it is left until
 * there is something to program: a boot that changes nothing writes nothing.
 */
static int speed_up(const struct spi_nor *nor)
{
    uint8_t registers[3];
    int result;

    if (nor->state->is_fast) {
        return OK;
    }
    registers[0] = spi_nor_register(nor, OP_RDSR);
    result = spi_nor_receive(nor, OP_RDCR, registers + 1, 2);
    if (result != OK) {
        return result;
    }
    registers[0] &= (uint8_t) ~(SR_WIP | SR_WEL);
    registers[2] |= CR2_FAST;
    result = spi_nor_write_register(nor, OP_WRSR, registers, 3);
    if (result == OK) {
        spi_nor_set_fast(nor, true);
    }
    return result;
}

int spi_nor_prepare(const struct spi_nor *nor)
{
    int result = spi_nor_wait(nor);

    return result != OK ? result : speed_up(nor);
}

void spi_nor_program_started(const struct spi_nor *nor)
{
    spi_nor_begin(nor, spi_nor_chip(nor)->program_max_us, PROGRAM_POLL_US);
    nor->state->is_program = true;
}

const struct sfdp_erase *spi_nor_plan_erase(const struct sfdp_chip *chip, uint32_t off, uint32_t len)
{
    const struct sfdp_erase *best = NULL;

    for (size_t i = 0; i < SFDP_ERASE_TYPES; i++) {
        const struct sfdp_erase *type = &chip->erase[i];

        if (type->size != 0 && type->size <= len && off % type->size == 0 &&
            (best == NULL || type->size > best->size)) {
            best = type;
        }
    }
    return best;
}

uint32_t spi_nor_sector_size(const struct sfdp_chip *chip)
{
    uint32_t smallest = UINT32_MAX;

    for (size_t i = 0; i < SFDP_ERASE_TYPES; i++) {
        if (chip->erase[i].size != 0 && chip->erase[i].size < smallest) {
            smallest = chip->erase[i].size;
        }
    }
    return smallest;
}

static int erase_one(const struct spi_nor *nor, const struct sfdp_erase *type, uint32_t off)
{
    uint8_t opcode = spi_nor_has_4byte_opcodes(nor) ? type->opcode_4byte : type->opcode;
    int result = spi_nor_change(nor, opcode, off, NULL, 0);

    if (result == OK) {
        spi_nor_begin(nor, type->max_us, ERASE_POLL_US);
        nor->state->is_program = false;
    }
    return result;
}

int spi_nor_erase(const struct spi_nor *nor, uint32_t off, uint32_t len)
{
    int result = spi_nor_prepare(nor);

    while (result == OK && len > 0) {
        const struct sfdp_erase *type = spi_nor_plan_erase(spi_nor_chip(nor), off, len);

        if (type == NULL) {
            return ERR_FLASH_INVALID;
        }
        result = spi_nor_wait(nor);
        if (result == OK) {
            result = erase_one(nor, type, off);
        }
        off += type->size;
        len -= type->size;
    }
    return result;
}
