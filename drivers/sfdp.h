/*
 * Serial Flash Discoverable Parameters (JESD216): what a SPI NOR chip says of itself. Pure functions over untrusted
 * bytes; whatever they hold, the result is usable: sizes are powers of two within bounds, times are capped.
 */
#ifndef DRIVERS_SFDP_H
#define DRIVERS_SFDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SFDP_HEADER_SIZE 16u /* SFDP header and the first parameter header */
#define SFDP_BFP_MAX     64u /* bytes of the basic flash parameter table that are looked at: 16 words */
#define SFDP_ERASE_TYPES 4u
#define SFDP_LONGEST_US  60000000u /* no wait is longer, whatever the chip says */

struct sfdp_erase {
    uint32_t size; /* bytes, a power of two; 0: no such type */
    uint32_t max_us;
    uint8_t opcode;
};

/* How the quad enable bit is set (JESD216, BFP word 15, QER); the numbers are also those of devicetree's enum. */
enum sfdp_qer { QER_NONE, QER_S2B1_V1, QER_S1B6, QER_S2B7, QER_S2B1_V4, QER_S2B1_V5, QER_S2B1_V6, QER_COUNT };

struct sfdp_chip {
    uint32_t size;                             /* bytes */
    uint32_t page;                             /* bytes, a power of two */
    uint32_t program_max_us;                   /* of one page */
    uint32_t exit_dpd_us;                      /* from deep power-down */
    uint8_t quad_enable;                       /* enum sfdp_qer */
    struct sfdp_erase erase[SFDP_ERASE_TYPES]; /* in any order */
};

/*
 * The same as sfdp_parse_bfp, of a table of at least 16 words that is known when the program is compiled: an
 * initializer. `byte(table, i)` is the byte at `i`, which stays a plain number.
 */
#define SFDP_CHIP(byte, table)                                                                                         \
    {                                                                                                                  \
        .size = SFDP_DENSITY(SFDP_WORD(byte, table, 4, 5, 6, 7)),                                                      \
        .page = SFDP_FIELD(byte(table, 40), 4, 4) >= 8 ? 1u << SFDP_FIELD(byte(table, 40), 4, 4) : 256u,               \
        .program_max_us = SFDP_SHORTER(SFDP_PROGRAM_MAX(SFDP_WORD(byte, table, 40, 41, 42, 43))),                      \
        .quad_enable = (uint8_t)(SFDP_FIELD(byte(table, 58), 4, 3) % QER_COUNT),                                       \
        .erase = {SFDP_ERASE(byte(table, 28), byte(table, 29), SFDP_WORD(byte, table, 36, 37, 38, 39), 0),             \
                  SFDP_ERASE(byte(table, 30), byte(table, 31), SFDP_WORD(byte, table, 36, 37, 38, 39), 1),             \
                  SFDP_ERASE(byte(table, 32), byte(table, 33), SFDP_WORD(byte, table, 36, 37, 38, 39), 2),             \
                  SFDP_ERASE(byte(table, 34), byte(table, 35), SFDP_WORD(byte, table, 36, 37, 38, 39), 3)},            \
    }

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
    }

/*
 * Looks for the basic flash parameter table in the first SFDP_HEADER_SIZE bytes of the SFDP area. Returns whether it
 * is there; then its place (bytes) and length (bytes, at most SFDP_BFP_MAX).
 */
bool sfdp_find_bfp(const uint8_t header[SFDP_HEADER_SIZE], uint32_t *off, size_t *len);

/*
 * Reads the table `bfp` of `len` bytes into `chip`. What the table does not say, being of an older revision or out of
 * bounds, stays as it was. Returns false, and changes nothing, when no density or no erase type can be made out.
 */
bool sfdp_parse_bfp(const uint8_t *bfp, size_t len, struct sfdp_chip *chip);

#endif
