#include "update/update_bench.h"

#include <stdlib.h>
#include <string.h>

#include <farboot/log.h>

struct nor_device devices[2];

void log_line(char level, const char *format, ...)
{
    (void)level;
    (void)format;
}

const struct flash_area flash_map[] = {
    {.dev = &devices[0].flash, .off = SLOT_OFF, .size = SLOT_SIZE, .id = PRIMARY_ID},
    {.dev = &devices[1].flash, .off = SLOT_OFF, .size = SLOT_SIZE, .id = SECONDARY_ID},
    {.dev = &devices[1].flash, .off = BACKUP_OFF, .size = SLOT_SIZE, .id = BACKUP_ID},
};
const size_t flash_map_count = 3;

static const struct flash_range device_ranges[] = {{0, SECTOR, DEVICE_SECTORS}};

void board_power(struct board *board, uint64_t cut_at, enum nor_cut cut, uint32_t seed)
{
    nor_power_on(&board->power, cut_at, cut, seed);
}

enum update_slot runs_from;

static enum update_slot running_slot(void)
{
    return runs_from;
}

void board_start(struct board *board, struct random *random, enum update_mode mode, uint32_t block_0, uint32_t block_1)
{
    const uint32_t blocks[2] = {block_0, block_1};
    int i;

    *board = (struct board){.config = {{PRIMARY_ID, SECONDARY_ID, mode == UPDATE_WITH_BACKUP ? BACKUP_ID : NO_ID},
                                       mode,
                                       0,
                                       random_below(random, 2) * SLOT_SECTORS,
                                       running_slot}};
    runs_from = UPDATE_PRIMARY;
    for (i = 0; i < 2; i++) {
        board->configs[i] = i == 0 ? nor_part_nrf52840 : nor_part_mx25r6435f;
        board->configs[i].geometry = (struct flash_geometry){DEVICE_SIZE, blocks[i], 0xff, 1, device_ranges};
        board->data[i] = host_alloc(DEVICE_SIZE);
        random_fill(random, board->data[i], DEVICE_SIZE);
        memset(board->data[i] + SLOT_OFF, 0xff, SLOT_SIZE);
        memset(board->data[i] + BACKUP_OFF, 0xff, SLOT_SIZE);
        nor_device_init(&devices[i], &board->power, &board->configs[i], board->data[i]);
    }
    board_power(board, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    assert_int_equal(update_open(&board->update, &board->config), OK);
}

void board_stop(struct board *board)
{
    int i;

    for (i = 0; i < 2; i++) {
        nor_device_free(&devices[i]);
        free(board->data[i]);
    }
}

struct buffer make_image(struct random *random, uint8_t major, size_t len)
{
    const struct sign_params params = {.version = {major, 2, 3, 0}};
    struct buffer payload = {0};
    struct buffer image = {0};
    struct failure failure;

    buffer_fill(&payload, 0, len);
    random_fill(random, payload.data, len);
    assert_int_equal(image_sign(&params, NULL, payload.data, len, &image, &failure), OK);
    buffer_free(&payload);
    return image;
}

void sha_of(const struct buffer *image, uint8_t sha[DIGEST_SIZE_MAX])
{
    struct failure failure;

    assert_int_equal(digest_compute(digest_by_tlv(IMAGE_TLV_SHA256), image->data, image->len, sha, &failure), OK);
}

/* In pieces of random size, from a buffer that is spoiled after each call, as a receive buffer would be. */
int upload(struct update *update, struct random *random, const struct buffer *image, const uint8_t *sha)
{
    uint8_t piece[700];
    size_t off = 0;
    int error = update_begin(update, (uint32_t)image->len, image->data, image->len, false);

    while (error == OK && off < image->len) {
        size_t len = random_below(random, sizeof(piece) + 1);

        len = len < image->len - off ? len : image->len - off;
        memcpy(piece, image->data + off, len);
        error = update_write(update, piece, len);
        memset(piece, 0x55, sizeof(piece));
        off += len;
    }
    return error != OK ? error : update_finish(update, sha);
}

struct image_slot slot_of(const struct board *board, enum update_slot slot)
{
    struct image_slot info;

    assert_int_equal(update_slot_read(&board->update, slot, &info), OK);
    return info;
}

int program_trailer(const struct board *board, enum update_slot slot, const struct trailer *trailer)
{
    const struct update_place *place = &board->update.places[slot];

    return trailer_program(place->area, &place->layout, trailer);
}

/* All modes take the upload in the secondary while the primary runs. */
enum update_mode random_mode(struct random *random)
{
    return (enum update_mode)random_below(random, UPDATE_CHOOSE_WITH_REVERT + 1);
}

uint32_t random_block(struct random *random)
{
    return 1U << random_below(random, 5);
}
