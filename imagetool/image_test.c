#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "host/random.h"
#include "imagetool/base64.h"
#include "imagetool/dependency.h"
#include "imagetool/dump.h"
#include "imagetool/sign.h"
#include "imagetool/source.h"
#include "imagetool/verify.h"

struct world {
    struct signing_key *key;
    struct signing_key *other;
    struct buffer image; /* signed by `key`, with protected TLVs, padded and confirmed */
};

static int set_up(void **state)
{
    static struct world world;
    static const uint32_t counter = 77;
    static const struct image_dependency dependency = {.image_id = 1, .min_version = {1, 2, 3, 4}};
    static const struct sign_tlv custom = {0xa0, "custom", 6};
    const struct sign_params params = {
        .version = {2, 0, 1, 9},
        .header_size = 64,
        .header_fill = 0xff,
        .rom_fixed = 0xc000,
        .security_counter = &counter,
        .boot_record = "app",
        .dependencies = &dependency,
        .dependency_count = 1,
        .custom = &custom,
        .custom_count = 1,
        .slot = {.size = 4096, .align = 4, .erased_value = 0xff},
    };
    uint8_t payload[200];
    struct random random = {1};
    struct failure failure;

    random_fill(&random, payload, sizeof(payload));
    if (signing_key_generate(key_type_by_name("ecdsa-p256"), &world.key, &failure) != OK ||
        signing_key_generate(key_type_by_name("ecdsa-p256"), &world.other, &failure) != OK ||
        image_sign(&params, world.key, payload, sizeof(payload), &world.image, &failure) != OK ||
        slot_pad(&params.slot, SLOT_CONFIRMED, &world.image, &failure) != OK) {
        return -1;
    }
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    signing_key_free(world->key);
    signing_key_free(world->other);
    buffer_free(&world->image);
    return 0;
}

static int verify_bytes(const uint8_t *data, size_t len, const struct signing_key *key, struct failure *failure)
{
    struct image_view view;
    struct verify_result result;
    int err = image_parse(data, len, &view, failure);

    if (err != OK) {
        return err;
    }
    err = image_verify(&view, key, &result, failure);
    image_view_free(&view);
    return err;
}

static void test_what_was_signed_is_read_back(void **state)
{
    const struct world *world = *state;
    struct image_view view;
    struct failure failure;
    const struct image_entry *entry;

    assert_int_equal(image_parse(world->image.data, world->image.len, &view, &failure), OK);
    assert_int_equal(view.header.hdr_size, 64);
    assert_int_equal(view.header.img_size, 200);
    assert_int_equal(view.header.flags, IMAGE_FLAG_ROM_FIXED);
    assert_int_equal(view.header.load_addr, 0xc000);
    assert_int_equal(view.header.version.build, 9);
    entry = image_find(&view, IMAGE_TLV_SEC_CNT, NULL);
    assert_true(entry->is_protected && entry->len == 4 && entry->data[0] == 77);
    assert_null(image_find(&view, IMAGE_TLV_SEC_CNT, entry));
    entry = image_find(&view, 0xa0, NULL);
    assert_memory_equal(entry->data, "custom", 6);
    assert_false(image_find(&view, IMAGE_TLV_ECDSA_SIG, NULL)->is_protected);
    image_view_free(&view);
}

static void test_only_the_right_key_verifies(void **state)
{
    const struct world *world = *state;
    struct failure failure;

    assert_int_equal(verify_bytes(world->image.data, world->image.len, world->key, &failure), OK);
    assert_int_equal(verify_bytes(world->image.data, world->image.len, NULL, &failure), OK);
    assert_int_equal(verify_bytes(world->image.data, world->image.len, world->other, &failure), ERR_IMAGE_SIGNATURE);
}

/* Nothing that decides can be changed: each byte up to the unprotected area, then digest, key name and signature. */
static void test_every_changed_byte_is_noticed(void **state)
{
    const struct world *world = *state;
    struct image_view view;
    struct failure failure;
    size_t at;
    size_t end;

    assert_int_equal(image_parse(world->image.data, world->image.len, &view, &failure), OK);
    end = view.end;
    image_view_free(&view);
    for (at = 0; at < end; at++) {
        world->image.data[at] ^= 0x10;
        if (verify_bytes(world->image.data, world->image.len, world->key, &failure) == OK) {
            fail_msg("a change at 0x%zx went unnoticed", at);
        }
        world->image.data[at] ^= 0x10;
    }
}

static void test_signature_of_a_key_that_the_image_does_not_name(void **state)
{
    const struct world *world = *state;
    struct buffer copy = {0};
    struct image_view view;
    struct failure failure;
    const struct image_entry *entry;

    buffer_append(&copy, world->image.data, world->image.len);
    assert_int_equal(image_parse(copy.data, copy.len, &view, &failure), OK);
    entry = image_find(&view, IMAGE_TLV_KEYHASH, NULL);
    copy.data[entry->data - copy.data] ^= 1;
    image_view_free(&view);
    assert_int_equal(verify_bytes(copy.data, copy.len, world->key, &failure), ERR_IMAGE_KEY);
    buffer_free(&copy);
}

static void test_every_truncation_is_an_error(void **state)
{
    const struct world *world = *state;
    struct image_view view;
    struct failure failure;
    size_t end;
    size_t len;

    assert_int_equal(image_parse(world->image.data, world->image.len, &view, &failure), OK);
    end = view.end;
    image_view_free(&view);
    for (len = 0; len < end; len++) {
        struct buffer exact = {0}; /* so that the sanitizer sees a read behind it */

        buffer_append(&exact, world->image.data, len);
        assert_int_not_equal(image_parse(exact.data, exact.len, &view, &failure), OK);
        buffer_free(&exact);
    }
}

/*
 * Mutations of header, TLVs and trailer: read, verified and printed without ever leaving the bytes; what still verifies
 * is what was signed.
 */
static void test_mutated_images_are_read_safely(void **state)
{
    const struct world *world = *state;
    struct random random = {0x5eed};
    int parsed = 0;
    int round;

    for (round = 0; round < 6000; round++) {
        struct buffer copy = {0};
        struct buffer out = {0};
        struct image_view view;
        struct failure failure = {0};
        size_t changes = 1 + random_below(&random, 4);

        buffer_append(&copy, world->image.data,
                      round % 3 == 0 ? random_below(&random, (uint32_t)world->image.len) : world->image.len);
        for (; changes > 0 && copy.len > 0; changes--) {
            /* Mostly where sizes are: header, TLV areas at 264 and on, trailer. */
            static const uint32_t bases[] = {0, 264, 4096 - 64};
            size_t at = bases[random_below(&random, 3)] + random_below(&random, 64);

            copy.data[at % copy.len] = (uint8_t)random_next(&random);
        }
        if (image_parse(copy.data, copy.len, &view, &failure) == OK) {
            struct verify_result result;

            parsed++;
            if (image_verify(&view, world->key, &result, &failure) == OK) {
                assert_memory_equal(view.data, world->image.data, view.unprotected_off);
            }
            dump_print_text("x", &view, &out);
            dump_print_json("x", &view, &out);
            assert_true(out.len > 0);
            image_view_free(&view);
        } else {
            assert_true(strlen(failure.text) > 0);
        }
        buffer_free(&copy);
        buffer_free(&out);
    }
    assert_true(parsed > 100);
}

static void test_fixed_signature_must_match(void **state)
{
    const struct world *world = *state;
    struct sign_params params = {.version = {1, 0, 0, 0}};
    struct buffer input = {0};
    struct buffer signature = {0};
    struct buffer image = {0};
    struct failure failure;

    assert_int_equal(image_sign_input(&params, world->key, "data", 4, &input, &failure), OK);
    assert_int_equal(signing_key_sign(world->key, input.data, input.len, &signature, &failure), OK);
    params.fixed_signature = &signature;
    assert_int_equal(image_sign(&params, world->other, "data", 4, &image, &failure), ERR_CRYPTO_MISMATCH);
    assert_int_equal(image_sign(&params, world->key, "date", 4, &image, &failure), ERR_CRYPTO_MISMATCH);
    assert_int_equal(image_sign(&params, world->key, "data", 4, &image, &failure), OK);
    assert_int_equal(verify_bytes(image.data, image.len, world->key, &failure), OK);
    buffer_free(&input);
    buffer_free(&signature);
    buffer_free(&image);
}

static void test_dependencies(void **state)
{
    static const char *const bad[] = {"",         "1,2.0",      "(1)",       "(1,)",   "(256, 1.0)", "(1, 1.0",
                                      "(x, 1.0)", "(1, 1.0) z", "(1, 1.x)",  "(-1,1)", "(1, 256.0)", "()",
                                      "(1,1.0))", "(1 2, 1.0)", "(1, 1. 0)", ",(1,1)"};
    struct image_dependency *list = NULL;
    size_t count = 0;
    struct failure failure;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (dependency_parse(bad[i], &list, &count, &failure) == OK) {
            fail_msg("'%s' was accepted", bad[i]);
        }
    }
    count = 0;
    assert_int_equal(dependency_parse(" ( 1 , 1.2.3+4 ),(255,0)  (2,1.1)", &list, &count, &failure), OK);
    assert_int_equal(count, 3);
    assert_int_equal(list[0].min_version.build, 4);
    assert_int_equal(list[1].image_id, 255);
    assert_int_equal(list[2].min_version.minor, 1);
    free(list);
}

static void test_base64_round_trip(void **state)
{
    static const char *const bad[] = {"", "A", "AA", "AAA", "A A A A", "AA?=", "AAAA\nAAAA", "====A"};
    struct random random = {3};
    struct failure failure;
    uint8_t data[80];
    size_t len;
    size_t i;

    (void)state;
    for (len = 1; len <= sizeof(data); len++) {
        struct buffer text = {0};
        struct buffer again = {0};

        random_fill(&random, data, len);
        base64_print(data, len, &text);
        buffer_print(&text, "\n");
        assert_int_equal(base64_parse(buffer_text(&text), &again, &failure), OK);
        assert_int_equal(again.len, len);
        assert_memory_equal(again.data, data, len);
        buffer_free(&text);
        buffer_free(&again);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buffer out = {0};

        if (base64_parse(bad[i], &out, &failure) == OK) {
            fail_msg("'%s' was accepted", bad[i]);
        }
        buffer_free(&out);
    }
}

static void test_source_text(void **state)
{
    static const uint8_t data[] = {0, 1, 2, 3, 4, 5, 6, 7, 0xff};
    struct buffer out = {0};

    (void)state;
    source_print_c("k", data, sizeof(data), &out);
    assert_string_equal(
        strchr(buffer_text(&out), '\n'),
        "\nconst unsigned char k[] = {\n    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,\n    0xff,\n"
        "};\nconst unsigned int k_len = 9;\n");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_signed_is_read_back),
        cmocka_unit_test(test_only_the_right_key_verifies),
        cmocka_unit_test(test_every_changed_byte_is_noticed),
        cmocka_unit_test(test_signature_of_a_key_that_the_image_does_not_name),
        cmocka_unit_test(test_every_truncation_is_an_error),
        cmocka_unit_test(test_mutated_images_are_read_safely),
        cmocka_unit_test(test_fixed_signature_must_match),
        cmocka_unit_test(test_dependencies),
        cmocka_unit_test(test_base64_round_trip),
        cmocka_unit_test(test_source_text),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
