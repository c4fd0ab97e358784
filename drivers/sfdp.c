#include "drivers/sfdp.h"

#include <string.h>

#define SFDP_SIGNATURE  0x50444653u /* "SFDP" */
#define BFP_WORDS_MIN   ((size_t)9) /* JESD216, first edition */
#define FOUR_BYTE_WORDS ((size_t)2)

/* Word 1 of the 4-byte address instruction table; the bits of the erase types follow. */
#define FOUR_BYTE_FAST_READ 0x02u
#define FOUR_BYTE_PROGRAM   0x40u
#define FOUR_BYTE_ERASE_BIT 9u

/* Bounds of what is believed: sectors from 4 KiB to 16 MiB, chips to 2 GiB. */
#define ERASE_EXPONENT_MIN 12u
#define ERASE_EXPONENT_MAX 24u

static uint32_t le32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Word `number` counts from 1, as JESD216 does; 0 past the end. */
static uint32_t word(const uint8_t *bfp, size_t len, size_t number)
{
    return number * 4 <= len ? le32(bfp + (number - 1) * 4) : 0;
}

static uint32_t field(uint32_t value, unsigned low, unsigned bits)
{
    return value >> low & ((1u << bits) - 1);
}

bool sfdp_find(const uint8_t header[SFDP_HEADER_SIZE], uint16_t id, uint32_t *off, size_t *len)
{
    size_t words_min = id == SFDP_BFP ? BFP_WORDS_MIN : FOUR_BYTE_WORDS;
    size_t end = 16 + (size_t)header[6] * 8;
    bool found = false;

    if (le32(header) != SFDP_SIGNATURE || header[5] != 1) {
        return false;
    }
    for (size_t at = 8; at < end && at < SFDP_HEADER_SIZE; at += 8) {
        const uint8_t *parameter = header + at;
        size_t words = parameter[3];

        if ((parameter[0] | parameter[7] << 8) == id && parameter[2] == 1 && words >= words_min) {
            *off = le32(parameter + 4) & 0xffffffu;
            *len = words * 4 < SFDP_TABLE_MAX ? words * 4 : SFDP_TABLE_MAX;
            found = true;
        }
    }
    return found;
}

/* Word 2: bits - 1, or the exponent of 2 from 4 Gbit up. Returns bytes, 0 for what is not believed. */
static uint32_t density(uint32_t value)
{
    if ((value & 0x80000000u) == 0) {
        return value / 8 + 1;
    }
    value &= 0x7fffffffu;
    return value >= 32 && value <= 34 ? UINT32_C(1) << (value - 3) : 0;
}

/* min(typical * multiplier, the longest wait). `typical` is at most 32 s and the multiplier 32: no overflow. */
static uint32_t longest(uint32_t typical_us, uint32_t multiplier)
{
    uint32_t us = typical_us * multiplier;

    return us < SFDP_LONGEST_US ? us : SFDP_LONGEST_US;
}

/* Word 10: five bits of count and two of unit for each type; maximum = 2 (multiplier + 1) typical. */
static uint32_t erase_max_us(uint32_t times, unsigned type)
{
    static const uint32_t unit_us[] = {1000, 16000, 128000, 1000000};
    uint32_t typical = (field(times, 4 + 7 * type, 5) + 1) * unit_us[field(times, 9 + 7 * type, 2)];

    return times == 0 ? SFDP_LONGEST_US : longest(typical, 2 * (field(times, 0, 4) + 1));
}

/* Words 8 and 9: for each type the exponent of its size and its opcode, a byte each. Returns whether there is any. */
static bool parse_erase_types(const uint8_t *bfp, size_t len, uint32_t size, struct sfdp_erase *types)
{
    bool found = false;

    for (unsigned i = 0; i < SFDP_ERASE_TYPES; i++) {
        uint32_t exponent = bfp[28 + 2 * i];

        if (exponent >= ERASE_EXPONENT_MIN && exponent <= ERASE_EXPONENT_MAX && UINT32_C(1) << exponent <= size) {
            types[i].size = UINT32_C(1) << exponent;
            types[i].opcode = bfp[29 + 2 * i];
            types[i].opcode_4byte = SFDP_OPCODE_4BYTE(types[i].opcode);
            types[i].max_us = erase_max_us(word(bfp, len, 10), i);
            found = true;
        }
    }
    return found;
}

/* Word 11: page size and program time. */
static void parse_times(const uint8_t *bfp, size_t len, struct sfdp_chip *chip)
{
    uint32_t program = word(bfp, len, 11);

    if (program != 0) {
        uint32_t typical = (field(program, 8, 5) + 1) * (field(program, 13, 1) != 0 ? 64 : 8);

        chip->program_max_us = longest(typical, 2 * (field(program, 0, 4) + 1));
        chip->page = field(program, 4, 4) >= 8 ? 1u << field(program, 4, 4) : chip->page;
    }
}

/* Word 1: 4-byte addresses only; 14: flag status register; 15: quad enable; 16: 4-byte addresses. */
static void parse_modes(const uint8_t *bfp, size_t len, struct sfdp_chip *chip)
{
    if (len >= 60 && field(word(bfp, len, 15), 20, 3) < QER_COUNT) {
        chip->quad_enable = (uint8_t)field(word(bfp, len, 15), 20, 3);
    }
    if (len >= 64 && bfp[63] != 0xff) {
        chip->four_byte = bfp[63];
    }
    if (field(word(bfp, len, 1), 17, 2) == 2) {
        chip->four_byte = SFDP_4BYTE_ALWAYS;
    }
    if (field(word(bfp, len, 14), 3, 1) != 0) {
        chip->report = REPORT_FLAGS;
    }
}

bool sfdp_parse_bfp(const uint8_t *bfp, size_t len, struct sfdp_chip *chip)
{
    struct sfdp_erase types[SFDP_ERASE_TYPES] = {{0}};
    uint32_t size = density(word(bfp, len, 2));

    if (len < BFP_WORDS_MIN * 4 || size == 0 || !parse_erase_types(bfp, len, size, types)) {
        return false;
    }
    memcpy(chip->erase, types, sizeof(types));
    chip->size = size;
    parse_times(bfp, len, chip);
    parse_modes(bfp, len, chip);
    return true;
}

void sfdp_parse_4byte(const uint8_t *table, size_t len, struct sfdp_chip *chip)
{
    uint32_t has = word(table, len, 1);
    bool complete = (has & FOUR_BYTE_FAST_READ) != 0 && (has & FOUR_BYTE_PROGRAM) != 0 && len >= FOUR_BYTE_WORDS * 4;

    for (unsigned i = 0; complete && i < SFDP_ERASE_TYPES; i++) {
        if (chip->erase[i].size != 0) {
            chip->erase[i].opcode_4byte = table[4 + i];
            complete = field(has, FOUR_BYTE_ERASE_BIT + i, 1) != 0;
        }
    }
    chip->four_byte &= (uint8_t)~SFDP_4BYTE_OPCODES;
    chip->four_byte |= complete ? SFDP_4BYTE_OPCODES : 0;
}
