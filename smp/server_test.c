/* The server as a client sees it, over slots that are arrays in memory. */
#include "tests/unit.h"

#include <string.h>

#include "host/random.h"
#include "smp/cbor.h"
#include "smp/message.h"
#include "smp/server.h"
#include "smp/service.h"

enum { SLOT_SIZE = 5000, PACKET_SIZE = 512 };

/* A secondary slot in memory; what the server asked for is recorded. */
struct fake {
    struct image_slot slots[SERVER_SLOT_COUNT];
    int slot_error[SERVER_SLOT_COUNT];
    uint8_t data[SLOT_SIZE];
    uint32_t len;
    uint32_t announced;
    unsigned begins;
    unsigned finishes;
    bool upgrade;
    bool sha_given;
    int error; /* returned by everything that changes something */
    int finish_error;
    unsigned requests;
    bool permanent;
    unsigned confirms;
    unsigned erases;
};

static int fake_slot(void *context, unsigned slot, struct image_slot *info)
{
    struct fake *fake = context;

    *info = fake->slots[slot];
    return fake->slot_error[slot];
}

static int fake_begin(void *context, uint32_t len, const uint8_t *head, size_t head_len, bool upgrade)
{
    struct fake *fake = context;

    (void)head;
    if (fake->error != OK) {
        return fake->error;
    }
    if (head_len == 0) {
        return ERR_IMAGE_HEADER;
    }
    if (len > SLOT_SIZE) {
        return ERR_UPDATE_SIZE;
    }
    fake->announced = len;
    fake->upgrade = upgrade;
    fake->begins++;
    fake->len = 0;
    return OK;
}

static int fake_write(void *context, const uint8_t *data, size_t len)
{
    struct fake *fake = context;

    assert_true(len <= fake->announced - fake->len);
    if (len > 0) {
        memcpy(fake->data + fake->len, data, len);
    }
    fake->len += (uint32_t)len;
    return fake->error;
}

static int fake_finish(void *context, const uint8_t *sha)
{
    struct fake *fake = context;

    assert_int_equal(fake->len, fake->announced);
    fake->sha_given = sha != NULL;
    fake->finishes++;
    return fake->finish_error;
}

static int fake_request(void *context, bool permanent)
{
    struct fake *fake = context;

    fake->requests++;
    fake->permanent = permanent;
    return fake->error;
}

static int fake_confirm(void *context)
{
    struct fake *fake = context;

    fake->confirms++;
    return fake->error;
}

static int fake_erase(void *context, unsigned slot)
{
    struct fake *fake = context;

    fake->erases++;
    return slot == 0 ? ERR_UPDATE_STATE : fake->error;
}

static const struct server_images fake_images = {fake_slot,    fake_begin,   fake_write, fake_finish,
                                                 fake_request, fake_confirm, fake_erase};
static const struct server_info info_texts[] = {{'s', "Farboot"}, {'v', "1.2.3"}};

static const struct server_group *const groups[] = {&server_group_os, &server_group_image};

struct bench {
    struct fake fake;
    struct server_config config;
    struct server server;
    uint8_t response[PACKET_SIZE];
    size_t response_len;
    struct cbor_value body;
};

static void bench_start(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->config = (struct server_config){groups,     2, &fake_images, &bench->fake,
                                           info_texts, 2, PACKET_SIZE,  MESSAGE_BOOT_SWAP_USING_OFFSET};
    server_init(&bench->server, &bench->config);
}

struct request {
    uint8_t packet[PACKET_SIZE];
    struct cbor_writer body;
};

static void request_open(struct request *request)
{
    cbor_writer_init(&request->body, request->packet + MESSAGE_HEADER_SIZE, PACKET_SIZE - MESSAGE_HEADER_SIZE);
    cbor_open_map(&request->body);
}

/* Closes the map, sends the request, checks what every response must fulfil. */
static void ask(struct bench *bench, struct request *request, uint8_t version, uint8_t op, uint16_t group,
                uint8_t command)
{
    struct message_header header = {op, version, 0x5a, command, group, 0};

    cbor_close(&request->body);
    assert_false(request->body.overflow);
    header.len = (uint16_t)request->body.len;
    message_put_header(&header, request->packet);
    bench->response_len = server_handle(&bench->server, request->packet, MESSAGE_HEADER_SIZE + request->body.len,
                                        bench->response, sizeof(bench->response));
    assert_int_equal(message_parse(bench->response, bench->response_len, &header), OK);
    assert_int_equal(header.op, op + 1);
    assert_int_equal(header.version, version);
    assert_int_equal(header.group, group);
    assert_int_equal(header.command, command);
    assert_int_equal(header.sequence, 0x5a);
    assert_int_equal(cbor_parse(bench->response + MESSAGE_HEADER_SIZE, header.len, &bench->body), OK);
}

static uint64_t number(const struct cbor_value *map, const char *key)
{
    struct cbor_value value;

    assert_true(cbor_get(map, key, CBOR_UINT, &value));
    return value.number;
}

static bool flag(const struct cbor_value *map, const char *key)
{
    struct cbor_value value;

    assert_true(cbor_get(map, key, CBOR_BOOL, &value));
    return value.number != 0;
}

static void expect_text(const struct cbor_value *map, const char *key, const char *text)
{
    struct cbor_value value;

    assert_true(cbor_get(map, key, CBOR_TEXT, &value));
    assert_int_equal(value.len, strlen(text));
    assert_memory_equal(value.data, text, value.len);
}

/* The group's error code in a version 2 response, 0 when there is no error. */
static unsigned group_rc(const struct bench *bench)
{
    struct cbor_value err;

    assert_false(cbor_has(&bench->body, "rc"));
    return cbor_get(&bench->body, "err", CBOR_MAP, &err) ? (unsigned)number(&err, "rc") : 0;
}

static void echo_answers_in_kind(void **state)
{
    struct bench bench;
    struct request request;

    (void)state;
    bench_start(&bench);
    request_open(&request);
    cbor_put_text(&request.body, "d");
    cbor_put_text(&request.body, "hi");
    ask(&bench, &request, MESSAGE_V1, MESSAGE_WRITE, MESSAGE_GROUP_OS, MESSAGE_OS_ECHO);
    expect_text(&bench.body, "r", "hi");
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_OS, MESSAGE_OS_ECHO);
    assert_int_equal(number(&bench.body, "rc"), MESSAGE_INVALID);
}

static void os_group_tells_about_itself(void **state)
{
    struct bench bench;
    struct request request;

    (void)state;
    bench_start(&bench);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_PARAMS);
    assert_int_equal(number(&bench.body, "buf_size"), PACKET_SIZE);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_BOOTLOADER);
    expect_text(&bench.body, "bootloader", "MCUboot");
    request_open(&request);
    cbor_put_text(&request.body, "query");
    cbor_put_text(&request.body, "mode");
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_BOOTLOADER);
    assert_int_equal(number(&bench.body, "mode"), 9);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_INFO);
    expect_text(&bench.body, "output", "Farboot");
    request_open(&request);
    cbor_put_text(&request.body, "format");
    cbor_put_text(&request.body, "a");
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_INFO);
    expect_text(&bench.body, "output", "Farboot 1.2.3");
    request_open(&request);
    cbor_put_text(&request.body, "format");
    cbor_put_text(&request.body, "?");
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_INFO);
    assert_int_equal(group_rc(&bench), OS_RC_FORMAT);
}

static void reset_is_answered_before_it_happens(void **state)
{
    struct bench bench;
    struct request request;

    (void)state;
    bench_start(&bench);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_WRITE, MESSAGE_GROUP_OS, MESSAGE_OS_RESET);
    assert_int_equal(group_rc(&bench), 0);
    assert_true(bench.server.reset_requested);
}

static void unknown_commands_are_refused_by_the_protocol(void **state)
{
    static const struct {
        uint8_t op;
        uint16_t group;
        uint8_t command;
    } cases[] = {{MESSAGE_READ, 64, 0},
                 {MESSAGE_READ, MESSAGE_GROUP_OS, 99},
                 {MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_RESET},
                 {MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_UPLOAD}};
    struct bench bench;
    struct request request;
    size_t i;

    (void)state;
    bench_start(&bench);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        request_open(&request);
        ask(&bench, &request, MESSAGE_V2, cases[i].op, cases[i].group, cases[i].command);
        assert_int_equal(number(&bench.body, "rc"), MESSAGE_NOT_SUPPORTED);
    }
    bench.config.group_count = 1;
    request_open(&request);
    ask(&bench, &request, MESSAGE_V2, MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE);
    assert_int_equal(number(&bench.body, "rc"), MESSAGE_NOT_SUPPORTED);
}

static void two_images(struct fake *fake)
{
    fake->slots[0] = (struct image_slot){.size = SLOT_SIZE,
                                         .has_image = true,
                                         .version = {1, 2, 3, 0},
                                         .hash_len = 32,
                                         .bootable = true,
                                         .confirmed = true,
                                         .active = true};
    fake->slots[1] = (struct image_slot){.size = SLOT_SIZE,
                                         .max_image = 4321,
                                         .has_image = true,
                                         .version = {255, 255, 65535, 4294967295U},
                                         .hash_len = 32,
                                         .bootable = true};
    memset(fake->slots[0].hash, 0xaa, 32);
    memset(fake->slots[1].hash, 0xbb, 32);
}

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
    two_images(&bench.fake);
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
    two_images(&bench.fake);
    assert_int_equal(set_state(&bench, unknown, 32, 0), IMAGE_RC_HASH_NOT_FOUND);
    assert_int_equal(set_state(&bench, bench.fake.slots[1].hash, 31, 0), IMAGE_RC_INVALID_HASH);
    assert_int_equal(set_state(&bench, NULL, 0, 0), IMAGE_RC_INVALID_HASH);
    assert_int_equal(set_state(&bench, bench.fake.slots[0].hash, 32, 0), IMAGE_RC_TEST_ACTIVE);
    assert_int_equal(bench.fake.requests + bench.fake.confirms, 0);
    assert_int_equal(set_state(&bench, bench.fake.slots[1].hash, 32, -1), 0);
    assert_int_equal(bench.fake.requests, 1);
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
    two_images(&bench.fake);
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

static void version_1_peers_get_version_1_errors(void **state)
{
    struct bench bench;
    struct request request;

    (void)state;
    bench_start(&bench);
    request_open(&request);
    ask(&bench, &request, MESSAGE_V1, MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE);
    assert_int_equal(number(&bench.body, "rc"), MESSAGE_INVALID);
    assert_false(cbor_has(&bench.body, "err"));
}

static void a_response_that_does_not_fit_says_so(void **state)
{
    static const uint8_t state_request[] = {0x08, 0, 0, 1, 0, 1, 0x5a, 0, 0xa0};
    struct bench bench;
    uint8_t response[40];
    size_t len;

    (void)state;
    bench_start(&bench);
    two_images(&bench.fake);
    len = server_handle(&bench.server, state_request, sizeof(state_request), response, sizeof(response));
    assert_int_equal(cbor_parse(response + MESSAGE_HEADER_SIZE, len - MESSAGE_HEADER_SIZE, &bench.body), OK);
    assert_int_equal(number(&bench.body, "rc"), MESSAGE_TOO_LARGE);
}

/* Arbitrary requests: no response but a well-formed one, and no more data than was announced reaches the slot (which
 * the fake asserts). */
static void arbitrary_requests_are_answered_or_ignored(void **state)
{
    static const uint8_t seed[] = "\x0a\0\0\x38\0\x01\x07\x01"
                                  "\xbf\x63off\0\x63len\x19\x01\0\x63sha\x58\x20"
                                  "01234567890123456789012345678901"
                                  "\x64"
                                  "data\x41\x01\xff";
    struct random random = {8};
    struct bench bench;
    unsigned answered = 0;
    int round;

    (void)state;
    bench_start(&bench);
    two_images(&bench.fake);
    for (round = 0; round < 100000; round++) {
        uint8_t packet[sizeof(seed) - 1];
        uint32_t changes = random_below(&random, 5);
        struct message_header header;
        struct cbor_value body;
        size_t len;

        memcpy(packet, seed, sizeof(packet));
        for (; changes > 0; changes--) {
            packet[random_below(&random, sizeof(packet))] = (uint8_t)random_next(&random);
        }
        packet[3] = sizeof(packet) - MESSAGE_HEADER_SIZE;
        packet[5] = (uint8_t)random_below(&random, 2);
        packet[7] = (uint8_t)random_below(&random, 9);
        bench.server.reset_requested = false;
        len = server_handle(&bench.server, packet, sizeof(packet), bench.response, sizeof(bench.response));
        if (len > 0) {
            answered++;
            assert_int_equal(message_parse(bench.response, len, &header), OK);
            assert_int_equal(cbor_parse(bench.response + MESSAGE_HEADER_SIZE, header.len, &body), OK);
        }
    }
    assert_true(answered > 1000);
}

struct line {
    uint8_t bytes[2048];
    size_t len;
};

static void line_write(void *context, const void *data, size_t len)
{
    struct line *line = context;

    assert_true(len <= sizeof(line->bytes) - line->len);
    memcpy(line->bytes + line->len, data, len);
    line->len += len;
}

/* The published echo vectors through the service, amid console text; then a reset. */
static void a_service_answers_on_its_line(void **state)
{
    static const uint8_t reset_packet[] = {0x02, 0, 0, 1, 0, 0, 1, 5, 0xa0};
    static const char input[] = "boot ok\n\x06\x09"
                                "ABACAAAGAAAqAKFhZGJoaeMD\nmore";
    struct bench bench;
    struct service service;
    struct line in = {.len = 0};
    struct line out = {.len = 0};
    struct frame_decoder decoder;
    uint8_t request[PACKET_SIZE];
    uint8_t response[PACKET_SIZE];
    uint8_t answer[PACKET_SIZE];
    size_t i;
    unsigned packets = 0;

    (void)state;
    bench_start(&bench);
    service_init(&service, &bench.config, request, response, sizeof(response), line_write, &out);
    assert_false(service_receive(&service, (const uint8_t *)input, sizeof(input) - 1));
    frame_decoder_init(&decoder, answer, sizeof(answer));
    for (i = 0; i < out.len; i++) {
        packets += frame_decode(&decoder, out.bytes[i]) == FRAME_PACKET ? 1 : 0;
    }
    assert_int_equal(packets, 1);
    assert_int_equal(cbor_parse(answer + MESSAGE_HEADER_SIZE, decoder.len - MESSAGE_HEADER_SIZE, &bench.body), OK);
    expect_text(&bench.body, "r", "hi");
    out.len = 0;
    assert_int_equal(frame_encode(reset_packet, sizeof(reset_packet), line_write, &in), OK);
    assert_true(service_receive(&service, in.bytes, in.len));
    assert_true(out.len > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo_answers_in_kind),
        cmocka_unit_test(os_group_tells_about_itself),
        cmocka_unit_test(reset_is_answered_before_it_happens),
        cmocka_unit_test(unknown_commands_are_refused_by_the_protocol),
        cmocka_unit_test(state_lists_the_slots),
        cmocka_unit_test(state_write_finds_the_slot_by_its_digest),
        cmocka_unit_test(uploads_survive_loss_and_repetition),
        cmocka_unit_test(uploads_are_refused_with_the_protocol_s_codes),
        cmocka_unit_test(more_data_than_announced_is_not_written),
        cmocka_unit_test(a_wrong_checksum_is_no_match_and_starts_anew),
        cmocka_unit_test(erase_and_slots),
        cmocka_unit_test(version_1_peers_get_version_1_errors),
        cmocka_unit_test(a_response_that_does_not_fit_says_so),
        cmocka_unit_test(arbitrary_requests_are_answered_or_ignored),
        cmocka_unit_test(a_service_answers_on_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
