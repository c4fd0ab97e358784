/* For tests of update/: a board of two NOR devices with slots on them, and an uploading client. */
#ifndef UPDATE_UPDATE_BENCH_H
#define UPDATE_UPDATE_BENCH_H

#include "tests/unit.h"

#include "flash/model/nor_device.h"
#include "host/buffer.h"
#include "host/random.h"
#include "imagetool/sign.h"
#include "update/update.h"

enum {
    SECTOR = 4096,
    DEVICE_SECTORS = 36,
    DEVICE_SIZE = DEVICE_SECTORS * SECTOR,
    SLOT_SECTORS = 12,
    SLOT_SIZE = SLOT_SECTORS * SECTOR,
    SLOT_OFF = 3 * SECTOR, /* what lies around the slots must not be touched */
    BACKUP_OFF = SLOT_OFF + SLOT_SIZE + 3 * SECTOR,
    PRIMARY_ID = 1,
    SECONDARY_ID = 2,
    BACKUP_ID = 3,
    NO_ID = 99,
};

extern struct nor_device devices[2]; /* internal, external */

struct board {
    struct nor_config configs[2];
    uint8_t *data[2];
    struct nor_power power;
    struct update_config config;
    struct update update;
};

extern enum update_slot runs_from; /* where the running image came from; board_start: the primary */

/* Erased slots amid random contents, power on, everything opened. Blocks: write blocks of both devices. */
void board_start(struct board *board, struct random *random, enum update_mode mode, uint32_t block_0, uint32_t block_1);
void board_stop(struct board *board);
void board_power(struct board *board, uint64_t cut_at, enum nor_cut cut, uint32_t seed);

struct buffer make_image(struct random *random, uint8_t major, size_t len); /* `len`: of the payload */
void sha_of(const struct buffer *image, uint8_t sha[DIGEST_SIZE_MAX]);

/* In pieces of random size, from a buffer that is spoiled after each call, as a receive buffer would be. */
int upload(struct update *update, struct random *random, const struct buffer *image, const uint8_t *sha);

struct image_slot slot_of(const struct board *board, enum update_slot slot);
int program_trailer(const struct board *board, enum update_slot slot, const struct trailer *trailer);

enum update_mode random_mode(struct random *random);
uint32_t random_block(struct random *random);

#endif
