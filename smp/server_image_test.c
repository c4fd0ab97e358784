/* The image group as a client sees it. */
#include "smp/server_bench.h"

#include <string.h>

#include "host/random.h"

static void list(struct bench *bench, struct cbor_value images[2], size_t *count)
{
    struct request request;
    struct cbor_value rest;

    request_open(&request);
    ask(bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE);
    assert_true(cbor_get(&bench->body, "images", CBOR_LIST, &rest));
    for (*count = 0; *count < 2 && cbor_next(&rest, &images[*count]); (*count)++) {
    }
}

static void state_lists_the_slots(void **state)
{
    struct bench bench;
    struct cbor_value images[2];
    struct cbor_value hash;
    size_t count;

    (void)state;
    bench_start(&bench);
    list(&bench, images, &count);
    assert_int_equal(count, 0);
    bench_two_images(&bench.fake);
    list(&bench, images, &count);
    assert_int_equal(count, 2);
    expect_text(&images[0], "version", "1.2.3");
    assert_true(flag(&images[0], "active"));
    assert_int_equal(number(&images[1], "slot"), 1);
    expect_text(&images[1], "version", "255.255.65535.4294967295");
    assert_true(cbor_get(&images[1], "hash", CBOR_BYTES, &hash));
    assert_memory_equal(hash.data, bench.fake.slots[1].hash, 32);
    /* Mute external flash does not hide the running image. */
    bench.fake.slot_error[1] = ERR_FLASH_NO_DEVICE;
    list(&bench, images, &count);
    assert_int_equal(count, 1);
}

static unsigned set_state(struct bench *bench, const uint8_t *hash, size_t hash_len, int confirm)
{
    struct request request;

    request_open(&request);
    if (hash != NULL) {
        cbor_put_text(&request.body, "hash");
        cbor_put_bytes(&request.body, hash, hash_len);
    }
    if (confirm >= 0) {
        cbor_put_text(&request.body, "confirm");
        cbor_put_bool(&request.body, confirm != 0);
    }
    ask(bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE);
    return group_rc(bench);
}

static void state_write_finds_the_slot_by_its_digest(void **state)
{
    static const uint8_t unknown[32] = {1};
    struct bench bench;

    (void)state;
    bench_start(&bench);
    bench_two_images(&bench.fake);
    assert_int_equal(set_state(&bench, unknown, 32, 0), IMAGE_RC_HASH_NOT_FOUND);
    assert_int_equal(set_state(&bench, bench.fake.slots[1].hash, 31, 0), IMAGE_RC_INVALID_HASH);
    assert_int_equal(set_state(&bench, NULL, 0, 0), IMAGE_RC_INVALID_HASH);
    assert_int_equal(set_state(&bench, bench.fake.slots[0].hash, 32, 0), IMAGE_RC_TEST_ACTIVE);
    assert_int_equal(bench.fake.requests + bench.fake.confirms, 0);
    assert_int_equal(set_state(&bench, bench.fake.slots[1].hash, 32, -1), 0);
    assert_int_equal(bench.fake.requests, 1);
    assert_int_equal(bench.fake.requested, 1);
    assert_false(bench.fake.permanent);
    assert_int_equal(set_state(&bench, bench.fake.slots[1].hash, 32, 1), 0);
    assert_true(bench.fake.permanent);
    assert_int_equal(set_state(&bench, NULL, 0, 1), 0);
    assert_int_equal(set_state(&bench, bench.fake.slots[0].hash, 32, 1), 0);
    assert_int_equal(bench.fake.confirms, 2);
    bench.fake.error = ERR_UPDATE_STATE;
    assert_int_equal(set_state(&bench, bench.fake.slots[1].hash, 32, 0), IMAGE_RC_PENDING);
}

struct upload {
    const uint8_t *image;
    uint32_t len;
    uint8_t sha[32];
};

/* Sends `count` bytes at `off`; returns the group's code, and the offset that the server wants next. */
static unsigned upload_packet(struct bench *bench, const struct upload *upload, uint32_t off, size_t count,
                              uint64_t *next)
{
    struct request request;
    unsigned rc;

    request_open(&request);
    cbor_put_text(&request.body, "off");
    cbor_put_uint(&request.body, off);
    if (off == 0) {
        cbor_put_text(&request.body, "len");
        cbor_put_uint(&request.body, upload->len);
        cbor_put_text(&request.body, "sha");
        cbor_put_bytes(&request.body, upload->sha, sizeof(upload->sha));
    }
    cbor_put_text(&request.body, "data");
    cbor_put_bytes(&request.body, upload->image + off, count);
    ask(bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_UPLOAD);
    rc = group_rc(bench);
    *next = rc == 0 ? number(&bench->body, "off") : 0;
    return rc;
}

/* Whatever is lost, doubled or sent in the wrong order, a client that follows the offsets it is told gets the file
 * across, and only whole. */
static void uploads_survive_loss_and_repetition(void **state)
{
    struct random random = {7};
    int round;

    (void)state;
    for (round = 0; round < 300; round++) {
        uint8_t image[SLOT_SIZE];
        struct upload upload = {image, 1 + random_below(&random, SLOT_SIZE), {0}};
        struct bench bench;
        uint64_t off = 0;
        unsigned packets = 0;

        bench_start(&bench);
        random_fill(&random, image, sizeof(image));
        random_fill(&random, upload.sha, sizeof(upload.sha));
        while (off < upload.len) {
            uint64_t next;
            size_t count = 1 + random_below(&random, 400);

            count = count > upload.len - off ? (size_t)(upload.len - off) : count;
            assert_true(packets++ < 100000);
            if (random_below(&random, 4) == 0) {
                uint32_t wrong = random_below(&random, upload.len);

                (void)upload_packet(&bench, &upload, wrong, 1 + random_below(&random, 2) % (upload.len - wrong), &next);
                off = next;
                continue;
            }
            assert_int_equal(upload_packet(&bench, &upload, (uint32_t)off, count, &next), 0);
            if (random_below(&random, 8) != 0) {
                off = next; /* otherwise the answer was lost and the packet is sent again */
            } else if (random_below(&random, 8) == 0) {
                off = 0; /* or the client was killed and begins again */
            }
        }
        assert_int_equal(bench.fake.begins, 1);
        assert_int_equal(bench.fake.finishes, 1);
        assert_true(bench.fake.sha_given);
        assert_int_equal(bench.fake.len, upload.len);
        assert_memory_equal(bench.fake.data, image, upload.len);
        assert_true(flag(&bench.body, "match"));
    }
}

static void uploads_are_refused_with_the_protocol_s_codes(void **state)
{
    static const struct {
        int error;
        unsigned rc;
    } cases[] = {{ERR_IMAGE_HEADER, IMAGE_RC_INVALID_MAGIC}, {ERR_IMAGE_SIZE, IMAGE_RC_INVALID_HEADER},
                 {ERR_UPDATE_SIZE, IMAGE_RC_TOO_LARGE},      {ERR_UPDATE_STATE, IMAGE_RC_NO_FREE_SLOT},
                 {ERR_IMAGE_VERSION, IMAGE_RC_NEWER},        {ERR_FLASH_NO_DEVICE, IMAGE_RC_FLASH_OPEN},
                 {ERR_FLASH_NO_AREA, IMAGE_RC_NO_DEVICE},    {ERR_FLASH_IO, IMAGE_RC_FLASH_ERASE}};
    static const uint8_t image[100] = {0};
    const struct upload upload = {image, sizeof(image), {1}};
    struct bench bench;
    uint64_t next;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bench_start(&bench);
        bench.fake.error = cases[i].error;
        assert_int_equal(upload_packet(&bench, &upload, 0, 50, &next), cases[i].rc);
        bench.fake.error = OK;
        assert_int_equal(upload_packet(&bench, &upload, 50, 50, &next), 0);
        assert_int_equal(next, 0); /* nothing is under way */
    }
    assert_int_equal(upload_packet(&bench, &upload, 0, 50, &next), 0);
    bench.fake.error = ERR_FLASH_IO;
    assert_int_equal(upload_packet(&bench, &upload, 50, 50, &next), IMAGE_RC_FLASH_WRITE);
}

static void more_data_than_announced_is_not_written(void **state)
{
    static const uint8_t image[200] = {0};
    const struct upload upload = {image, 100, {1}};
    struct bench bench;
    uint64_t next;

    (void)state;
    bench_start(&bench);
    assert_int_equal(upload_packet(&bench, &upload, 0, 50, &next), 0);
    assert_int_equal(upload_packet(&bench, &upload, 50, 51, &next), IMAGE_RC_OVERRUN);
    assert_int_equal(bench.fake.len, 50);
    assert_int_equal(upload_packet(&bench, &upload, 50, 50, &next), 0);
    assert_int_equal(next, 100);
}

static void a_wrong_checksum_is_no_match_and_starts_anew(void **state)
{
    static const uint8_t image[100] = {0};
    const struct upload upload = {image, sizeof(image), {1}};
    struct bench bench;
    uint64_t next;

    (void)state;
    bench_start(&bench);
    bench.fake.finish_error = ERR_IMAGE_HASH;
    assert_int_equal(upload_packet(&bench, &upload, 0, 50, &next), 0);
    assert_int_equal(upload_packet(&bench, &upload, 50, 50, &next), 0);
    assert_false(flag(&bench.body, "match"));
    assert_int_equal(upload_packet(&bench, &upload, 0, 50, &next), 0);
    assert_int_equal(bench.fake.begins, 2);
}

static void erase_and_slots(void **state)
{
    struct bench bench;
    struct request request;
    struct cbor_value images;
    struct cbor_value image;

    (void)state;
    bench_start(&bench);
    bench_two_images(&bench.fake);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_ERASE);
    assert_int_equal(group_rc(&bench), 0);
    assert_int_equal(bench.fake.erases, 1);
    request_open(&request);
    cbor_put_text(&request.body, "slot");
    cbor_put_uint(&request.body, 0);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_ERASE);
    assert_int_equal(group_rc(&bench), IMAGE_RC_NO_FREE_SLOT);
    request_open(&request);
    cbor_put_text(&request.body, "slot");
    cbor_put_uint(&request.body, 2);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_ERASE);
    assert_int_equal(group_rc(&bench), IMAGE_RC_INVALID_SLOT);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_SLOTS);
    assert_true(cbor_get(&bench.body, "images", CBOR_LIST, &images));
    assert_true(cbor_next(&images, &image));
    assert_int_equal(number(&image, "max_image_size"), 4321);
}

/* Image 1 beside image 0: listed, requested by digest, confirmed together, uploaded to by number. */
static void several_images_are_told_apart(void **state)
{
    static const uint8_t data[100] = {1};
    struct bench bench;
    struct request request;
    struct cbor_value images;
    struct cbor_value map;
    unsigned count = 0;

    (void)state;
    bench_start(&bench);
    bench_two_images(&bench.fake);
    bench_two_images(&bench.other);
    memset(bench.other.slots[0].hash, 0x11, 32);
    memset(bench.other.slots[1].hash, 0x22, 32);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE);
    assert_true(cbor_get(&bench.body, "images", CBOR_LIST, &images));
    for (; cbor_next(&images, &map); count++) {
        assert_int_equal(number(&map, "image"), count / 2);
        assert_int_equal(number(&map, "slot"), count % 2);
    }
    assert_int_equal(count, 4);
    assert_int_equal(set_state(&bench, bench.other.slots[1].hash, 32, 0), 0);
    assert_int_equal(bench.fake.requests, 0);
    assert_int_equal(bench.other.requests, 1);
    assert_int_equal(bench.other.requested, 1);
    assert_int_equal(set_state(&bench, bench.other.slots[0].hash, 32, 1), 0);
    assert_int_equal(bench.fake.confirms, 0);
    assert_int_equal(set_state(&bench, NULL, 0, 1), 0);
    assert_int_equal(bench.fake.confirms, 1);
    assert_int_equal(bench.other.confirms, 2);
    for (unsigned image = 0; image < 4; image++) {
        request_open(&request);
        cbor_put_text(&request.body, "image");
        cbor_put_uint(&request.body, image);
        cbor_put_text(&request.body, "off");
        cbor_put_uint(&request.body, 0);
        cbor_put_text(&request.body, "len");
        cbor_put_uint(&request.body, 1000);
        cbor_put_text(&request.body, "data");
        cbor_put_bytes(&request.body, data, sizeof(data));
        ask(&bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_UPLOAD);
        assert_int_equal(group_rc(&bench), image < 2 ? 0 : IMAGE_RC_INVALID_SLOT);
    }
    assert_int_equal(bench.fake.begins, 1);
    assert_int_equal(bench.other.begins, 1);
    assert_int_equal(bench.other.len, sizeof(data));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_images_are_told_apart),
        cmocka_unit_test(state_lists_the_slots),
        cmocka_unit_test(state_write_finds_the_slot_by_its_digest),
        cmocka_unit_test(uploads_survive_loss_and_repetition),
        cmocka_unit_test(uploads_are_refused_with_the_protocol_s_codes),
        cmocka_unit_test(more_data_than_announced_is_not_written),
        cmocka_unit_test(a_wrong_checksum_is_no_match_and_starts_anew),
        cmocka_unit_test(erase_and_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
