/* The server as a client sees it: what all groups share, the os group, and the service on a line. */
#include "smp/server_bench.h"

#include <string.h>

#include "host/random.h"
#include "smp/service.h"

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
    bench_two_images(&bench.fake);
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
    bench_two_images(&bench.fake);
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
        cmocka_unit_test(version_1_peers_get_version_1_errors),
        cmocka_unit_test(a_response_that_does_not_fit_says_so),
        cmocka_unit_test(arbitrary_requests_are_answered_or_ignored),
        cmocka_unit_test(a_service_answers_on_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
