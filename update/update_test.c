/* Updates as an application makes them, over two NOR devices of random geometry, with and without power. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "boot/image.h"
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

static struct nor_device devices[2];

const struct flash_area flash_map[] = {
    {.dev = &devices[0].flash, .off = SLOT_OFF, .size = SLOT_SIZE, .id = PRIMARY_ID},
    {.dev = &devices[1].flash, .off = SLOT_OFF, .size = SLOT_SIZE, .id = SECONDARY_ID},
    {.dev = &devices[1].flash, .off = BACKUP_OFF, .size = SLOT_SIZE, .id = BACKUP_ID},
};
const size_t flash_map_count = 3;

struct board {
    struct nor_config configs[2];
    uint8_t *data[2];
    struct nor_power power;
    struct update_config config;
    struct update update;
};

static const struct flash_range device_ranges[] = {{0, SECTOR, DEVICE_SECTORS}};

static void board_power(struct board *board, uint64_t cut_at, enum nor_cut cut, uint32_t seed)
{
    nor_power_on(&board->power, cut_at, cut, seed);
}

static enum update_slot runs_from;

static enum update_slot running_slot(void)
{
    return runs_from;
}

static void board_start(struct board *board, struct random *random, enum update_mode mode, uint32_t block_0,
                        uint32_t block_1)
{
    const uint32_t blocks[2] = {block_0, block_1};
    int i;

    *board = (struct board){.config = {{PRIMARY_ID, SECONDARY_ID, mode == UPDATE_WITH_BACKUP ? BACKUP_ID : NO_ID},
                                       mode,
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

static void board_stop(struct board *board)
{
    int i;

    for (i = 0; i < 2; i++) {
        nor_device_free(&devices[i]);
        free(board->data[i]);
    }
}

static struct buffer make_image(struct random *random, uint8_t major, size_t len)
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

static void sha_of(const struct buffer *image, uint8_t sha[DIGEST_SIZE_MAX])
{
    struct failure failure;

    assert_int_equal(digest_compute(digest_by_tlv(IMAGE_TLV_SHA256), image->data, image->len, sha, &failure), OK);
}

/* In pieces of random size, from a buffer that is spoiled after each call, as a receive buffer would be. */
static int upload(struct update *update, struct random *random, const struct buffer *image, const uint8_t *sha)
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

static struct image_slot slot_of(const struct board *board, enum update_slot slot)
{
    struct image_slot info;

    assert_int_equal(update_slot_read(&board->update, slot, &info), OK);
    return info;
}

static int program_trailer(const struct board *board, enum update_slot slot, const struct trailer *trailer)
{
    const struct update_place *place = &board->update.places[slot];

    return trailer_program(place->area, &place->layout, trailer);
}

/* The secondary slot's image as the bootloader would look for it. */
static bool secondary_holds(const struct board *board, const struct buffer *image)
{
    return memcmp(board->data[1] + SLOT_OFF + board->update.image_off, image->data, image->len) == 0;
}

static bool has_magic(const struct board *board)
{
    static const uint8_t magic_8[] = IMAGE_TRAILER_MAGIC_8;
    static const uint8_t magic_16[] = {16, 0};
    const uint8_t *found = board->data[1] + SLOT_OFF + SLOT_SIZE - sizeof(magic_8);
    uint32_t align = board->update.places[UPDATE_SECONDARY].layout.max_align;

    return align == 8 ? memcmp(found, magic_8, sizeof(magic_8)) == 0 : memcmp(found, magic_16, 2) == 0;
}

/* All modes take the upload in the secondary while the primary runs. */
static enum update_mode random_mode(struct random *random)
{
    return (enum update_mode)random_below(random, UPDATE_CHOOSE_WITH_REVERT + 1);
}

static uint32_t random_block(struct random *random)
{
    return 1U << random_below(random, 5);
}

static void an_upload_arrives_where_the_mode_wants_it(void **state)
{
    struct random random = {1};
    int round;

    (void)state;
    for (round = 0; round < 60; round++) {
        struct board board;
        uint8_t before[DEVICE_SIZE];
        uint8_t sha[DIGEST_SIZE_MAX];
        struct buffer image;
        struct image_slot info;
        uint32_t max_image;

        board_start(&board, &random, random_mode(&random), random_block(&random), random_block(&random));
        random_fill(&random, board.data[1] + SLOT_OFF, SLOT_SIZE); /* whatever was there */
        memcpy(before, board.data[1], sizeof(before));
        max_image = board.update.max_image;
        /* Unsigned, an image of this format has 72 bytes around its payload. */
        image = make_image(&random, 1, round == 0 ? max_image - 72 : 1 + random_below(&random, max_image - 72));
        sha_of(&image, sha);
        assert_int_equal(upload(&board.update, &random, &image, sha), OK);
        assert_int_equal(nor_power_settle(&board.power), OK);
        assert_int_equal(board.update.image_off, board.update.mode == UPDATE_SWAP_USING_OFFSET ? SECTOR : 0);
        assert_true(secondary_holds(&board, &image));
        assert_false(has_magic(&board));
        assert_memory_equal(before, board.data[1], SLOT_OFF);
        assert_memory_equal(before + SLOT_OFF + SLOT_SIZE, board.data[1] + SLOT_OFF + SLOT_SIZE,
                            DEVICE_SIZE - SLOT_OFF - SLOT_SIZE);
        info = slot_of(&board, UPDATE_SECONDARY);
        assert_true(info.has_image && info.bootable && !info.confirmed && !info.active);
        assert_int_equal(info.pending, board.update.mode == UPDATE_CHOOSE); /* being there is the request */
        assert_int_equal(info.version.major, 1);
        assert_int_equal(info.hash_len, 32);
        buffer_free(&image);
        board_stop(&board);
    }
}

/* An upload is cut at every flash operation. Until its end there is no image and no request; as long as the old
 * request stands, the old image does. */
static void power_cuts_leave_no_half_an_image(void **state)
{
    struct random random = {2};
    uint64_t cut = 0;
    bool done = false;

    (void)state;
    for (; !done; cut++) {
        struct board board;
        struct buffer old_image;
        struct buffer new_image;
        struct update later;
        struct image_slot info;

        board_start(&board, &random, random_mode(&random), 4, 4);
        old_image = make_image(&random, 1, 9000);
        new_image = make_image(&random, 2, 10000);
        assert_int_equal(upload(&board.update, &random, &old_image, NULL), OK);
        assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, true), OK);
        assert_int_equal(nor_power_settle(&board.power), OK);
        board_power(&board, cut, cut % 2 == 0 ? NOR_CUT_TORN : NOR_CUT_BEHIND, (uint32_t)cut);
        done = upload(&board.update, &random, &new_image, NULL) == OK;
        board_power(&board, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(update_open(&later, &board.config), OK);
        assert_int_equal(update_slot_read(&later, UPDATE_SECONDARY, &info), OK);
        if (has_magic(&board)) {
            assert_true(secondary_holds(&board, &old_image));
        }
        if (info.has_image && info.version.major == 2) {
            assert_true(secondary_holds(&board, &new_image));
        }
        assert_int_equal(done, info.has_image && info.version.major == 2 && secondary_holds(&board, &new_image));
        buffer_free(&old_image);
        buffer_free(&new_image);
        board_stop(&board);
    }
    assert_true(cut > 30);
}

static void refusals_erase_nothing(void **state)
{
    static const uint8_t zeros[64] = {0};
    struct random random = {3};
    struct board board;
    struct buffer image;
    struct buffer running;
    uint64_t ops;

    (void)state;
    board_start(&board, &random, UPDATE_SWAP_USING_OFFSET, 4, 4);
    image = make_image(&random, 2, 5000);
    running = make_image(&random, 2, 3000);
    memcpy(board.data[0] + SLOT_OFF, running.data, running.len);
    ops = board.power.ops;
    assert_int_equal(update_begin(&board.update, sizeof(zeros), zeros, sizeof(zeros), false), ERR_IMAGE_HEADER);
    assert_int_equal(update_begin(&board.update, 5000, image.data, 31, false), ERR_IMAGE_HEADER);
    assert_int_equal(update_begin(&board.update, 5000, image.data, 64, false), ERR_IMAGE_SIZE);
    assert_int_equal(update_begin(&board.update, board.update.max_image + 1, image.data, 64, false), ERR_UPDATE_SIZE);
    assert_int_equal(update_begin(&board.update, (uint32_t)image.len, image.data, 64, true), ERR_IMAGE_VERSION);
    assert_int_equal(update_write(&board.update, image.data, 64), ERR_UPDATE_OFFSET);
    assert_int_equal(update_finish(&board.update, NULL), ERR_UPDATE_OFFSET);
    assert_true(board.power.ops == ops);
    /* The largest image is what swapping leaves: all but the trailer's sector, and the one that is kept free. */
    assert_int_equal(board.update.max_image, SLOT_SIZE - 2 * SECTOR);
    buffer_free(&image);
    buffer_free(&running);
    board_stop(&board);
}

static void only_what_was_announced_becomes_an_image(void **state)
{
    struct random random = {4};
    struct board board;
    struct buffer image;
    uint8_t sha[DIGEST_SIZE_MAX];

    (void)state;
    board_start(&board, &random, UPDATE_OVERWRITE_ONLY, 4, 4);
    image = make_image(&random, 2, 5000);
    sha_of(&image, sha);
    sha[31] ^= 1;
    assert_int_equal(upload(&board.update, &random, &image, sha), ERR_IMAGE_HASH);
    assert_false(slot_of(&board, UPDATE_SECONDARY).has_image);
    assert_int_equal(update_begin(&board.update, (uint32_t)image.len, image.data, 64, false), OK);
    assert_int_equal(update_write(&board.update, image.data, 4000), OK);
    assert_int_equal(update_finish(&board.update, NULL), ERR_UPDATE_OFFSET);
    assert_false(slot_of(&board, UPDATE_SECONDARY).has_image);
    assert_int_equal(update_begin(&board.update, (uint32_t)image.len, image.data, 64, false), OK);
    assert_int_equal(update_write(&board.update, image.data, 4000), OK);
    assert_int_equal(update_write(&board.update, image.data, image.len), ERR_UPDATE_OFFSET);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), ERR_IMAGE_HEADER);
    buffer_free(&image);
    board_stop(&board);
}

static void requests_follow_the_protocol_s_states(void **state)
{
    struct random random = {5};
    struct board board;
    struct buffer image;

    (void)state;
    board_start(&board, &random, UPDATE_SWAP_USING_OFFSET, 4, 4);
    image = make_image(&random, 2, 5000);
    assert_int_equal(upload(&board.update, &random, &image, NULL), OK);
    assert_true(slot_of(&board, UPDATE_PRIMARY).active && slot_of(&board, UPDATE_PRIMARY).confirmed);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), OK);
    assert_true(has_magic(&board));
    assert_true(slot_of(&board, UPDATE_SECONDARY).pending && !slot_of(&board, UPDATE_SECONDARY).permanent);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), OK);
    assert_false(slot_of(&board, UPDATE_SECONDARY).permanent);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, true), OK);
    assert_true(slot_of(&board, UPDATE_SECONDARY).pending && slot_of(&board, UPDATE_SECONDARY).permanent);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), ERR_UPDATE_STATE);
    /* Confirming an image that needs no confirmation writes nothing. */
    assert_int_equal(update_confirm(&board.update), OK);
    assert_int_equal(update_erase(&board.update, UPDATE_SECONDARY), OK);
    assert_false(has_magic(&board));
    assert_false(slot_of(&board, UPDATE_SECONDARY).has_image || slot_of(&board, UPDATE_SECONDARY).pending);
    /* A request after a withdrawn one, by the upload that withdraws it. */
    assert_int_equal(upload(&board.update, &random, &image, NULL), OK);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, true), OK);
    assert_int_equal(upload(&board.update, &random, &image, NULL), OK);
    assert_false(slot_of(&board, UPDATE_SECONDARY).pending);
    buffer_free(&image);
    board_stop(&board);
}

/* After a swap on trial: the new image runs, the old one lies at the start of the secondary slot. */
static void an_image_on_trial_keeps_its_fallback(void **state)
{
    struct random random = {6};
    struct board board;
    struct buffer old_image;
    struct buffer new_image;
    const struct trailer trial = {.swap_type = SWAP_TEST, .copy_done = TRAILER_FLAG_SET};

    (void)state;
    board_start(&board, &random, UPDATE_SWAP_USING_OFFSET, 4, 4);
    old_image = make_image(&random, 1, 5000);
    new_image = make_image(&random, 2, 5000);
    memcpy(board.data[0] + SLOT_OFF, new_image.data, new_image.len);
    memcpy(board.data[1] + SLOT_OFF, old_image.data, old_image.len);
    assert_int_equal(program_trailer(&board, UPDATE_PRIMARY, &trial), OK);
    assert_false(update_is_confirmed(&board.update));
    assert_false(slot_of(&board, UPDATE_PRIMARY).confirmed);
    assert_true(slot_of(&board, UPDATE_SECONDARY).confirmed && slot_of(&board, UPDATE_SECONDARY).bootable);
    assert_int_equal(slot_of(&board, UPDATE_SECONDARY).version.major, 1);
    assert_int_equal(upload(&board.update, &random, &new_image, NULL), ERR_UPDATE_STATE);
    assert_int_equal(update_erase(&board.update, UPDATE_SECONDARY), ERR_UPDATE_STATE);
    /* It comes back by itself; a request would make the bootloader look for it in the wrong place. */
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, true), OK);
    assert_false(has_magic(&board));
    assert_memory_equal(board.data[1] + SLOT_OFF, old_image.data, old_image.len);

    assert_int_equal(update_confirm(&board.update), OK);
    assert_true(update_is_confirmed(&board.update));
    assert_true(slot_of(&board, UPDATE_PRIMARY).confirmed);
    assert_false(slot_of(&board, UPDATE_SECONDARY).confirmed || slot_of(&board, UPDATE_SECONDARY).bootable);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), ERR_IMAGE_HEADER);
    /* The next upload removes it: its header would make the bootloader refuse the image one sector up. */
    assert_int_equal(upload(&board.update, &random, &new_image, NULL), OK);
    assert_false(image_has_magic(board.update.places[UPDATE_SECONDARY].area, 0));
    assert_int_equal(slot_of(&board, UPDATE_SECONDARY).version.major, 2);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), OK);
    buffer_free(&old_image);
    buffer_free(&new_image);
    board_stop(&board);
}

/* What the bootloader does: a copy of what `slot` holds runs, and the primary's trailer says how it stands. */
static void install(struct board *board, enum update_slot slot, const struct trailer *trailer)
{
    const struct flash_area *from = board->update.places[slot].area;
    const struct flash_area *primary = board->update.places[UPDATE_PRIMARY].area;
    const struct trailer_layout *layout = &board->update.places[slot].layout;

    memcpy(board->data[0] + primary->off, board->data[1] + from->off, SLOT_SIZE);
    assert_int_equal(trailer_erase(primary, &board->update.places[UPDATE_PRIMARY].layout), OK);
    assert_int_equal(trailer_erase(from, layout), OK);
    assert_int_equal(program_trailer(board, UPDATE_PRIMARY, trailer), OK);
    assert_int_equal(nor_power_settle(&board->power), OK);
}

static bool slot_holds(const struct board *board, enum update_slot slot, const struct buffer *image)
{
    const struct flash_area *area = board->update.places[slot].area;

    return memcmp(board->data[slot == UPDATE_PRIMARY ? 0 : 1] + area->off, image->data, image->len) == 0;
}

/* Version after version: each goes to the slot whose image is not running, so the previous one is given up last. */
static void with_backup_uploads_take_turns(void **state)
{
    static const struct trailer trial = {.swap_type = SWAP_TEST, .copy_done = TRAILER_FLAG_SET};
    struct random random = {8};
    struct board board;
    enum update_slot expected = UPDATE_SECONDARY;
    struct buffer previous = {0};

    (void)state;
    board_start(&board, &random, UPDATE_WITH_BACKUP, 4, 1);
    assert_int_equal(board.update.max_image, SLOT_SIZE - SECTOR);
    assert_int_equal(board.update.image_off, 0);
    for (uint8_t version = 1; version <= 4; version++) {
        struct buffer image = make_image(&random, version, 5000U + 1000U * version);
        enum update_slot other = expected == UPDATE_SECONDARY ? UPDATE_BACKUP : UPDATE_SECONDARY;
        enum update_slot slot = UPDATE_SLOTS;
        uint64_t ops;

        assert_int_equal(update_target(&board.update, &slot), OK);
        assert_int_equal(slot, expected);
        assert_int_equal(upload(&board.update, &random, &image, NULL), OK);
        assert_int_equal(nor_power_settle(&board.power), OK);
        assert_true(slot_holds(&board, slot, &image));
        assert_true(previous.len == 0 || slot_holds(&board, other, &previous));
        assert_int_equal(update_request(&board.update, slot, false), OK);
        assert_true(slot_of(&board, slot).pending && !slot_of(&board, other).pending);

        install(&board, slot, &trial);
        assert_true(slot_of(&board, UPDATE_PRIMARY).active && !slot_of(&board, UPDATE_PRIMARY).confirmed);
        assert_int_equal(slot_of(&board, other).confirmed, true); /* what a reset leads back to */
        assert_false(slot_of(&board, slot).confirmed);
        ops = board.power.ops;
        assert_int_equal(upload(&board.update, &random, &image, NULL), ERR_UPDATE_STATE);
        assert_int_equal(update_erase(&board.update, other), ERR_UPDATE_STATE);
        assert_int_equal(update_request(&board.update, other, true), OK);
        assert_true(board.power.ops == ops);
        assert_int_equal(update_confirm(&board.update), OK);
        assert_true(slot_of(&board, UPDATE_PRIMARY).confirmed);
        buffer_free(&previous);
        previous = image;
        expected = other;
    }
    buffer_free(&previous);
    board_stop(&board);
}

/* Version 1 is in E1, version 2 runs and is in E0 as well. */
static void the_previous_version_can_be_chosen_again(void **state)
{
    static const struct trailer kept = {
        .swap_type = SWAP_PERM, .copy_done = TRAILER_FLAG_SET, .image_ok = TRAILER_FLAG_SET};
    struct random random = {9};
    struct board board;
    struct buffer old_image;
    struct buffer new_image;
    struct image_slot info;

    (void)state;
    board_start(&board, &random, UPDATE_WITH_BACKUP, 4, 1);
    old_image = make_image(&random, 1, 5000);
    new_image = make_image(&random, 2, 6000);
    assert_int_equal(upload(&board.update, &random, &new_image, NULL), OK);
    install(&board, UPDATE_SECONDARY, &kept);
    assert_int_equal(upload(&board.update, &random, &old_image, NULL), OK);
    info = slot_of(&board, UPDATE_BACKUP);
    assert_true(info.has_image && info.bootable && !info.pending && !info.active && info.version.major == 1);
    assert_int_equal(update_request(&board.update, UPDATE_BACKUP, false), OK);
    assert_true(slot_of(&board, UPDATE_BACKUP).pending && !slot_of(&board, UPDATE_SECONDARY).pending);
    /* A request for the other slot takes its place. */
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, true), OK);
    assert_true(slot_of(&board, UPDATE_SECONDARY).pending && !slot_of(&board, UPDATE_BACKUP).pending);
    assert_int_equal(update_erase(&board.update, UPDATE_BACKUP), OK);
    assert_int_equal(update_request(&board.update, UPDATE_BACKUP, true), ERR_IMAGE_HEADER);
    assert_true(slot_of(&board, UPDATE_SECONDARY).pending);
    assert_true(slot_holds(&board, UPDATE_SECONDARY, &new_image));
    assert_int_equal(update_erase(&board.update, UPDATE_PRIMARY), ERR_UPDATE_STATE);
    buffer_free(&old_image);
    buffer_free(&new_image);
    board_stop(&board);
}

/* Version 2 runs in the secondary slot, version 1 lies in the primary. */
static void where_images_are_chosen_the_slot_that_does_not_run_is_written(void **state)
{
    static const enum update_mode modes[] = {UPDATE_CHOOSE, UPDATE_CHOOSE_WITH_REVERT};

    (void)state;
    for (int i = 0; i < 2; i++) {
        bool reverts = modes[i] == UPDATE_CHOOSE_WITH_REVERT;
        struct random random = {10};
        struct board board;
        struct buffer images[4];
        enum update_slot slot = UPDATE_SLOTS;
        struct image_slot info;

        board_start(&board, &random, modes[i], 4, 1);
        for (uint8_t version = 0; version < 4; version++) {
            images[version] = make_image(&random, version, 5000);
        }
        memcpy(board.data[0] + SLOT_OFF, images[1].data, images[1].len);
        assert_int_equal(upload(&board.update, &random, &images[2], NULL), OK);
        assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), OK);
        assert_true(slot_of(&board, UPDATE_SECONDARY).pending);

        /* It runs, does not confirm itself, and is asked for once more. */
        runs_from = UPDATE_SECONDARY;
        assert_int_equal(update_open(&board.update, &board.config), OK);
        assert_int_equal(slot_of(&board, UPDATE_PRIMARY).confirmed, reverts); /* what a reset leads back to */
        if (reverts) {
            const struct update_place *place = &board.update.places[UPDATE_SECONDARY];

            assert_int_equal(trailer_program_copy_done(place->area, &place->layout), OK);
            runs_from = UPDATE_PRIMARY;
            assert_int_equal(update_open(&board.update, &board.config), OK);
            assert_true(update_is_confirmed(&board.update));
            info = slot_of(&board, UPDATE_SECONDARY);
            assert_true(info.has_image && !info.pending && !info.confirmed);
            assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), OK);
            assert_true(slot_of(&board, UPDATE_SECONDARY).pending && !slot_of(&board, UPDATE_SECONDARY).permanent);
            runs_from = UPDATE_SECONDARY;
            assert_int_equal(update_open(&board.update, &board.config), OK);
        }
        assert_true(slot_of(&board, UPDATE_SECONDARY).active && !slot_of(&board, UPDATE_PRIMARY).active);
        assert_int_equal(update_is_confirmed(&board.update), !reverts);
        assert_int_equal(upload(&board.update, &random, &images[3], NULL), reverts ? ERR_UPDATE_STATE : OK);
        assert_int_equal(update_confirm(&board.update), OK);
        assert_true(update_is_confirmed(&board.update));
        assert_int_equal(update_target(&board.update, &slot), OK);
        assert_int_equal(slot, UPDATE_PRIMARY);
        assert_int_equal(update_erase(&board.update, UPDATE_SECONDARY), ERR_UPDATE_STATE);

        /* A lower version would not be started; a request for it would be a promise that nobody keeps. */
        assert_int_equal(upload(&board.update, &random, &images[0], NULL), OK);
        assert_int_equal(update_request(&board.update, UPDATE_PRIMARY, true), ERR_IMAGE_VERSION);
        assert_false(slot_of(&board, UPDATE_PRIMARY).pending);
        assert_int_equal(upload(&board.update, &random, &images[3], NULL), OK);
        assert_true(slot_holds(&board, UPDATE_PRIMARY, &images[3]));
        assert_int_equal(slot_of(&board, UPDATE_PRIMARY).pending, !reverts);
        assert_int_equal(update_request(&board.update, UPDATE_PRIMARY, true), OK);
        info = slot_of(&board, UPDATE_PRIMARY);
        assert_true(info.pending && info.permanent && info.bootable && !info.confirmed);
        for (int version = 0; version < 4; version++) {
            buffer_free(&images[version]);
        }
        board_stop(&board);
    }
}

static void mute_external_flash_does_not_keep_the_primary_from_being_confirmed(void **state)
{
    const struct trailer trial = {.swap_type = SWAP_TEST, .copy_done = TRAILER_FLAG_SET};
    struct random random = {7};
    struct board board;
    struct image_slot info;
    uint8_t head[64] = {0};

    (void)state;
    board_start(&board, &random, UPDATE_SWAP_USING_OFFSET, 4, 4);
    assert_int_equal(program_trailer(&board, UPDATE_PRIMARY, &trial), OK);
    devices[1].absent = true;
    assert_int_equal(update_open(&board.update, &board.config), OK);
    assert_false(update_is_confirmed(&board.update));
    assert_int_equal(update_confirm(&board.update), OK);
    assert_true(update_is_confirmed(&board.update));
    assert_int_equal(update_slot_read(&board.update, UPDATE_PRIMARY, &info), OK);
    assert_true(info.active);
    assert_int_equal(update_slot_read(&board.update, UPDATE_SECONDARY, &info), ERR_FLASH_NO_DEVICE);
    assert_int_equal(update_begin(&board.update, 1000, head, sizeof(head), false), ERR_FLASH_NO_DEVICE);
    assert_int_equal(update_request(&board.update, UPDATE_SECONDARY, false), ERR_FLASH_NO_DEVICE);
    assert_int_equal(update_erase(&board.update, UPDATE_SECONDARY), ERR_FLASH_NO_DEVICE);
    board.config.ids[UPDATE_SECONDARY] = NO_ID;
    assert_int_equal(update_open(&board.update, &board.config), OK);
    assert_int_equal(update_erase(&board.update, UPDATE_SECONDARY), ERR_FLASH_NO_AREA);
    board_stop(&board);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upload_arrives_where_the_mode_wants_it),
        cmocka_unit_test(power_cuts_leave_no_half_an_image),
        cmocka_unit_test(refusals_erase_nothing),
        cmocka_unit_test(only_what_was_announced_becomes_an_image),
        cmocka_unit_test(requests_follow_the_protocol_s_states),
        cmocka_unit_test(an_image_on_trial_keeps_its_fallback),
        cmocka_unit_test(with_backup_uploads_take_turns),
        cmocka_unit_test(the_previous_version_can_be_chosen_again),
        cmocka_unit_test(where_images_are_chosen_the_slot_that_does_not_run_is_written),
        cmocka_unit_test(mute_external_flash_does_not_keep_the_primary_from_being_confirmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
