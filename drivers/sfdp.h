/*
 * Serial Flash Discoverable Parameters (JESD216): what a SPI NOR chip says of itself. Pure functions over untrusted
 * bytes; whatever they hold, the result is usable: sizes are powers of two within bounds, times are capped.
 */
#ifndef DRIVERS_SFDP_H
#define DRIVERS_SFDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SFDP_HEADER_SIZE 72u /* SFDP header and eight parameter headers, as many as are looked at */
#define SFDP_BFP         0xff00u
#define SFDP_4BYTE_TABLE 0xff84u
#define SFDP_TABLE_MAX   64u /* bytes of a table that are looked at: 16 words */
#define SFDP_ERASE_TYPES 4u
#define SFDP_LONGEST_US  60000000u /* no wait is longer, whatever the chip says */

struct sfdp_erase {
    uint32_t size; /* bytes, a power of two; 0: no such type */
    uint32_t max_us;
    uint8_t opcode;
    uint8_t opcode_4byte; /* with an address of four bytes in any mode; 0: none is known */
};

/* How the quad enable bit is set (JESD216, BFP word 15, QER); the numbers are also those of devicetree's enum. */
enum sfdp_qer { QER_NONE, QER_S2B1_V1, QER_S1B6, QER_S2B7, QER_S2B1_V4, QER_S2B1_V5, QER_S2B1_V6, QER_COUNT };

/* How bytes beyond 16 MiB are reached: bits 31:24 of BFP word 16, which are also devicetree's enter-4byte-addr. */
#define SFDP_4BYTE_MODE      0x01u /* B7 */
#define SFDP_4BYTE_MODE_WREN 0x02u /* 06, then B7 */
#define SFDP_4BYTE_EXTENDED  0x04u /* extended address register, C5 */
#define SFDP_4BYTE_BANK      0x08u /* bit 7 of the bank register, 17 */
#define SFDP_4BYTE_OPCODES   0x20u /* opcodes of their own */
#define SFDP_4BYTE_ALWAYS    0x40u /* the chip knows no other addresses */

/* How a chip tells that an erase or a program failed. */
enum sfdp_report {
    REPORT_NONE,
    REPORT_SECURITY, /* Macronix: P_FAIL, E_FAIL of the security register */
    REPORT_FLAGS,    /* Micron: flag status register (BFP word 14) */
    REPORT_STATUS,   /* Spansion: P_ERR, E_ERR of the status register, which keep WIP set until they are cleared */
    REPORT_COUNT
};

struct sfdp_chip {
    uint32_t size;                             /* bytes; 0: not known */
    uint32_t page;                             /* bytes, a power of two */
    uint32_t program_max_us;                   /* of one page */
    uint8_t quad_enable;                       /* enum sfdp_qer */
    uint8_t four_byte;                         /* SFDP_4BYTE_; 0: not known */
    uint8_t report;                            /* enum sfdp_report */
    uint8_t lock;                              /* bits of the status register that protect blocks */
    struct sfdp_erase erase[SFDP_ERASE_TYPES]; /* in any order */
};

/*
 * The same as sfdp_parse_bfp, of a table of at least 16 words that is known when the program is compiled: members of an
 * initializer. `byte(table, i)` is the byte at `i`, which stays a plain number.
 */
#define SFDP_CHIP(byte, table)                                                                                         \
                                                                                                                       \
    .size = SFDP_DENSITY(SFDP_WORD(byte, table, 4, 5, 6, 7)),                                                          \
    .page = SFDP_FIELD(byte(table, 40), 4, 4) >= 8 ? 1u << SFDP_FIELD(byte(table, 40), 4, 4) : 256u,                   \
    .program_max_us = SFDP_SHORTER(SFDP_PROGRAM_MAX(SFDP_WORD(byte, table, 40, 41, 42, 43))),                          \
    .erase = {SFDP_ERASE(byte(table, 28), byte(table, 29), SFDP_WORD(byte, table, 36, 37, 38, 39), 0),                 \
              SFDP_ERASE(byte(table, 30), byte(table, 31), SFDP_WORD(byte, table, 36, 37, 38, 39), 1),                 \
              SFDP_ERASE(byte(table, 32), byte(table, 33), SFDP_WORD(byte, table, 36, 37, 38, 39), 2),                 \
              SFDP_ERASE(byte(table, 34), byte(table, 35), SFDP_WORD(byte, table, 36, 37, 38, 39), 3)}

/* Members of the same: which may come from elsewhere. */
#define SFDP_CHIP_QUAD(byte, table)  (SFDP_FIELD(byte(table, 58), 4, 3) % QER_COUNT)
#define SFDP_CHIP_4BYTE(byte, table) (byte(table, 63) == 0xff ? 0 : byte(table, 63)) /* all ones: not said */

#define SFDP_WORD(byte, table, a, b, c, d)                                                                             \
    ((uint32_t)byte(table, a) | (uint32_t)byte(table, b) << 8 | (uint32_t)byte(table, c) << 16 |                       \
     (uint32_t)byte(table, d) << 24)
#define SFDP_FIELD(value, low, bits) ((uint32_t)(value) >> (low) & ((1u << (bits)) - 1))
#define SFDP_SHORTER(us)             ((us) < SFDP_LONGEST_US ? (us) : SFDP_LONGEST_US)
#define SFDP_DENSITY(word)           ((word) / 8 + 1) /* up to 2 Gbit */
#define SFDP_PROGRAM_MAX(word)                                                                                         \
    ((SFDP_FIELD(word, 8, 5) + 1) * (SFDP_FIELD(word, 13, 1) != 0 ? 64 : 8) * 2 * (SFDP_FIELD(word, 0, 4) + 1))
#define SFDP_ERASE_UNIT(code) ((code) == 0 ? 1000u : (code) == 1 ? 16000u : (code) == 2 ? 128000u : 1000000u)
#define SFDP_ERASE_MAX(word, type)                                                                                     \
    ((SFDP_FIELD(word, 4 + 7 * (type), 5) + 1) * SFDP_ERASE_UNIT(SFDP_FIELD(word, 9 + 7 * (type), 2)) * 2 *            \
     (SFDP_FIELD(word, 0, 4) + 1))
#define SFDP_ERASE(exponent, code, word, type)                                                                         \
    {                                                                                                                  \
        .size = (exponent) >= 12 && (exponent) <= 24 ? 1u << ((exponent)&31) : 0,                                      \
        .max_us = (exponent) >= 12 && (exponent) <= 24 ? SFDP_SHORTER(SFDP_ERASE_MAX(word, type)) : 0,                 \
        .opcode = (exponent) >= 12 && (exponent) <= 24 ? (code) : 0,                                                   \
        .opcode_4byte = (exponent) >= 12 && (exponent) <= 24 ? SFDP_OPCODE_4BYTE(code) : 0,                            \
    }

/* What makes an erase opcode one with four address bytes, on every chip that has both. */
#define SFDP_OPCODE_4BYTE(opcode) ((opcode) == 0x20 ? 0x21 : (opcode) == 0x52 ? 0x5c : (opcode) == 0xd8 ? 0xdc : 0)

/*
 * Looks for the last parameter table `id` of a known form in the first SFDP_HEADER_SIZE bytes of the SFDP
 * area. Returns whether there is one; then its place (bytes) and length (bytes, at most SFDP_TABLE_MAX).
 */
bool sfdp_find(const uint8_t header[SFDP_HEADER_SIZE], uint16_t id, uint32_t *off, size_t *len);

/*
 * Reads the basic flash parameter table `bfp` of `len` bytes into `chip`. What the table does not say, being of an
 * older revision or out of bounds, stays as it was. Returns false, and changes nothing, when no density or no erase
 * type can be made out.
 */
bool sfdp_parse_bfp(const uint8_t *bfp, size_t len, struct sfdp_chip *chip);

/*
 * Reads the 4-byte address instruction table: if it names a fast read (0C), a page program (12) and an opcode for each
 * erase type of `chip`, they are what four_byte says; otherwise the chip's opcodes are not used.
 */
void sfdp_parse_4byte(const uint8_t *table, size_t len, struct sfdp_chip *chip);

#endif
