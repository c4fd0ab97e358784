#include "smp/frame.h"

#include <string.h>

enum {
    MARKER_FIRST_0 = 0x06,
    MARKER_FIRST_1 = 0x09,
    MARKER_NEXT_0 = 0x04,
    MARKER_NEXT_1 = 0x14,
    LENGTH_SIZE = 2,
    CRC_SIZE = 2,
    /* 31 groups of four characters: what fits a line beside marker and newline without splitting a group, so that
     * each line can be decoded on its own. */
    LINE_GROUPS = (FRAME_LINE_MAX - 3) / 4,
};

/* CRC-16/XMODEM, bit by bit: a table would cost 512 bytes of flash and a serial line is far slower than this. */
static uint16_t crc16(uint16_t crc, uint8_t byte)
{
    unsigned value = crc ^ ((unsigned)byte << 8);
    int bit;

    for (bit = 0; bit < 8; bit++) {
        value = (value & 0x8000U) != 0 ? (value << 1) ^ 0x1021U : value << 1;
    }
    return (uint16_t)value;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Six bits of a base64 character, or -1. */
static int base64_value(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z') {
        return byte - 'A';
    }
    if (byte >= 'a' && byte <= 'z') {
        return byte - 'a' + 26;
    }
    if (byte >= '0' && byte <= '9') {
        return byte - '0' + 52;
    }
    if (byte == '+' || byte == '/') {
        return byte == '+' ? 62 : 63;
    }
    return -1;
}

void frame_decoder_init(struct frame_decoder *decoder, uint8_t *packet, size_t size)
{
    *decoder = (struct frame_decoder){.packet = packet, .size = size};
}

/* The packet is lost; further lines that would continue it are ignored up to the next first line. */
static enum frame_event fault(struct frame_decoder *decoder, int code)
{
    decoder->collecting = false;
    decoder->fault = code;
    return FRAME_FAULT;
}

static void begin_packet(struct frame_decoder *decoder)
{
    decoder->collecting = true;
    decoder->quad_len = 0;
    decoder->quad_pad = 0;
    decoder->quad = 0;
    decoder->crc = 0;
    decoder->count = 0;
    decoder->expected = 0;
    decoder->len = 0;
}

static enum frame_event check_length(struct frame_decoder *decoder)
{
    if (decoder->expected <= CRC_SIZE) {
        return fault(decoder, ERR_SMP_FRAME);
    }
    if (decoder->expected - CRC_SIZE > decoder->size) {
        return fault(decoder, ERR_SMP_TOO_LONG);
    }
    decoder->len = decoder->expected - CRC_SIZE;
    return FRAME_NOTHING;
}

static enum frame_event take_decoded(struct frame_decoder *decoder, uint8_t byte)
{
    uint32_t at = decoder->count++;

    if (at < LENGTH_SIZE) {
        decoder->expected = decoder->expected << 8 | byte;
        return at + 1 == LENGTH_SIZE ? check_length(decoder) : FRAME_NOTHING;
    }
    at -= LENGTH_SIZE;
    if (at >= decoder->expected) {
        return fault(decoder, ERR_SMP_FRAME);
    }
    decoder->crc = crc16(decoder->crc, byte);
    if (at < decoder->len) {
        decoder->packet[at] = byte;
    }
    return FRAME_NOTHING;
}

static enum frame_event take_quad(struct frame_decoder *decoder)
{
    unsigned bytes = 3U - decoder->quad_pad;
    unsigned i;

    for (i = 0; i < bytes && decoder->collecting; i++) {
        if (take_decoded(decoder, (uint8_t)(decoder->quad >> (16 - 8 * i))) == FRAME_FAULT) {
            return FRAME_FAULT;
        }
    }
    decoder->quad_len = 0;
    decoder->quad_pad = 0;
    decoder->quad = 0;
    return FRAME_NOTHING;
}

static enum frame_event take_base64(struct frame_decoder *decoder, uint8_t byte)
{
    int value = base64_value(byte);

    if (byte == '=' && decoder->quad_len >= 2) {
        decoder->quad_pad++;
        value = 0;
    } else if (value < 0 || decoder->quad_pad > 0) {
        return fault(decoder, ERR_SMP_FRAME);
    }
    decoder->quad = decoder->quad << 6 | (uint32_t)value;
    decoder->quad_len++;
    return decoder->quad_len == 4 ? take_quad(decoder) : FRAME_NOTHING;
}

static enum frame_event end_line(struct frame_decoder *decoder)
{
    decoder->in_line = false;
    if (!decoder->collecting || decoder->count < LENGTH_SIZE || decoder->count < LENGTH_SIZE + decoder->expected) {
        return FRAME_NOTHING;
    }
    if (decoder->crc != 0) {
        return fault(decoder, ERR_SMP_CHECKSUM);
    }
    decoder->collecting = false;
    return FRAME_PACKET;
}

static enum frame_event begin_line(struct frame_decoder *decoder, bool first)
{
    bool lost = first && decoder->collecting && decoder->count > 0;

    decoder->in_line = true;
    if (!first) {
        return FRAME_NOTHING;
    }
    begin_packet(decoder);
    decoder->fault = lost ? ERR_SMP_FRAME : decoder->fault;
    return lost ? FRAME_FAULT : FRAME_NOTHING;
}

enum frame_event frame_decode(struct frame_decoder *decoder, uint8_t byte)
{
    uint8_t marker = decoder->marker;

    /* Markers count anywhere: text may lack its newline, and a line may have lost its own. */
    decoder->marker = 0;
    if ((marker == MARKER_FIRST_0 && byte == MARKER_FIRST_1) || (marker == MARKER_NEXT_0 && byte == MARKER_NEXT_1)) {
        return begin_line(decoder, marker == MARKER_FIRST_0);
    }
    if (byte == MARKER_FIRST_0 || byte == MARKER_NEXT_0) {
        decoder->marker = byte;
        return FRAME_NOTHING;
    }
    if (!decoder->in_line) {
        return FRAME_TEXT;
    }
    if (byte == '\n') {
        return end_line(decoder);
    }
    if (!decoder->collecting || byte == '\r') {
        return FRAME_NOTHING;
    }
    return take_base64(decoder, byte);
}

struct source {
    const uint8_t *packet;
    uint32_t len;
    uint16_t crc;
};

/* Byte `at` of length field, body and checksum in a row. */
static uint8_t source_byte(const struct source *source, uint32_t at)
{
    uint32_t counted = source->len + CRC_SIZE;

    if (at < LENGTH_SIZE) {
        return (uint8_t)(counted >> (8 * (1 - at)));
    }
    at -= LENGTH_SIZE;
    return (uint8_t)(at < source->len ? source->packet[at] : source->crc >> (8 * (1 - (at - source->len))));
}

/* Writes the group that begins at `at` and returns how many bytes of the source it covers. */
static uint32_t encode_group(const struct source *source, uint32_t at, uint32_t total, uint8_t group[4])
{
    uint32_t bytes = total - at < 3 ? total - at : 3;
    uint32_t bits = 0;
    uint32_t i;

    for (i = 0; i < 3; i++) {
        bits = bits << 8 | (i < bytes ? source_byte(source, at + i) : 0U);
    }
    for (i = 0; i < 4; i++) {
        group[i] = i <= bytes ? (uint8_t)alphabet[bits >> (18 - 6 * i) & 0x3f] : (uint8_t)'=';
    }
    return bytes;
}

int frame_encode(const uint8_t *packet, size_t len, void (*write)(void *context, const void *data, size_t len),
                 void *context)
{
    struct source source = {packet, 0, 0};
    uint8_t line[FRAME_LINE_MAX];
    uint32_t total;
    uint32_t at = 0;
    size_t i;

    if (len > FRAME_PACKET_MAX) {
        return ERR_SMP_TOO_LONG;
    }
    source.len = (uint32_t)len;
    for (i = 0; i < len; i++) {
        source.crc = crc16(source.crc, packet[i]);
    }
    total = LENGTH_SIZE + source.len + CRC_SIZE;
    while (at < total) {
        size_t used = 2;

        line[0] = at == 0 ? MARKER_FIRST_0 : MARKER_NEXT_0;
        line[1] = at == 0 ? MARKER_FIRST_1 : MARKER_NEXT_1;
        for (i = 0; i < LINE_GROUPS && at < total; i++) {
            at += encode_group(&source, at, total, line + used);
            used += 4;
        }
        line[used++] = '\n';
        write(context, line, used);
    }
    return OK;
}
