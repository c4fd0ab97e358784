/*
 * What the tests of the bootloader core over the simulator's world have in common: a board with its images, boots of
 * it, and the lines that the core logs.
 */
#ifndef TESTS_POWERCUT_BOARD_H
#define TESTS_POWERCUT_BOARD_H

#include "tests/unit.h"

#include "tests/powercut/images.h"
#include "tests/powercut/modes.h"

struct board {
    struct world world;
    struct boot_result result; /* of the last boot */
    struct buffer images[16];
    size_t image_count;
    const struct buffer *old; /* of board_start: what the primary holds, and what may be uploaded */
    const struct buffer *new;
};

/* All areas erased; `pairs` of images. board_stop frees it. */
void board_init(struct board *board, const struct world_geometry *geometry, const struct sim_mode *mode,
                unsigned pairs);

/* Version 1 in the primary and an erased secondary; board_start: in slots of 64 KiB. */
void board_start_on(struct board *board, const struct world_geometry *geometry, const struct boot_mode *mode);
void board_start(struct board *board, const struct boot_mode *mode);
void board_stop(struct board *board);

/* A new image of the board, with this much payload. */
const struct buffer *board_image(struct board *board, const struct sign_params *params, uint32_t payload);

/* Into the pair's secondary, which is erased, where the mode wants it. */
void board_upload(struct board *board, unsigned pair, const struct buffer *image, bool permanent);

/* Boots until power fails before operation `cut_at`. Nothing that it did may be against physics. Returns what sim_boot
 * returns. */
int board_boot_until(struct board *board, uint64_t cut_at, enum nor_cut kind, uint32_t seed);
int board_boot(struct board *board) ERROR_MUST_CHECK;

/* Boots, and nothing is written. */
void board_assert_quiet(struct board *board);

/* What the core logged in the last boot, as "I: text\n" and so on. */
const char *board_console(void);
void board_assert_said(const char *text);

#endif
