#include "tests/unit.h"

#include <string.h>

#include "boot/trailer.h"
#include "flash/model/nor_device.h"
#include "host/random.h"

#define SLOT 0x10000U

/* One slot on a model with the write block under test. */
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

static void open_slot(struct slot *slot, uint32_t write_block, struct trailer_params params)
{
    memset(slot, 0, sizeof *slot);
    slot->ranges[0] = (struct flash_range){0, 0x1000, SLOT / 0x1000};
    slot->config = (struct nor_config){.name = "slot",
                                       .geometry = {SLOT, write_block, 0xff, 1, slot->ranges},
                                       .max_programs = write_block == 1 ? 0 : 1,
                                       .timing = {256, 1, 1, 1, erase_time, 1}};
    memset(slot->data, 0xff, SLOT);
    nor_device_init(&slot->device, &slot->power, &slot->config, slot->data);
    nor_power_on(&slot->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    slot->area = (struct flash_area){.dev = &slot->device.flash, .size = SLOT};
    assert_int_equal(trailer_layout_init(&slot->layout, &slot->area, &params), OK);
}

/* The worked offsets of MCUboot's documentation, from the end of a slot. */
static void test_offsets_are_mcuboots(void **state)
{
    static const struct {
        uint32_t write_block, max_align, cells;
        bool tlv_sizes;
        uint32_t image_ok, copy_done, swap_info, swap_size, status;
    } rows[] = {
        {4, 8, 3 * 128, false, 24, 32, 40, 48, 1584},    {4, 8, 2 * 128, true, 24, 32, 40, 56, 1080},
        {16, 16, 3 * 8, false, 32, 48, 64, 80, 464},     {32, 32, 3 * 8, false, 64, 96, 128, 160, 928},
        {1, 8, 2 * 256, true, 24, 32, 40, 56, 512 + 56}, {4, 8, 0, false, 24, 32, 40, 48, 48},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slot slot;

        open_slot(&slot, rows[i].write_block,
                  (struct trailer_params){
                      .max_align = rows[i].max_align, .status_cells = rows[i].cells, .tlv_sizes = rows[i].tlv_sizes});
        assert_int_equal(slot.layout.magic, SLOT - 16);
        assert_int_equal(slot.layout.image_ok, SLOT - rows[i].image_ok);
        assert_int_equal(slot.layout.copy_done, SLOT - rows[i].copy_done);
        assert_int_equal(slot.layout.swap_info, SLOT - rows[i].swap_info);
        assert_int_equal(slot.layout.swap_size, SLOT - rows[i].swap_size);
        assert_int_equal(slot.layout.status, SLOT - rows[i].status);
        nor_device_free(&slot.device);
    }
}

static void test_impossible_layouts_are_refused(void **state)
{
    struct slot slot;
    struct trailer_layout layout;

    (void)state;
    open_slot(&slot, 16, (struct trailer_params){.max_align = 16, .status_cells = 8});
    assert_int_equal(
        trailer_layout_init(&layout, &slot.area, &(struct trailer_params){.max_align = 8, .status_cells = 8}),
        ERR_BOOT_GEOMETRY);
    assert_int_equal(
        trailer_layout_init(&layout, &slot.area, &(struct trailer_params){.max_align = 256, .status_cells = 8}),
        ERR_BOOT_GEOMETRY);
    assert_int_equal(
        trailer_layout_init(&layout, &slot.area, &(struct trailer_params){.max_align = 16, .status_cells = 0x20000000}),
        ERR_BOOT_GEOMETRY);
    slot.area.size = 64;
    assert_int_equal(trailer_layout_init(&layout, &slot.area, &(struct trailer_params){.max_align = 16}),
                     ERR_BOOT_GEOMETRY);
    nor_device_free(&slot.device);
}

static void assert_same(const struct trailer *a, const struct trailer *b)
{
    assert_int_equal(a->magic, b->magic);
    assert_int_equal(a->image_ok, b->image_ok);
    assert_int_equal(a->copy_done, b->copy_done);
    assert_int_equal(a->swap_type, b->swap_type);
    assert_int_equal(a->image_index, b->image_index);
    assert_int_equal(a->swap_size, b->swap_size);
    assert_int_equal(a->tlv_sizes, b->tlv_sizes);
    assert_int_equal(a->status_done, b->status_done);
}

/* Property: what is programmed reads back, for every write block, with each block programmed once. */
static void test_what_is_programmed_reads_back(void **state)
{
    struct random random = {3};

    (void)state;
    for (uint32_t run = 0; run < 200; run++) {
        uint32_t write_block = 1U << random_below(&random, 6);
        struct slot slot;
        struct trailer found;
        struct trailer wanted = {.magic = TRAILER_MAGIC_GOOD,
                                 .image_ok = (run & 1) != 0 ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET,
                                 .copy_done = (run & 2) != 0 ? TRAILER_FLAG_SET : TRAILER_FLAG_UNSET,
                                 .swap_type = (enum swap_type)(1 + random_below(&random, 4)),
                                 .swap_size = (uint32_t)random_next(&random),
                                 .tlv_sizes = (uint32_t)random_next(&random)};

        open_slot(&slot, write_block,
                  (struct trailer_params){
                      .max_align = trailer_max_align(write_block, 1), .status_cells = 32, .tlv_sizes = true});
        wanted.image_index = wanted.swap_type == SWAP_NONE ? 0 : (uint8_t)random_below(&random, 4);
        wanted.status_done = random_below(&random, 33);
        assert_int_equal(trailer_program(&slot.area, &slot.layout, &wanted), OK);
        for (uint32_t i = 0; i < wanted.status_done; i++) {
            assert_int_equal(trailer_program_status(&slot.area, &slot.layout, i, (uint8_t)(1 + i % 2)), OK);
        }
        assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
        assert_same(&found, &wanted);
        assert_int_equal(trailer_status_is_clear(&found), wanted.status_done == 0);
        assert_int_equal(trailer_erase(&slot.area, &slot.layout), OK);
        assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
        assert_int_equal(found.magic, TRAILER_MAGIC_UNSET);
        assert_true(trailer_status_is_clear(&found));
        assert_string_equal(slot.device.model.violation, "");
        nor_device_free(&slot.device);
    }
}

/* Property: a cut anywhere in trailer_program never leaves a good magic over unfinished fields. */
static void test_a_good_magic_means_that_all_fields_are_there(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 300; seed++) {
        struct slot slot;
        struct trailer found;
        struct trailer wanted = trailer_unset();

        wanted.swap_type = SWAP_PERM;
        wanted.image_ok = TRAILER_FLAG_SET;
        wanted.swap_size = 0x1234;
        wanted.tlv_sizes = 0x00560078;
        open_slot(&slot, 4, (struct trailer_params){.max_align = 8, .status_cells = 32, .tlv_sizes = true});
        nor_power_on(&slot.power, seed % 5, NOR_CUT_TORN, seed);
        assert_int_equal(trailer_program(&slot.area, &slot.layout, &wanted), ERR_FLASH_CUT);
        nor_power_on(&slot.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
        wanted.magic = TRAILER_MAGIC_GOOD;
        if (found.magic == TRAILER_MAGIC_GOOD) {
            assert_same(&found, &wanted);
        }
        nor_device_free(&slot.device);
    }
}

static void test_every_byte_pattern_has_a_meaning(void **state)
{
    struct random random = {11};
    struct slot slot;
    struct trailer found;

    (void)state;
    open_slot(&slot, 8, (struct trailer_params){.max_align = 8, .status_cells = 64, .tlv_sizes = true});
    for (uint32_t run = 0; run < 500; run++) {
        random_fill(&random, slot.data + SLOT - 1024, 1024);
        assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
        assert_int_equal(found.magic, TRAILER_MAGIC_BAD);
        assert_in_range(found.swap_type, SWAP_NONE, SWAP_REVERT);
        assert_in_range(found.status_done, 0, 64);
    }
    nor_device_free(&slot.device);
}

static void test_a_request_is_whole_or_absent(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 300; seed++) {
        struct slot slot;
        struct trailer found;

        open_slot(&slot, 1, (struct trailer_params){.max_align = 8});
        nor_power_on(&slot.power, seed % 3, seed % 2 == 0 ? NOR_CUT_CLEAN : NOR_CUT_TORN, seed);
        assert_int_equal(trailer_request(&slot.area, &slot.layout, true, 0), ERR_FLASH_CUT);
        nor_power_on(&slot.power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
        assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
        assert_true(found.magic != TRAILER_MAGIC_GOOD || found.image_ok == TRAILER_FLAG_SET);
        if (found.magic == TRAILER_MAGIC_UNSET && found.swap_type != SWAP_REVERT) {
            assert_int_equal(trailer_request(&slot.area, &slot.layout, true, 0), OK);
        }
        nor_device_free(&slot.device);
    }
}

static void test_request_and_confirm_follow_the_magic(void **state)
{
    struct slot slot;
    struct trailer found;

    (void)state;
    open_slot(&slot, 4, (struct trailer_params){.max_align = 8});
    assert_int_equal(trailer_confirm(&slot.area, &slot.layout), OK);
    assert_int_equal(slot.power.ops, 0);
    assert_int_equal(trailer_request(&slot.area, &slot.layout, false, 0), OK);
    assert_int_equal(trailer_request(&slot.area, &slot.layout, true, 0), OK);
    assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
    assert_int_equal(found.swap_type, SWAP_TEST);
    assert_int_equal(found.image_ok, TRAILER_FLAG_UNSET);
    assert_int_equal(trailer_confirm(&slot.area, &slot.layout), OK);
    assert_int_equal(trailer_confirm(&slot.area, &slot.layout), OK);
    assert_int_equal(trailer_read(&slot.area, &slot.layout, &found), OK);
    assert_int_equal(found.image_ok, TRAILER_FLAG_SET);
    memset(slot.data + SLOT - 16, 0x11, 16);
    assert_int_equal(trailer_request(&slot.area, &slot.layout, false, 0), ERR_BOOT_TRAILER);
    assert_int_equal(trailer_confirm(&slot.area, &slot.layout), ERR_BOOT_TRAILER);
    nor_device_free(&slot.device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets_are_mcuboots),
        cmocka_unit_test(test_impossible_layouts_are_refused),
        cmocka_unit_test(test_what_is_programmed_reads_back),
        cmocka_unit_test(test_a_good_magic_means_that_all_fields_are_there),
        cmocka_unit_test(test_every_byte_pattern_has_a_meaning),
        cmocka_unit_test(test_a_request_is_whole_or_absent),
        cmocka_unit_test(test_request_and_confirm_follow_the_magic),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
