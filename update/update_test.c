/* Updates as an application makes them, over two NOR devices of random geometry, with and without power. */
#include "update/update_bench.h"

#include <string.h>

#include "boot/image.h"

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
        cmocka_unit_test(mute_external_flash_does_not_keep_the_primary_from_being_confirmed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
