/* The framing as peers see it: published vectors, any packet through any mixture with text, and damage. */
#include "tests/unit.h"

#include <string.h>

#include "host/random.h"
#include "smp/frame.h"

enum { PACKET_SIZE = 600, STREAM_SIZE = 4096 };

struct stream {
    uint8_t bytes[STREAM_SIZE];
    size_t len;
    size_t longest_line;
};

static void stream_write(void *context, const void *data, size_t len)
{
    struct stream *stream = context;

    assert_true(len <= sizeof(stream->bytes) - stream->len);
    memcpy(stream->bytes + stream->len, data, len);
    stream->len += len;
    stream->longest_line = len > stream->longest_line ? len : stream->longest_line;
}

/* What came out of a decoder: text, the last packet, and counts. */
struct outcome {
    uint8_t text[STREAM_SIZE];
    size_t text_len;
    uint8_t packet[PACKET_SIZE];
    size_t packet_len;
    unsigned packets;
    unsigned faults;
    int fault;
};

static void decode_stream(const uint8_t *bytes, size_t len, size_t packet_size, struct outcome *outcome)
{
    uint8_t packet[PACKET_SIZE];
    struct frame_decoder decoder;
    size_t i;

    memset(outcome, 0, sizeof(*outcome));
    frame_decoder_init(&decoder, packet, packet_size);
    for (i = 0; i < len; i++) {
        switch (frame_decode(&decoder, bytes[i])) {
        case FRAME_TEXT:
            outcome->text[outcome->text_len++] = bytes[i];
            break;
        case FRAME_PACKET:
            assert_true(decoder.len <= packet_size);
            memcpy(outcome->packet, decoder.packet, decoder.len);
            outcome->packet_len = decoder.len;
            outcome->packets++;
            break;
        case FRAME_FAULT:
            outcome->faults++;
            outcome->fault = decoder.fault;
            break;
        case FRAME_NOTHING:
            break;
        }
    }
}

static const uint8_t echo_request[] = {0x02, 0, 0, 6, 0, 0, 0x2a, 0, 0xa1, 0x61, 0x64, 0x62, 0x68, 0x69};
static const char echo_frame[] = "\x06\x09"
                                 "ABACAAAGAAAqAKFhZGJoaeMD\n";

static void encodes_the_published_vector(void **state)
{
    struct stream stream = {.len = 0};

    (void)state;
    assert_int_equal(frame_encode(echo_request, sizeof(echo_request), stream_write, &stream), OK);
    assert_int_equal(stream.len, sizeof(echo_frame) - 1);
    assert_memory_equal(stream.bytes, echo_frame, stream.len);
}

static void decodes_the_published_vector(void **state)
{
    struct outcome outcome;

    (void)state;
    decode_stream((const uint8_t *)echo_frame, sizeof(echo_frame) - 1, PACKET_SIZE, &outcome);
    assert_int_equal(outcome.packets, 1);
    assert_int_equal(outcome.packet_len, sizeof(echo_request));
    assert_memory_equal(outcome.packet, echo_request, sizeof(echo_request));
    assert_int_equal(outcome.text_len, 0);
}

/* Text before, between the lines of a packet, and after, with and without newlines, never disturbs either. */
static void any_packet_survives_any_text_around_it(void **state)
{
    struct random random = {1};
    int round;

    (void)state;
    for (round = 0; round < 2000; round++) {
        uint8_t packet[PACKET_SIZE];
        uint8_t text[STREAM_SIZE];
        size_t text_len = 0;
        struct stream lines = {.len = 0};
        struct stream mixed = {.len = 0};
        struct outcome outcome;
        size_t len = 1 + random_below(&random, PACKET_SIZE);
        size_t i;

        random_fill(&random, packet, len);
        assert_int_equal(frame_encode(packet, len, stream_write, &lines), OK);
        assert_true(lines.longest_line <= FRAME_LINE_MAX);
        for (i = 0; i < lines.len; i++) {
            bool line_start = i == 0 || lines.bytes[i - 1] == '\n';
            uint32_t words = line_start ? random_below(&random, 20) : 0;

            for (; words > 0; words--) {
                uint8_t byte = random_below(&random, 8) == 0 ? '\n' : (uint8_t)(' ' + random_below(&random, 95));

                stream_write(&mixed, &byte, 1);
                text[text_len++] = byte;
            }
            stream_write(&mixed, &lines.bytes[i], 1);
        }
        decode_stream(mixed.bytes, mixed.len, PACKET_SIZE, &outcome);
        assert_int_equal(outcome.packets, 1);
        assert_int_equal(outcome.faults, 0);
        assert_int_equal(outcome.packet_len, len);
        assert_memory_equal(outcome.packet, packet, len);
        assert_int_equal(outcome.text_len, text_len);
        assert_memory_equal(outcome.text, text, text_len);
    }
}

/* One damaged, lost or doubled byte never yields another packet than the one sent, and the next packet gets through. */
static void damage_costs_at_most_the_packet_it_hits(void **state)
{
    struct random random = {2};
    int round;

    (void)state;
    for (round = 0; round < 5000; round++) {
        uint8_t packet[PACKET_SIZE];
        struct stream stream = {.len = 0};
        struct outcome outcome;
        size_t len = 1 + random_below(&random, 300);
        size_t at;

        random_fill(&random, packet, len);
        assert_int_equal(frame_encode(packet, len, stream_write, &stream), OK);
        at = random_below(&random, (uint32_t)stream.len);
        switch (random_below(&random, 3)) {
        case 0:
            stream.bytes[at] = (uint8_t)random_next(&random);
            break;
        case 1:
            memmove(stream.bytes + at, stream.bytes + at + 1, --stream.len - at);
            break;
        default:
            memmove(stream.bytes + at + 1, stream.bytes + at, stream.len++ - at);
            break;
        }
        decode_stream(stream.bytes, stream.len, PACKET_SIZE, &outcome);
        if (outcome.packets > 0) {
            assert_int_equal(outcome.packet_len, len);
            assert_memory_equal(outcome.packet, packet, len);
        }
        assert_int_equal(frame_encode(echo_request, sizeof(echo_request), stream_write, &stream), OK);
        decode_stream(stream.bytes, stream.len, PACKET_SIZE, &outcome);
        assert_true(outcome.packets >= 1);
        assert_int_equal(outcome.packet_len, sizeof(echo_request));
        assert_memory_equal(outcome.packet, echo_request, sizeof(echo_request));
    }
}

static void random_bytes_never_overrun(void **state)
{
    struct random random = {3};
    static uint8_t bytes[STREAM_SIZE];
    struct outcome outcome;
    int round;

    (void)state;
    for (round = 0; round < 300; round++) {
        static const char likely[] = "\x06\x09\x04\x14\nAAABCz+/==\r";
        size_t i;

        for (i = 0; i < sizeof(bytes); i++) {
            bytes[i] = random_below(&random, 4) == 0 ? (uint8_t)random_next(&random)
                                                     : (uint8_t)likely[random_below(&random, sizeof(likely) - 1)];
        }
        decode_stream(bytes, sizeof(bytes), 1 + random_below(&random, PACKET_SIZE), &outcome);
    }
}

static int fault_of(const char *text)
{
    struct outcome outcome;

    decode_stream((const uint8_t *)text, strlen(text), sizeof(echo_request), &outcome);
    assert_int_equal(outcome.packets, 0);
    return outcome.faults > 0 ? outcome.fault : OK;
}

static void faults_are_told_apart(void **state)
{
    (void)state;
    assert_int_equal(fault_of("\x06\x09"
                              "ABACAAAGAAAqAKFhZGJoaeME\n"),
                     ERR_SMP_CHECKSUM);
    assert_int_equal(fault_of("\x06\x09"
                              "ABACAA?GAAAqAKFhZGJoaeMD\n"),
                     ERR_SMP_FRAME);
    assert_int_equal(fault_of("\x06\x09"
                              "AAIAAA==\n"), /* nothing but a checksum */
                     ERR_SMP_FRAME);
    assert_int_equal(fault_of("\x06\x09"
                              "ABECAAAGAAAqAKFhZGJoaeMD\n"), /* one byte longer than the buffer */
                     ERR_SMP_TOO_LONG);
    assert_int_equal(fault_of("\x04\x14"
                              "ABACAAAGAAAqAKFhZGJoaeMD\n"), /* continues nothing */
                     OK);
}

static void refuses_to_encode_more_than_the_length_field_can_say(void **state)
{
    static const uint8_t packet[FRAME_PACKET_MAX + 1];
    struct stream stream = {.len = 0};

    (void)state;
    assert_int_equal(frame_encode(packet, sizeof(packet), stream_write, &stream), ERR_SMP_TOO_LONG);
    assert_int_equal(stream.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_the_published_vector),
        cmocka_unit_test(decodes_the_published_vector),
        cmocka_unit_test(any_packet_survives_any_text_around_it),
        cmocka_unit_test(damage_costs_at_most_the_packet_it_hits),
        cmocka_unit_test(random_bytes_never_overrun),
        cmocka_unit_test(faults_are_told_apart),
        cmocka_unit_test(refuses_to_encode_more_than_the_length_field_can_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
