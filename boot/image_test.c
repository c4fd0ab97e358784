#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "boot/image.h"
#include "flash/model/nor_device.h"
#include "host/random.h"
#include "imagetool/sign.h"

#define SLOT 0x10000U

struct slot {
    struct nor_power power;
    struct nor_device device;
    uint8_t *data;
    struct flash_area area;
    struct buffer image;
};

static const struct flash_range ranges[] = {{0, 0x1000, SLOT / 0x1000}};
static const struct nor_erase_time erase_time[] = {{0x1000, 1}};
static const struct nor_config config = {
    .name = "slot", .geometry = {SLOT, 4, 0xff, 1, ranges}, .timing = {256, 1, 1, 1, erase_time, 1}};

static const struct sign_tlv custom[] = {{0x00a0, "first", 5}, {0x00b0, "", 0}};

/* Puts an unsigned image with `custom_count` protected TLVs at `off`. */
static void open_slot(struct slot *slot, uint32_t off, size_t payload_len, size_t custom_count)
{
    struct sign_params params = {.header_size = 0x80, .custom = custom, .custom_count = custom_count};
    uint8_t payload[2000];
    struct failure failure;

    memset(slot, 0, sizeof *slot);
    memset(payload, 0x5a, sizeof payload);
    slot->data = host_alloc(SLOT);
    memset(slot->data, 0xff, SLOT);
    assert_int_equal(image_sign(&params, NULL, payload, payload_len, &slot->image, &failure), OK);
    memcpy(slot->data + off, slot->image.data, slot->image.len);
    nor_device_init(&slot->device, &slot->power, &config, slot->data);
    nor_power_on(&slot->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    slot->area = (struct flash_area){.dev = &slot->device.flash, .size = SLOT};
}

static void close_slot(struct slot *slot)
{
    nor_device_free(&slot->device);
    buffer_free(&slot->image);
    free(slot->data);
}

static void test_sizes_are_those_of_the_image(void **state)
{
    (void)state;
    for (size_t custom_count = 0; custom_count <= 2; custom_count++) {
        struct slot slot;
        struct image image;

        open_slot(&slot, 0x1000, 1000, custom_count);
        assert_int_equal(image_open_untrusted(&image, &slot.area, 0x1000, SLOT), OK);
        assert_int_equal(image.end, slot.image.len);
        assert_int_equal(image.protected_end, 0x80 + 1000 + image.header.protect_tlv_size);
        assert_int_equal(image_open_untrusted(&image, &slot.area, 0x1000, image.end), OK);
        assert_int_equal(image_open_untrusted(&image, &slot.area, 0x1000, image.end - 1), ERR_IMAGE_SIZE);
        assert_true(image_has_magic(&slot.area, 0x1000));
        assert_false(image_has_magic(&slot.area, 0));
        assert_false(image_has_magic(&slot.area, SLOT - 2));
        close_slot(&slot);
    }
}

static void test_every_tlv_is_seen_once_in_its_area(void **state)
{
    (void)state;
    for (size_t custom_count = 0; custom_count <= 2; custom_count++) {
        struct slot slot;
        struct image image;
        struct image_tlv_iter iter;
        struct image_tlv_entry entry;
        bool more;
        size_t protected_seen = 0;
        size_t other_seen = 0;

        open_slot(&slot, 0, 100, custom_count);
        assert_int_equal(image_open_untrusted(&image, &slot.area, 0, SLOT), OK);
        iter = image_tlv_begin(&image);
        while (image_tlv_next_untrusted(&iter, &entry, &more) == OK && more) {
            assert_int_equal(entry.is_protected, entry.type >= 0xa0);
            protected_seen += entry.is_protected ? 1 : 0;
            other_seen += entry.is_protected ? 0 : 1;
        }
        assert_false(more);
        assert_int_equal(protected_seen, custom_count);
        assert_int_equal(other_seen, 1);
        close_slot(&slot);
    }
}

static void test_headers_that_lie_are_refused(void **state)
{
    static const struct {
        uint32_t off;
        uint8_t len;
        uint32_t value;
        int expected;
    } rows[] = {
        {0, 4, 0x96f3b83c, ERR_IMAGE_HEADER},
        {0, 4, 0xffffffff, ERR_IMAGE_HEADER},
        {8, 2, 31, ERR_IMAGE_SIZE},
        {8, 2, 0xffff, ERR_IMAGE_SIZE},
        {12, 4, 0xffffffff, ERR_IMAGE_SIZE},
        {12, 4, 0xffffff80, ERR_IMAGE_SIZE},
        {12, 4, SLOT, ERR_IMAGE_SIZE},
        {12, 4, SLOT - 0x80, ERR_IMAGE_SIZE},
        {12, 4, 104, ERR_IMAGE_TLV},
        {10, 2, 4, ERR_IMAGE_TLV},
        {10, 2, 3, ERR_IMAGE_TLV},
        {16, 4, 0x4, ERR_IMAGE_FLAGS},
        {16, 4, 0x10, ERR_IMAGE_FLAGS},
        {16, 4, 0x400, ERR_IMAGE_FLAGS},
        {16, 4, 0x1, ERR_IMAGE_FLAGS},
        {228, 2, 0x6908, ERR_IMAGE_TLV},
        {230, 2, 3, ERR_IMAGE_TLV},
        {230, 2, 0xffff, ERR_IMAGE_SIZE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct slot slot;
        struct image image;

        open_slot(&slot, 0, 100, 0);
        memcpy(slot.data + rows[i].off, &rows[i].value, rows[i].len);
        assert_int_equal(image_open_untrusted(&image, &slot.area, 0, SLOT), rows[i].expected);
        close_slot(&slot);
    }
}

/* Fuzz: whatever is in the slot, header and TLVs are walked inside it and to an end. */
static void test_mutated_images_are_survived(void **state)
{
    struct random random = {31};
    unsigned opened = 0;

    (void)state;
    for (unsigned run = 0; run < 3000; run++) {
        struct slot slot;
        struct image image;
        struct image_tlv_entry entry;
        uint32_t off = (run & 1) != 0 ? 0 : (uint32_t)(SLOT - 400);
        bool more = true;

        open_slot(&slot, off, 64, 2);
        for (unsigned flips = random_below(&random, 6); flips > 0; flips--) {
            size_t at = random_below(&random, 3) == 0 ? random_below(&random, 32)
                                                      : 0xc0 + random_below(&random, (uint32_t)slot.image.len - 0xc0);

            slot.data[off + at] = (uint8_t)random_next(&random);
        }
        if (image_open_untrusted(&image, &slot.area, off, SLOT) == OK) {
            struct image_tlv_iter iter = image_tlv_begin(&image);

            opened++;
            while (more && image_tlv_next_untrusted(&iter, &entry, &more) == OK) {
                assert_true(!more || (entry.off >= off && entry.off + entry.len <= off + image.end));
            }
        }
        close_slot(&slot);
    }
    assert_true(opened > 300);
}

static void test_versions_are_ordered_without_the_build_number(void **state)
{
    static const struct image_version versions[] = {
        {0, 0, 0, 0}, {0, 0, 1, 9}, {0, 2, 0, 0}, {1, 0, 65535, 0}, {255, 0, 0, 0}};
    struct image_version other = versions[1];

    (void)state;
    for (size_t i = 0; i + 1 < sizeof versions / sizeof versions[0]; i++) {
        assert_true(image_version_compare(&versions[i], &versions[i + 1]) < 0);
        assert_true(image_version_compare(&versions[i + 1], &versions[i]) > 0);
    }
    other.build = 1;
    assert_int_equal(image_version_compare(&versions[1], &other), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes_are_those_of_the_image),
        cmocka_unit_test(test_every_tlv_is_seen_once_in_its_area),
        cmocka_unit_test(test_headers_that_lie_are_refused),
        cmocka_unit_test(test_mutated_images_are_survived),
        cmocka_unit_test(test_versions_are_ordered_without_the_build_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
