#include "tests/unit.h"

#include "host/random.h"
#include "smp/message.h"

static void headers_survive_a_round_trip(void **state)
{
    struct random random = {6};
    int round;

    (void)state;
    for (round = 0; round < 1000; round++) {
        uint8_t packet[MESSAGE_HEADER_SIZE + 300];
        size_t body = random_below(&random, 300);
        struct message_header in = {.op = (uint8_t)random_below(&random, 4),
                                    .version = (uint8_t)random_below(&random, 2),
                                    .sequence = (uint8_t)random_next(&random),
                                    .command = (uint8_t)random_next(&random),
                                    .group = (uint16_t)random_next(&random),
                                    .len = (uint16_t)body};
        struct message_header out;

        message_put_header(&in, packet);
        assert_int_equal(message_parse(packet, MESSAGE_HEADER_SIZE + body, &out), OK);
        assert_memory_equal(&in, &out, sizeof(in));
        assert_int_equal(message_parse(packet, MESSAGE_HEADER_SIZE + body + 1, &out), ERR_SMP_MESSAGE);
        assert_int_equal(message_parse(packet, random_below(&random, MESSAGE_HEADER_SIZE), &out), ERR_SMP_MESSAGE);
    }
}

/* Bytes of a version 2 echo request as they stand on the wire. */
static void header_has_the_protocol_s_layout(void **state)
{
    static const uint8_t packet[] = {0x0a, 0, 0, 1, 0x01, 0x02, 0x2a, 5, 0xa0};
    struct message_header header;

    (void)state;
    assert_int_equal(message_parse(packet, sizeof(packet), &header), OK);
    assert_int_equal(header.op, MESSAGE_WRITE);
    assert_int_equal(header.version, MESSAGE_V2);
    assert_int_equal(header.group, 0x0102);
    assert_int_equal(header.sequence, 0x2a);
    assert_int_equal(header.command, 5);
    assert_int_equal(header.len, 1);
}

static void every_code_has_an_older_one(void **state)
{
    unsigned rc;

    (void)state;
    assert_int_equal(message_rc_v1(MESSAGE_GROUP_IMAGE, IMAGE_RC_OK), MESSAGE_OK);
    assert_int_equal(message_rc_v1(MESSAGE_GROUP_IMAGE, IMAGE_RC_TOO_LARGE), MESSAGE_INVALID);
    assert_int_equal(message_rc_v1(MESSAGE_GROUP_IMAGE, IMAGE_RC_PENDING), MESSAGE_BAD_STATE);
    assert_int_equal(message_rc_v1(MESSAGE_GROUP_OS, OS_RC_FORMAT), MESSAGE_INVALID);
    assert_int_equal(message_rc_v1(MESSAGE_GROUP_IMAGE, 1000), MESSAGE_UNKNOWN);
    for (rc = 1; rc <= IMAGE_RC_ACTIVE_UNKNOWN; rc++) {
        assert_int_not_equal(message_rc_v1(MESSAGE_GROUP_IMAGE, rc), MESSAGE_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_survive_a_round_trip),
        cmocka_unit_test(header_has_the_protocol_s_layout),
        cmocka_unit_test(every_code_has_an_older_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
