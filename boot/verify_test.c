#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "boot/verify.h"
#include "flash/model/nor_device.h"
#include "host/random.h"
#include "imagetool/sign.h"

#define SLOT   0x4000U
#define BUFFER 200U

static const struct flash_range ranges[] = {{0, 0x1000, SLOT / 0x1000}};
static const struct nor_erase_time erase_time[] = {{0x1000, 1}};
static const struct nor_config config = {
    .name = "slot", .geometry = {SLOT, 4, 0xff, 1, ranges}, .timing = {256, 1, 1, 1, erase_time, 1}};

/* A slot with a signed image, and a verifier that trusts its key. */
struct fixture {
    struct nor_power power;
    struct nor_device device;
    uint8_t data[SLOT];
    struct flash_area area;
    struct buffer image;
    struct signing_key *key;
    struct signing_key *stranger;
    struct buffer key_der[2];
    struct boot_key keys[2];
    uint8_t buffer[BUFFER];
    struct verifier verifier;
};

static void sign(struct fixture *f, const struct sign_params *params, const struct signing_key *key)
{
    struct failure failure;
    uint8_t payload[1000];
    struct random random = {17};

    random_fill(&random, payload, sizeof payload);
    buffer_free(&f->image);
    assert_int_equal(image_sign(params, key, payload, sizeof payload, &f->image, &failure), OK);
    memset(f->data, 0xff, SLOT);
    memcpy(f->data, f->image.data, f->image.len);
}

static struct fixture *start(void)
{
    struct fixture *f = host_alloc(sizeof *f);
    struct failure failure;
    const struct key_type *type = key_type_by_name("ecdsa-p256");

    assert_int_equal(signing_key_generate(type, &f->key, &failure), OK);
    assert_int_equal(signing_key_generate(type, &f->stranger, &failure), OK);
    assert_int_equal(signing_key_public_der(f->key, &f->key_der[0], &failure), OK);
    assert_int_equal(signing_key_public_der(f->stranger, &f->key_der[1], &failure), OK);
    for (size_t i = 0; i < 2; i++) {
        f->keys[i] = (struct boot_key){f->key_der[i].data, f->key_der[i].len};
    }
    f->verifier = (struct verifier){.keys = f->keys, .key_count = 1, .buffer = f->buffer, .buffer_size = BUFFER};
    nor_device_init(&f->device, &f->power, &config, f->data);
    nor_power_on(&f->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    f->area = (struct flash_area){.dev = &f->device.flash, .size = SLOT};
    return f;
}

static void stop(struct fixture *f)
{
    nor_device_free(&f->device);
    buffer_free(&f->image);
    buffer_free(&f->key_der[0]);
    buffer_free(&f->key_der[1]);
    signing_key_free(f->key);
    signing_key_free(f->stranger);
    free(f);
}

/* Opens and verifies; an image that does not open is as good as refused. */
static int verify(struct fixture *f, hardened_bool *valid)
{
    struct image image;
    int err = image_open_untrusted(&image, &f->area, 0, SLOT);

    *valid = HARDENED_FALSE;
    return err != OK ? err : verify_image(&f->verifier, &image, valid);
}

static void test_own_images_are_valid(void **state)
{
    static const struct sign_tlv custom[] = {{0x00a0, "protected", 9}};
    static const struct sign_params params[] = {
        {.header_size = 0x200},
        {.header_size = 0x20, .pad_signature = true},
        {.header_size = 0x200, .custom = custom, .custom_count = 1},
    };
    struct fixture *f = start();
    hardened_bool valid;

    (void)state;
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        sign(f, &params[i], f->key);
        assert_int_equal(verify(f, &valid), OK);
        assert_int_equal(valid, HARDENED_TRUE);
    }
    stop(f);
}

static void test_any_of_several_keys_will_do(void **state)
{
    static const struct sign_params params = {.header_size = 0x200};
    struct fixture *f = start();
    hardened_bool valid;

    (void)state;
    sign(f, &params, f->stranger);
    assert_int_equal(verify(f, &valid), ERR_IMAGE_KEY);
    assert_int_equal(valid, HARDENED_FALSE);
    f->verifier.key_count = 2;
    assert_int_equal(verify(f, &valid), OK);
    assert_int_equal(valid, HARDENED_TRUE);
    stop(f);
}

static void test_unsigned_images_are_refused(void **state)
{
    static const struct sign_params params = {.header_size = 0x200};
    struct fixture *f = start();
    hardened_bool valid;

    (void)state;
    sign(f, &params, NULL);
    assert_int_equal(verify(f, &valid), ERR_IMAGE_KEY);
    assert_int_equal(valid, HARDENED_FALSE);
    stop(f);
}

/* Property: no single changed bit of what is hashed, or of the signature, is accepted. */
static void test_every_changed_bit_is_refused(void **state)
{
    static const struct sign_params params = {.header_size = 0x40};
    struct fixture *f = start();
    struct random random = {23};
    hardened_bool valid;

    (void)state;
    sign(f, &params, f->key);
    for (unsigned run = 0; run < 120; run++) {
        uint32_t at = random_below(&random, (uint32_t)f->image.len);
        uint8_t bit = (uint8_t)(1U << random_below(&random, 8));

        f->data[at] ^= bit;
        assert_int_not_equal(verify(f, &valid), OK);
        assert_int_equal(valid, HARDENED_FALSE);
        f->data[at] ^= bit;
    }
    assert_int_equal(verify(f, &valid), OK);
    stop(f);
}

/* A TLV that anybody could have added to the unprotected area. */
static void test_foreign_unprotected_tlvs_are_refused(void **state)
{
    static const struct sign_params params = {.header_size = 0x40};
    static const uint8_t dependency[] = {0x40, 0, 0, 0};
    struct fixture *f = start();
    uint32_t info = 0x40 + 1000;
    hardened_bool valid;

    (void)state;
    sign(f, &params, f->key);
    memcpy(f->data + f->image.len, dependency, sizeof dependency);
    f->data[info + 2] = (uint8_t)(f->data[info + 2] + sizeof dependency);
    assert_int_equal(verify(f, &valid), ERR_IMAGE_TLV);
    assert_int_equal(valid, HARDENED_FALSE);
    stop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_images_are_valid),
        cmocka_unit_test(test_any_of_several_keys_will_do),
        cmocka_unit_test(test_unsigned_images_are_refused),
        cmocka_unit_test(test_every_changed_bit_is_refused),
        cmocka_unit_test(test_foreign_unprotected_tlvs_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
