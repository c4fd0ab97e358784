/*
 * What the tests of the swap modes' plans have in common: an update of which nothing is done yet, and slots whose
 * sectors are numbers that say what they hold.
 */
#ifndef BOOT_SWAP_FIXTURE_H
#define BOOT_SWAP_FIXTURE_H

#include "tests/unit.h"

#include "boot/mode.h"

#define SECTOR     0x1000U
#define SWAP_UNITS 16U /* sectors of a slot */
#define NOTHING    0xffffffffU
#define OLD(n)     (100U + (n))
#define NEW(n)     (200U + (n))
#define SWAP_TYPES 3U

extern const enum swap_type swap_types[SWAP_TYPES];

/* Sizes in bytes, `sector` as in struct update; trailers as swap_start makes them. */
void swap_begin(struct update *update, const struct boot_mode *mode, const struct boot_slot *slots, enum swap_type type,
                uint32_t sector, uint32_t old_used, uint32_t new_used);

/* `count` marks, of which the first `used` are first, first + 1, ..., and the others NOTHING. */
void swap_fill(uint32_t *marks, uint32_t count, uint32_t first, uint32_t used);

struct swap_board {
    uint32_t units[2][SWAP_UNITS + 1];
    struct update update;
};

/* For modes whose sectors are equal; sizes in sectors, the new image begins `up` sectors up in the secondary. */
void swap_board_start(struct swap_board *board, const struct boot_mode *mode, const struct boot_slot *slots,
                      enum swap_type type, uint32_t old_sectors, uint32_t new_sectors, uint32_t up);

/* As flash does it: the destination is erased first. */
void swap_board_copy(struct swap_board *board, const struct boot_step *step);

#endif
