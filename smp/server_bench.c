#include "smp/server_bench.h"

#include <string.h>

static struct fake *of(void *context, unsigned image)
{
    struct bench *bench = context;

    assert_true(image < BENCH_IMAGES);
    return image == 0 ? &bench->fake : &bench->other;
}

static int fake_slot(void *context, unsigned image, unsigned slot, struct image_slot *info)
{
    struct fake *fake = of(context, image);

    *info = fake->slots[slot];
    return fake->slot_error[slot];
}

static int fake_begin(void *context, unsigned image, uint32_t len, const uint8_t *head, size_t head_len, bool upgrade)
{
    struct fake *fake = of(context, image);

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

static int fake_write(void *context, unsigned image, const uint8_t *data, size_t len)
{
    struct fake *fake = of(context, image);

    assert_true(len <= fake->announced - fake->len);
    if (len > 0) {
        memcpy(fake->data + fake->len, data, len);
    }
    fake->len += (uint32_t)len;
    return fake->error;
}

static int fake_finish(void *context, unsigned image, const uint8_t *sha)
{
    struct fake *fake = of(context, image);

    assert_int_equal(fake->len, fake->announced);
    fake->sha_given = sha != NULL;
    fake->finishes++;
    return fake->finish_error;
}

static int fake_request(void *context, unsigned image, unsigned slot, bool permanent)
{
    struct fake *fake = of(context, image);

    fake->requests++;
    fake->requested = slot;
    fake->permanent = permanent;
    return fake->error;
}

static int fake_confirm(void *context, unsigned image)
{
    struct fake *fake = of(context, image);

    fake->confirms++;
    return fake->error;
}

static int fake_erase(void *context, unsigned image, unsigned slot)
{
    struct fake *fake = of(context, image);

    fake->erases++;
    if (slot != SERVER_SLOT_ANY && fake->slot_error[slot] != OK) {
        return fake->slot_error[slot];
    }
    return slot == 0 ? ERR_UPDATE_STATE : fake->error;
}

static const struct server_images fake_images = {fake_slot,    fake_begin,   fake_write, fake_finish,
                                                 fake_request, fake_confirm, fake_erase};
static const struct server_info info_texts[] = {{'s', "Farboot"}, {'v', "1.2.3"}};

static const struct server_group *const groups[] = {&server_group_os, &server_group_image};

void bench_start(struct bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->fake.slot_error[2] = ERR_FLASH_NO_AREA; /* as in devices without backup */
    bench->other.slot_error[2] = ERR_FLASH_NO_AREA;
    bench->config = (struct server_config){
        groups, 2, &fake_images, bench, BENCH_IMAGES, info_texts, 2, PACKET_SIZE, MESSAGE_BOOT_SWAP_USING_OFFSET};
    server_init(&bench->server, &bench->config);
}

void bench_two_images(struct fake *fake)
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

void request_open(struct request *request)
{
    cbor_writer_init(&request->body, request->packet + MESSAGE_HEADER_SIZE, PACKET_SIZE - MESSAGE_HEADER_SIZE);
    cbor_open_map(&request->body);
}

void ask(struct bench *bench, struct request *request, uint8_t version, uint8_t op, uint16_t group, uint8_t command)
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

uint64_t number(const struct cbor_value *map, const char *key)
{
    struct cbor_value value;

    assert_true(cbor_get(map, key, CBOR_UINT, &value));
    return value.number;
}

bool flag(const struct cbor_value *map, const char *key)
{
    struct cbor_value value;

    assert_true(cbor_get(map, key, CBOR_BOOL, &value));
    return value.number != 0;
}

void expect_text(const struct cbor_value *map, const char *key, const char *text)
{
    struct cbor_value value;

    assert_true(cbor_get(map, key, CBOR_TEXT, &value));
    assert_int_equal(value.len, strlen(text));
    assert_memory_equal(value.data, text, value.len);
}

unsigned group_rc(const struct bench *bench)
{
    struct cbor_value err;

    assert_false(cbor_has(&bench->body, "rc"));
    return cbor_get(&bench->body, "err", CBOR_MAP, &err) ? (unsigned)number(&err, "rc") : 0;
}
