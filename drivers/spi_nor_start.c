/* The beginning and the end of a SPI NOR chip's use: out of whatever state it was left in, and back to power-on's. */
#include <string.h>

#include <farboot/log.h>

#include "drivers/spi_nor_commands.h"

/*
 * Waits of the start, before anything is known of the chip. Something that runs is left the time of a sector erase
 * (MX25R6435F: 240 ms, its SFDP 384 ms) so that it ends well; then it is reset, which takes 12 ms in the worst case
 * (erase, tREADY2). A chip that has no reset is waited for longer. Power-up (tVSL, 0.8 ms) is covered by the retry.
 */
#define START_BUSY_US  600000u
#define START_RESET_US 20000u
#define START_LAST_US  4000000u
#define RESET_IDLE_US  40u

#define BANK_4BYTE     0x80u

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

static int set_bank(const struct spi_nor *nor, uint8_t bank)
{
    return spi_nor_send(nor, OP_WRITE_BANK, &bank, 1);
}

/* What the reset does and what a chip without it needs. */
static void soft_reset(const struct spi_nor *nor)
{
    spi_nor_set_fast(nor, false);
    if ((spi_nor_chip(nor)->four_byte & SFDP_4BYTE_BANK) != 0) {
        (void)set_bank(nor, 0);
    }
    (void)spi_nor_simple(nor, OP_EXIT_4BYTE);
    (void)spi_nor_simple(nor, OP_WRDI);
    (void)spi_nor_simple(nor, OP_RESET_ENABLE);
    (void)spi_nor_simple(nor, OP_RESET);
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
    (void)spi_nor_receive(nor, OP_RDID, id, 3);
}

/* Lets something that runs end; not for a line that is stuck at ones. */
static void wait_while_busy(const struct spi_nor *nor, uint32_t max_us)
{
    uint8_t status = spi_nor_register(nor, OP_RDSR);

    if (status != 0xff && (status & SR_WIP) != 0) {
        spi_nor_begin(nor, max_us, ERASE_POLL_US);
        (void)spi_nor_poll(nor, &status);
        nor->state->poll_us = 0;
    }
}

/*
 * Out of every state that one line can lead out of. Ones end continuous read, whose address and mode bits take up to 20
 * clocks on two lines, or QPI; they end a continuous read in QPI, and those of the second attempt then QPI. A sleeping
 * chip hears nothing but the release, a busy one nothing but status and reset; a suspended erase is resumed so that it
 * ends well; the reset ends 4-byte mode, suspension and what else is volatile.
 */
static void recover(const struct spi_nor *nor)
{
    static const uint8_t ones[] = {0xff, 0xff, 0xff};

    (void)spi_nor_send(nor, OP_MODE_RESET, ones, sizeof(ones));
    (void)spi_nor_simple(nor, OP_RELEASE);
    timer_wait(nor->exit_dpd_us);
    wait_while_busy(nor, START_BUSY_US);
    (void)spi_nor_simple(nor, OP_RESUME);
    (void)spi_nor_simple(nor, OP_RESUME_OR_FAIL);
    wait_while_busy(nor, START_BUSY_US);
    soft_reset(nor);
    wait_while_busy(nor, START_RESET_US);
    wait_while_busy(nor, START_LAST_US);
}

static bool is_expected(const struct spi_nor *nor, const uint8_t *id)
{
    bool is_any = nor->id[0] == 0 && nor->id[1] == 0 && nor->id[2] == 0;

    return is_any ? !is_silence(id) : memcmp(id, nor->id, sizeof(nor->id)) == 0;
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
    if (is_expected(nor, id)) {
        return OK;
    }
    LOG_WRN("%s: JEDEC ID %02x %02x %02x, expected %02x %02x %02x: %s", nor->name, id[0], id[1], id[2], nor->id[0],
            nor->id[1], nor->id[2], is_silence(id) ? "no flash chip answers" : "not the chip of the devicetree");
    return is_silence(id) ? ERR_FLASH_NO_DEVICE : ERR_FLASH_WRONG_DEVICE;
}

/* Parameters that cannot be had or believed leave what devicetree and the table of parts say. */
static int discover(const struct spi_nor *nor)
{
    uint8_t header[SFDP_HEADER_SIZE];
    uint8_t table[SFDP_TABLE_MAX];
    uint32_t off;
    size_t len;
    int result = spi_nor_read_space(nor, OP_SFDP, 3, 0, header, sizeof(header));

    if (result != OK || !sfdp_find(header, SFDP_BFP, &off, &len)) {
        return result;
    }
    result = spi_nor_read_space(nor, OP_SFDP, 3, off, table, len);
    if (result != OK || !sfdp_parse_bfp(table, len, &nor->state->chip) ||
        !sfdp_find(header, SFDP_4BYTE_TABLE, &off, &len)) {
        return result;
    }
    result = spi_nor_read_space(nor, OP_SFDP, 3, off, table, len);
    sfdp_parse_4byte(table, len, &nor->state->chip);
    return result;
}

/* Where one byte would clear the register behind it, with quad enable in it, both are written. */
static int clear_lock(const struct spi_nor *nor, uint8_t status)
{
    const struct sfdp_chip *chip = spi_nor_chip(nor);
    bool is_pair = quad_bits[chip->quad_enable].with_status;
    uint8_t registers[2] = {status & (uint8_t) ~(chip->lock | SR_WEL | SR_WIP)};
    int result;

    if (is_pair) {
        registers[1] = spi_nor_register(nor, quad_bits[chip->quad_enable].read);
    }
    result = spi_nor_write_register(nor, OP_WRSR, registers, is_pair ? 2 : 1);
    if (chip->report == REPORT_NONE) {
        nor->state->kept_lock = spi_nor_register(nor, OP_RDSR) & chip->lock;
    }
    return result;
}

static int unprotect(const struct spi_nor *nor)
{
    int result = nor->needs_unlock ? spi_nor_write_register(nor, OP_UNLOCK, NULL, 0) : OK;
    uint8_t status = spi_nor_register(nor, OP_RDSR);

    return result != OK || (status & spi_nor_chip(nor)->lock) == 0 ? result : clear_lock(nor, status);
}

static int enable_quad(const struct spi_nor *nor)
{
    const struct quad_bit *bit = &quad_bits[spi_nor_chip(nor)->quad_enable];
    uint8_t data[2];
    int result;

    if (!nor->needs_quad || bit->mask == 0) {
        return OK;
    }
    data[0] = spi_nor_register(nor, OP_RDSR) & (uint8_t) ~(SR_WEL | SR_WIP);
    data[1] = spi_nor_register(nor, bit->read) & (uint8_t)(bit->read == OP_RDSR ? ~(SR_WEL | SR_WIP) : 0xff);
    if ((data[1] & bit->mask) != 0) {
        return OK;
    }
    data[1] |= bit->mask;
    result = spi_nor_write_register(nor, bit->write, bit->with_status ? data : data + 1, bit->with_status ? 2 : 1);
    if (result == OK && (spi_nor_register(nor, bit->read) & bit->mask) == 0) {
        result = ERR_FLASH_IO;
    }
    return result;
}

static int enter_4byte(const struct spi_nor *nor, bool wants_enable)
{
    int result = wants_enable ? spi_nor_simple(nor, OP_WREN) : OK;

    if (result == OK) {
        result = spi_nor_simple(nor, OP_ENTER_4BYTE);
    }
    return result != OK ? result : spi_nor_simple(nor, OP_WRDI); /* not every chip clears it here */
}

/* Opcodes that need no mode are best: nothing that the chip forgets, or that who comes next does not expect. */
static int reach_all(const struct spi_nor *nor)
{
    uint8_t ways = spi_nor_chip(nor)->four_byte;

    if (!spi_nor_is_large(nor) || (ways & SFDP_4BYTE_ALWAYS) != 0) {
        return OK;
    }
    if ((ways & SFDP_4BYTE_OPCODES) != 0 && !nor->needs_4byte_mode) {
        nor->state->reach = REACH_OPCODES;
        return OK;
    }
    if ((ways & (SFDP_4BYTE_MODE | SFDP_4BYTE_MODE_WREN)) == 0 && (ways & SFDP_4BYTE_BANK) != 0) {
        return set_bank(nor, BANK_4BYTE);
    }
    if (ways == SFDP_4BYTE_EXTENDED && !nor->needs_4byte_mode) {
        nor->state->reach = REACH_SEGMENTS;
        nor->state->segment = UINT8_MAX; /* whatever it is */
        return OK;
    }
    return enter_4byte(nor, (ways & SFDP_4BYTE_MODE) == 0);
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

    if (!IS_ENABLED(CONFIG_SPI_NOR_SFDP_DEVICETREE)) {
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
    return result == OK ? reach_all(nor) : result;
}

int spi_nor_init(const struct spi_nor *nor)
{
    int result;

    memset(nor->state, 0, sizeof(*nor->state));
    if (!IS_ENABLED(CONFIG_SPI_NOR_SFDP_DEVICETREE)) {
        nor->state->chip = *nor->described;
    }
    result = identify(nor);
    if (result == OK) {
        result = set_up(nor);
    }
    nor->state->is_present = result == OK;
    if (result == OK && !spi_nor_has_slow_mode(nor)) {
        spi_nor_set_fast(nor, true);
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
    if (IS_ENABLED(CONFIG_SPI_NOR_IDLE_IN_DPD) && nor->has_dpd && result == OK) {
        result = spi_nor_simple(nor, OP_DEEP_POWER);
    }
    return result;
}
