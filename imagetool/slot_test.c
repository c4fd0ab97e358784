/* The host's view of a trailer against the bootloader's: each reads what the other writes. */
#include "tests/unit.h"

#include <string.h>

#include "boot/trailer.h"
#include "flash/model/nor_device.h"
#include "imagetool/slot.h"

#define SLOT 0x10000U

/* A slot of the bootloader on a model, with the write block under test and MCUboot's usual 128 status entries. */
struct slot {
    struct nor_power power;
    struct nor_device device;
    struct nor_config config;
    struct flash_range ranges[1];
    uint8_t data[SLOT];
    struct flash_area area;
    struct trailer_layout layout;
};

static const struct nor_erase_time erase_time[] = {{0x1000, 1}};

static void open_slot(struct slot *slot, uint32_t write_block)
{
    const struct trailer_params params = {.max_align = write_block < 8 ? 8 : write_block, .status_cells = 128 * 3};

    memset(slot, 0, sizeof(*slot));
    slot->ranges[0] = (struct flash_range){0, 0x1000, SLOT / 0x1000};
    slot->config = (struct nor_config){.name = "slot",
                                       .geometry = {SLOT, write_block, 0xff, 1, slot->ranges},
                                       .timing = {256, 1, 1, 1, erase_time, 1}};
    memset(slot->data, 0xff, SLOT);
    nor_device_init(&slot->device, &slot->power, &slot->config, slot->data);
    nor_power_on(&slot->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    slot->area = (struct flash_area){.dev = &slot->device.flash, .size = SLOT};
    assert_int_equal(trailer_layout_init(&slot->layout, &slot->area, &params), OK);
}

static void test_bootloader_reads_what_padding_writes(void **state)
{
    static const enum slot_mark marks[] = {SLOT_UNMARKED, SLOT_TEST, SLOT_CONFIRMED};

    (void)state;
    for (uint32_t write_block = 1; write_block <= 32; write_block *= 2) {
        for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
            const struct slot_layout layout = {.size = SLOT, .align = write_block, .erased_value = 0xff};
            struct slot slot;
            struct trailer found;
            struct buffer image = {0};
            struct failure failure;

            open_slot(&slot, write_block);
            assert_int_equal(slot_trailer_size(&layout), SLOT - slot.layout.status);
            assert_int_equal(slot_pad(&layout, marks[i], &image, &failure), OK);
            memcpy(slot.data, image.data, SLOT);
            assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
            assert_int_equal(found.magic, TRAILER_MAGIC_GOOD);
            assert_int_equal(found.image_ok, marks[i] == SLOT_CONFIRMED ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET);
            assert_int_equal(found.copy_done, TRAILER_FLAG_UNSET);
            assert_int_equal(found.swap_type, SWAP_NONE);
            assert_true(trailer_status_is_clear(&found));
            buffer_free(&image);
            nor_device_free(&slot.device);
        }
    }
}

static void test_dump_reads_what_the_bootloader_writes(void **state)
{
    (void)state;
    for (uint32_t write_block = 1; write_block <= 32; write_block *= 2) {
        const struct trailer wanted = {.magic = TRAILER_MAGIC_GOOD,
                                       .image_ok = TRAILER_FLAG_SET,
                                       .copy_done = TRAILER_FLAG_SET,
                                       .swap_type = SWAP_PERM,
                                       .image_index = 1,
                                       .swap_size = 0x12345};
        struct slot slot;
        struct slot_trailer found;

        open_slot(&slot, write_block);
        slot_read_trailer(slot.data, SLOT, &found);
        assert_int_equal(found.magic_state, SLOT_MAGIC_UNSET);
        assert_int_equal(trailer_program(&slot.area, &slot.layout, &wanted), OK);
        slot_read_trailer(slot.data, SLOT, &found);
        assert_int_equal(found.magic_state, SLOT_MAGIC_GOOD);
        assert_int_equal(found.max_align, slot.layout.max_align);
        assert_int_equal(found.image_ok, 1);
        assert_int_equal(found.copy_done, 1);
        assert_int_equal(found.swap_info, 0x13);
        assert_int_equal(found.swap_size, 0x12345);
        slot.data[SLOT - 1] ^= 1;
        slot_read_trailer(slot.data, SLOT, &found);
        assert_int_equal(found.magic_state, SLOT_MAGIC_BAD);
        nor_device_free(&slot.device);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootloader_reads_what_padding_writes),
        cmocka_unit_test(test_dump_reads_what_the_bootloader_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
