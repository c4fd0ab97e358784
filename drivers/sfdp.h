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
