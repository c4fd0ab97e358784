#include "drivers/spi_nor.h"

#include <string.h>

#include <farboot/log.h>

#define OP_WRSR         0x01u
#define OP_WRDI         0x04u
#define OP_RDSR         0x05u
#define OP_WREN         0x06u
#define OP_RDCR         0x15u /* Macronix: configuration registers 1 and 2 */
#define OP_RDSCUR       0x2bu /* Macronix: security register */
#define OP_SFDP         0x5au
#define OP_RESET_ENABLE 0x66u
#define OP_RESUME       0x7au
#define OP_RESET        0x99u
#define OP_RDID         0x9fu
#define OP_RELEASE      0xabu /* from deep power-down */
#define OP_ENTER_4BYTE  0xb7u
#define OP_EXIT_4BYTE   0xe9u
#define OP_MODE_RESET   0xffu /* ends continuous read; in QPI mode it is the command that leaves it */

#define SR_WIP          0x01u
#define SR_WEL          0x02u
#define SR_BP           0x3cu /* block protection, BP0 to BP3 */

#define SCUR_FAILED     0x60u /* P_FAIL, E_FAIL */
#define CR2_FAST        0x02u /* L/H switch */

#define MACRONIX        0xc2u
#define MX25R_FAMILY    0x28u /* second byte of the JEDEC ID */

/*
 * Waits of the start, before anything is known of the chip. Something that runs is left the time of a sector erase
 * (MX25R6435F: 240 ms, its SFDP 384 ms) so that it ends well; then it is reset, which takes 12 ms in the worst case
 * (erase, tREADY2). Power-up (tVSL, 0.8 ms) is covered by the retry.
 */
#define START_BUSY_US   600000u
#define START_RESET_US  20000u
#define RESET_IDLE_US   40u
#define STATUS_US       100000u /* WRSR: 30 ms (MX25R6435F), tens of ms elsewhere */

#define PROGRAM_POLL_US 10u
#define ERASE_POLL_US   100u
#define STATUS_POLL_US  100u

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

static __attribute__((noinline)) int receive(const struct spi_nor *nor, uint8_t opcode, void *in, size_t len)
{
    struct spi_transfer transfer = {.command = {opcode}, .command_len = 1, .in = in, .len = len};

    return spi_transfer(&nor->chip, &transfer);
}

static int send(const struct spi_nor *nor, uint8_t opcode, const uint8_t *data, size_t len)
{
    struct spi_transfer transfer = {.command = {opcode}, .command_len = (uint8_t)(1 + len)};

    memcpy(transfer.command + 1, data, len);
    return spi_transfer(&nor->chip, &transfer);
}

static int simple(const struct spi_nor *nor, uint8_t opcode)
{
    return receive(nor, opcode, NULL, 0);
}

/* 0xff, as from a chip that is not there, when the controller fails. */
static uint8_t read_register(const struct spi_nor *nor, uint8_t opcode)
{
    uint8_t value = 0;

    return receive(nor, opcode, &value, 1) == OK ? value : 0xff;
}

static bool is_macronix(const struct spi_nor *nor)
{
    return nor->id[0] == MACRONIX;
}

static bool is_mx25r(const struct spi_nor *nor)
{
    return is_macronix(nor) && nor->id[1] == MX25R_FAMILY;
}

static __attribute__((noinline)) void begin(const struct spi_nor *nor, uint32_t max_us, uint32_t poll_us)
{
    nor->state->busy_end = deadline_in(max_us);
    nor->state->poll_us = poll_us;
}

/* Polls until WIP is clear; `*status` is what was read last. Returns OK, ERR_FLASH_TIMEOUT. */
static int poll_status(const struct spi_nor *nor, uint8_t *status)
{
    for (;;) {
        bool was_last = deadline_passed(&nor->state->busy_end);

        *status = read_register(nor, OP_RDSR);
        if ((*status & SR_WIP) == 0) {
            return OK;
        }
        if (was_last) {
            return ERR_FLASH_TIMEOUT;
        }
        timer_wait(nor->state->poll_us);
    }
}

/* A command that was ignored leaves the write enable latch set: the range is protected. */
static int outcome(const struct spi_nor *nor, uint8_t status)
{
    if ((status & SR_WEL) != 0) {
        int result = simple(nor, OP_WRDI);

        return result != OK ? result : ERR_FLASH_PROTECTED;
    }
    if (is_macronix(nor) && (read_register(nor, OP_RDSCUR) & SCUR_FAILED) != 0) {
        return ERR_FLASH_IO;
    }
    return OK;
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
    result = nor->mover->settle(nor);
    if (result == OK) {
        result = poll_status(nor, &status);
    }
    if (result != OK) {
        return result; /* it is still taken to be running: the next call asks once more */
    }
    nor->state->poll_us = 0;
    return outcome(nor, status);
}

/* Writes registers that are non-volatile on most chips; only called when they have to change. */
static int write_register(const struct spi_nor *nor, uint8_t opcode, const uint8_t *data, size_t len)
{
    uint8_t status;
    int result = simple(nor, OP_WREN);

    if (result == OK) {
        result = send(nor, opcode, data, len);
    }
    if (result == OK) {
        begin(nor, STATUS_US, STATUS_POLL_US);
        result = poll_status(nor, &status);
        nor->state->poll_us = 0;
    }
    return result;
}

static void set_fast(const struct spi_nor *nor, bool is_fast)
{
    nor->state->is_fast = is_fast;
    nor->chip.controller->driver->set_clock(&nor->chip, is_fast ? nor->chip.max_hz : SPI_NOR_SLOW_HZ);
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
    registers[0] = read_register(nor, OP_RDSR);
    result = receive(nor, OP_RDCR, registers + 1, 2);
    if (result != OK) {
        return result;
    }
    registers[0] &= (uint8_t) ~(SR_WIP | SR_WEL);
    registers[2] |= CR2_FAST;
    result = write_register(nor, OP_WRSR, registers, 3);
    if (result == OK) {
        set_fast(nor, true);
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
    begin(nor, spi_nor_chip(nor)->program_max_us, PROGRAM_POLL_US);
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

int spi_nor_change(const struct spi_nor *nor, uint8_t opcode, uint32_t off, const void *data, size_t len)
{
    struct spi_transfer transfer = {.out = data, .len = len};
    int result = simple(nor, OP_WREN);

    put_head(&transfer, opcode, off, spi_nor_addr_len(nor), 0);
    return result != OK ? result : spi_transfer(&nor->chip, &transfer);
}

static int erase_one(const struct spi_nor *nor, const struct sfdp_erase *type, uint32_t off)
{
    int result = spi_nor_change(nor, type->opcode, off, NULL, 0);

    if (result == OK) {
        begin(nor, type->max_us, ERASE_POLL_US);
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

static void soft_reset(const struct spi_nor *nor)
{
    set_fast(nor, false);
    (void)simple(nor, OP_EXIT_4BYTE);
    (void)simple(nor, OP_RESET_ENABLE);
    (void)simple(nor, OP_RESET);
    timer_wait(RESET_IDLE_US);
}

/* Whether an ID is no answer: the data line stayed where it was. */
static bool is_silence(const uint8_t *id)
{
    return (id[0] == 0 || id[0] == 0xff) && id[1] == id[0] && id[2] == id[0];
}

static void read_id(const struct spi_nor *nor, uint8_t *id)
{
    memset(id, 0, 3);
    (void)receive(nor, OP_RDID, id, 3);
}

/* Lets something that runs end; not for a line that is stuck at ones. */
static void wait_while_busy(const struct spi_nor *nor, uint32_t max_us)
{
    uint8_t status = read_register(nor, OP_RDSR);

    if (status != 0xff && (status & SR_WIP) != 0) {
        begin(nor, max_us, ERASE_POLL_US);
        (void)poll_status(nor, &status);
        nor->state->poll_us = 0;
    }
}

/*
 * Out of every state that one line can lead out of. A sleeping chip hears nothing but the release, a busy one nothing
 * but status and reset; a suspended erase is resumed so that it ends well; the reset ends 4-byte mode, suspension and
 * what else is volatile.
 */
static void recover(const struct spi_nor *nor)
{
    static const uint8_t ones[] = {0xff, 0xff, 0xff};

    (void)send(nor, OP_MODE_RESET, ones, sizeof(ones));
    (void)simple(nor, OP_RELEASE);
    timer_wait(nor->exit_dpd_us);
    wait_while_busy(nor, START_BUSY_US);
    (void)simple(nor, OP_RESUME);
    wait_while_busy(nor, START_BUSY_US);
    soft_reset(nor);
    wait_while_busy(nor, START_RESET_US);
}

/* Returns OK, ERR_FLASH_NO_DEVICE, ERR_FLASH_WRONG_DEVICE; the one warning about it is printed here. */
static int identify(const struct spi_nor *nor)
{
    uint8_t id[3];

    recover(nor);
    read_id(nor, id);
    if (is_silence(id)) {
        timer_wait(START_RESET_US); /* still powering up, or in a reset that began in an erase */
        recover(nor);
        read_id(nor, id);
    }
    if (memcmp(id, nor->id, sizeof(id)) == 0) {
        return OK;
    }
    LOG_WRN("%s: JEDEC ID %02x %02x %02x, expected %02x %02x %02x: %s", nor->name, id[0], id[1], id[2], nor->id[0],
            nor->id[1], nor->id[2], is_silence(id) ? "no flash chip answers" : "not the chip of the devicetree");
    return is_silence(id) ? ERR_FLASH_NO_DEVICE : ERR_FLASH_WRONG_DEVICE;
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

static int read_sfdp(const struct spi_nor *nor, uint32_t off, uint8_t *dst, size_t len)
{
    return spi_nor_read_space(nor, OP_SFDP, 3, off, dst, len);
}

/* For a chip without SFDP: what every 4 KiB-sector chip of the last decade does, with the longest times seen. */
static const struct sfdp_chip common_chip = {
    .page = 256,
    .program_max_us = 10000,
    .erase = {{.size = 0x10000, .opcode = 0xd8, .max_us = 4000000}, {.size = 0x1000, .opcode = 0x20, .max_us = 500000}},
};

static int discover(const struct spi_nor *nor)
{
    struct sfdp_chip *chip = &nor->state->chip;
    uint8_t table[SFDP_BFP_MAX];
    uint32_t off;
    size_t len;
    int result = read_sfdp(nor, 0, table, SFDP_HEADER_SIZE);

    *chip = common_chip;
    chip->quad_enable = nor->quad_enable;
    if (result != OK || !sfdp_find_bfp(table, &off, &len)) {
        return result;
    }
    result = read_sfdp(nor, off, table, len);
    if (result == OK) {
        (void)sfdp_parse_bfp(table, len, chip);
    }
    return result;
}

/* Where the quad enable bit is and how it is written (JESD216, BFP word 15). */
struct quad_bit {
    uint8_t read;
    uint8_t mask;
    uint8_t write;
    bool with_status; /* the status register is written in front of it */
};

static const struct quad_bit quad_bits[QER_COUNT] = {
    [QER_S2B1_V1] = {0x35, 0x02, OP_WRSR, true}, [QER_S1B6] = {OP_RDSR, 0x40, OP_WRSR, false},
    [QER_S2B7] = {0x3f, 0x80, 0x3e, false},      [QER_S2B1_V4] = {0x35, 0x02, OP_WRSR, true},
    [QER_S2B1_V5] = {0x35, 0x02, OP_WRSR, true}, [QER_S2B1_V6] = {0x35, 0x02, 0x31, false},
};

/* Clears block protection; most chips leave their other registers alone when one byte is written. */
static int unprotect(const struct spi_nor *nor)
{
    uint8_t status = read_register(nor, OP_RDSR);

    if ((status & SR_BP) == 0) {
        return OK;
    }
    status &= (uint8_t) ~(SR_BP | SR_WEL | SR_WIP);
    return write_register(nor, OP_WRSR, &status, 1);
}

static int enable_quad(const struct spi_nor *nor)
{
    const struct quad_bit *bit = &quad_bits[spi_nor_chip(nor)->quad_enable];
    uint8_t data[2];
    int result;

    if (!nor->needs_quad || bit->mask == 0) {
        return OK;
    }
    data[0] = read_register(nor, OP_RDSR) & (uint8_t) ~(SR_WEL | SR_WIP);
    data[1] = read_register(nor, bit->read);
    if ((data[1] & bit->mask) != 0) {
        return OK;
    }
    data[1] |= bit->mask;
    result = write_register(nor, bit->write, bit->with_status ? data : data + 1, bit->with_status ? 2 : 1);
    if (result == OK && (read_register(nor, bit->read) & bit->mask) == 0) {
        result = ERR_FLASH_IO;
    }
    return result;
}

static int enter_4byte(const struct spi_nor *nor)
{
    int result;

    if (nor->geometry.size <= SPI_NOR_LIMIT_3BYTE) {
        return OK;
    }
    result = simple(nor, OP_WREN); /* some vendors want it, none minds */
    return result != OK ? result : simple(nor, OP_ENTER_4BYTE);
}

/* The devicetree may describe less than the whole chip, never more. */
static int check_size(const struct spi_nor *nor)
{
    uint32_t size = nor->state->chip.size;

    if (size == 0 || size >= nor->geometry.size) {
        return OK;
    }
    LOG_WRN("%s: the chip has 0x%x bytes, the devicetree says 0x%x", nor->name, (unsigned)size,
            (unsigned)nor->geometry.size);
    return ERR_FLASH_WRONG_DEVICE;
}

static int set_up(const struct spi_nor *nor)
{
    int result = OK;

    if (spi_nor_chip(nor) != nor->described) {
        result = discover(nor);
        if (result == OK) {
            result = check_size(nor);
        }
    }
    if (result == OK) {
        result = unprotect(nor);
    }
    if (result == OK) {
        result = enable_quad(nor);
    }
    return result == OK ? enter_4byte(nor) : result;
}

int spi_nor_init(const struct spi_nor *nor)
{
    int result;

    memset(nor->state, 0, sizeof(*nor->state));
    result = identify(nor);
    if (result == OK) {
        result = set_up(nor);
    }
    nor->state->is_present = result == OK;
    if (result == OK && !is_mx25r(nor)) {
        set_fast(nor, true); /* no other family has a slow mode */
    }
    return result;
}

int spi_nor_deinit(const struct spi_nor *nor)
{
    int result;

    if (!nor->state->is_present) {
        return OK;
    }
    result = spi_nor_wait(nor);
    soft_reset(nor);
    nor->state->is_present = false;
    return result;
}
