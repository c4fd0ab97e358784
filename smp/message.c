#include "smp/message.h"

static unsigned get_be16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static void put_be16(uint8_t *bytes, unsigned value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
}

int message_parse(const uint8_t *packet, size_t len, struct message_header *header)
{
    if (len < MESSAGE_HEADER_SIZE || get_be16(packet + 2) != len - MESSAGE_HEADER_SIZE) {
        return ERR_SMP_MESSAGE;
    }
    header->op = packet[0] & 0x7;
    header->version = packet[0] >> 3 & 0x3;
    header->len = (uint16_t)get_be16(packet + 2);
    header->group = (uint16_t)get_be16(packet + 4);
    header->sequence = packet[6];
    header->command = packet[7];
    return OK;
}

void message_put_header(const struct message_header *header, uint8_t packet[MESSAGE_HEADER_SIZE])
{
    packet[0] = (uint8_t)(header->version << 3 | header->op);
    packet[1] = 0;
    put_be16(packet + 2, header->len);
    put_be16(packet + 4, header->group);
    packet[6] = header->sequence;
    packet[7] = header->command;
}

enum message_rc message_rc_v1(uint16_t group, unsigned rc)
{
#define MESSAGE_V1_ROW(symbol, value, v1, text) [value] = (v1),
    static const uint8_t image[] = {MESSAGE_IMAGE_RC_LIST(MESSAGE_V1_ROW)};
    static const uint8_t os[] = {MESSAGE_OS_RC_LIST(MESSAGE_V1_ROW)};
#undef MESSAGE_V1_ROW
    const uint8_t *table = group == MESSAGE_GROUP_IMAGE ? image : os;
    size_t count = group == MESSAGE_GROUP_IMAGE ? sizeof(image) : sizeof(os);

    return rc < count ? (enum message_rc)table[rc] : MESSAGE_UNKNOWN;
}
