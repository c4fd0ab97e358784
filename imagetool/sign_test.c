#include "tests/unit.h"

#include <string.h>

#include "imagetool/sign.h"
#include "imagetool/version.h"

static const uint8_t payload[] = {0, 1, 2, 3, 4, 5, 6, 7};

static void assert_hex(const struct buffer *image, const char *expected)
{
    struct buffer text = {0};
    size_t i;

    for (i = 0; i < image->len; i++) {
        buffer_print(&text, "%02x", image->data[i]);
    }
    assert_string_equal(buffer_text(&text), expected);
    buffer_free(&text);
}

/* The format worked out by hand (docs/SPEC.md, "Image format"): header of 32 bytes, payload 00..07, version 1.2.3+4. */
static void test_known_images(void **state)
{
    const uint32_t counter = 7;
    struct sign_params params = {.version = {1, 2, 3, 4}};
    struct buffer image = {0};
    struct failure failure;

    (void)state;
    assert_int_equal(image_sign(&params, NULL, payload, sizeof(payload), &image, &failure), OK);
    assert_hex(&image,
               "3db8f3960000000020000000080000000000000001020300040000000000000000010203040506070769280010002000"
               "098ff99b688d7333abf48856d672985fc60ea2e3f694c7ca0cb268bfab5fd62b");
    buffer_free(&image);
    params.security_counter = &counter;
    assert_int_equal(image_sign(&params, NULL, payload, sizeof(payload), &image, &failure), OK);
    assert_hex(&image,
               "3db8f3960000000020000c000800000000000000010203000400000000000000000102030405060708690c0050000400"
               "070000000769280010002000950a59c70c08659986d255772c4e5334592156a16781d0d7087bdb30f78f4b2e");
    buffer_free(&image);
}

static void test_sizes_are_enforced(void **state)
{
    struct sign_params params = {.slot = {.size = 0x1000, .align = 4, .erased_value = 0xff}};
    uint8_t large[0x1000] = {0};
    /* header 32, TLVs 40, trailer 128 * 3 * 4 + 4 * 8 + 16 */
    const size_t room = 0x1000 - 1584 - 32 - 40;
    struct buffer image = {0};
    struct failure failure;

    (void)state;
    assert_int_equal(slot_trailer_size(&params.slot), 1584);
    assert_int_equal(image_sign(&params, NULL, large, room, &image, &failure), OK);
    assert_int_equal(image_sign(&params, NULL, large, room + 1, &image, &failure), ERR_IMAGE_SIZE);
    assert_non_null(strstr(failure.text, "at most 0x9d0 bytes"));
    params.max_image_size = 100;
    assert_int_equal(image_sign(&params, NULL, large, 28, &image, &failure), OK);
    assert_int_equal(image_sign(&params, NULL, large, 29, &image, &failure), ERR_IMAGE_SIZE);
    params = (struct sign_params){.slot = {.size = 0x100, .align = 1, .overwrite_only = true}};
    assert_int_equal(slot_trailer_size(&params.slot), 40);
    buffer_free(&image);
}

static void test_padding_puts_the_trailer_at_the_end(void **state)
{
    static const uint8_t magic[] = IMAGE_TRAILER_MAGIC_8;
    struct slot_layout slot = {.size = 0x1000, .align = 4, .erased_value = 0xff};
    struct buffer image = {0};
    struct failure failure;

    (void)state;
    buffer_append(&image, payload, sizeof(payload));
    assert_int_equal(slot_pad(&slot, SLOT_CONFIRMED, &image, &failure), OK);
    assert_int_equal(image.len, slot.size);
    assert_memory_equal(image.data + 0x1000 - 16, magic, 16);
    assert_int_equal(image.data[0x1000 - 24], 1);
    assert_int_equal(image.data[0x1000 - 23], 0xff);
    assert_int_equal(slot_pad(&slot, SLOT_CONFIRMED, &image, &failure), ERR_IMAGE_SIZE);
    buffer_free(&image);
    slot = (struct slot_layout){.size = 0x1000, .align = 32, .max_sectors = 8};
    assert_int_equal(slot_pad(&slot, SLOT_CONFIRMED, &image, &failure), OK);
    assert_int_equal(image.data[0x1000 - 16], 32);
    assert_int_equal(image.data[0x1000 - 64], 1);
    buffer_free(&image);
    slot.size = 0;
    assert_int_equal(slot_pad(&slot, SLOT_UNMARKED, &image, &failure), ERR_IMAGE_SIZE);
    buffer_free(&image);
}

static void expect_refusal(const struct sign_params *params, const char *why)
{
    struct buffer image = {0};
    struct failure failure;

    assert_int_equal(image_sign(params, NULL, payload, sizeof(payload), &image, &failure), ERR_HOST_INPUT);
    if (strstr(failure.text, why) == NULL) {
        fail_msg("'%s' does not say '%s'", failure.text, why);
    }
    assert_int_equal(image.len, 0);
}

static void test_impossible_parameters_are_refused(void **state)
{
    static const uint8_t large[0x10000];
    const struct sign_tlv twice[] = {{0xa0, payload, 1}, {0xa0, payload, 1}};
    const struct sign_tlv standard = {IMAGE_TLV_SEC_CNT, payload, 4};
    const struct sign_tlv long_tlv = {0xa0, large, sizeof(large)};
    const struct sign_tlv sum[] = {{0xa0, large, 0x9000}, {0xa1, large, 0x9000}};

    (void)state;
    expect_refusal(&(struct sign_params){.header_size = 31}, "too small");
    expect_refusal(&(struct sign_params){.load_addr = 1, .rom_fixed = 1}, "not both");
    expect_refusal(&(struct sign_params){.boot_record = "thirteenchars"}, "12 characters");
    expect_refusal(&(struct sign_params){.custom = twice, .custom_count = 2}, "twice");
    expect_refusal(&(struct sign_params){.custom = &standard, .custom_count = 1}, "0x0050 is not from");
    expect_refusal(&(struct sign_params){.custom = &long_tlv, .custom_count = 1}, "exceeds 65535");
    expect_refusal(&(struct sign_params){.custom = sum, .custom_count = 2}, "TLV area");
}

static void test_versions(void **state)
{
    static const char *const bad[] = {"",      "1.",    "1.2.3.4", "01",        "1.02",      "1.2.3+",
                                      "1.2+3", "256.0", "1.256",   "1.0.65536", "v1",        "1.2.3+4294967296",
                                      " 1",    "1 ",    "+1",      "-1",        "1.2.3+4+5", "99999999999999999999"};
    struct image_version version;
    struct failure failure;
    char text[VERSION_TEXT_SIZE];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(version_parse(bad[i], &version, &failure), ERR_HOST_INPUT);
    }
    assert_int_equal(version_parse("255.255.65535+4294967295", &version, &failure), OK);
    assert_string_equal(version_print(&version, text), "255.255.65535+4294967295");
    assert_int_equal(version_parse("0.10", &version, &failure), OK);
    assert_string_equal(version_print(&version, text), "0.10.0+0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_images),
        cmocka_unit_test(test_sizes_are_enforced),
        cmocka_unit_test(test_padding_puts_the_trailer_at_the_end),
        cmocka_unit_test(test_impossible_parameters_are_refused),
        cmocka_unit_test(test_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
