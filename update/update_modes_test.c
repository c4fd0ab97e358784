/* What differs between the update modes: how large an image may be, where it goes, what leads back. */
#include "update/update_bench.h"

#include <string.h>

#include "boot/limits.h"

/* Application and bootloader compute the limit apart from one another, since neither links the other's code. */
static void the_largest_image_is_the_bootloader_s(void **state)
{
    static const struct {
        enum update_mode mode;
        const struct boot_mode *boot; /* NULL: images are chosen */
    } modes[] = {
        {UPDATE_OVERWRITE_ONLY, &boot_mode_overwrite},
        {UPDATE_SWAP_USING_OFFSET, &boot_mode_swap_offset},
        {UPDATE_CHOOSE, NULL},
        {UPDATE_CHOOSE_WITH_REVERT, NULL},
    };
    struct random random = {12};

    (void)state;
    for (size_t i = 0; i < 20 * sizeof(modes) / sizeof(modes[0]); i++) {
        struct board board;
        struct boot_areas areas;
        struct boot_config config;
        uint32_t bytes = 0;

        board_start(&board, &random, modes[i / 20].mode, random_block(&random), random_block(&random));
        areas = (struct boot_areas){.primary = board.update.places[UPDATE_PRIMARY].area,
                                    .secondary = board.update.places[UPDATE_SECONDARY].area};
        config = (struct boot_config){
            .images = &areas, .image_count = 1, .mode = modes[i / 20].boot, .max_sectors = board.config.max_sectors};
        assert_int_equal(limits_largest_image(&config, &areas, &bytes), OK);
        assert_int_equal(board.update.max_image, bytes);
        board_stop(&board);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_image_is_the_bootloader_s),
        cmocka_unit_test(with_backup_uploads_take_turns),
        cmocka_unit_test(the_previous_version_can_be_chosen_again),
        cmocka_unit_test(where_images_are_chosen_the_slot_that_does_not_run_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
