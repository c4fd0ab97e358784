#include "host/ihex.h"

#include <stdio.h>
#include <string.h>

enum record_type {
    RECORD_DATA = 0,
    RECORD_END = 1,
    RECORD_SEGMENT_ADDRESS = 2, /* bits 4 to 19 of the base; addresses wrap at 64 KiB */
    RECORD_SEGMENT_START = 3,
    RECORD_LINEAR_ADDRESS = 4, /* bits 16 to 31 of the base */
    RECORD_LINEAR_START = 5,
};

#define RECORD_OVERHEAD 5   /* length, address (2), type, checksum */
#define RECORD_LEN_ANY  256 /* no fixed length */

/* Data bytes that a record of each type must have. */
static const uint16_t record_len[] = {RECORD_LEN_ANY, 0, 2, 4, 2, 4};

struct parser {
    struct memory_image *image;
    uint32_t base;
    bool wraps; /* base came from a segment address */
    bool ended;
};

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Turns hex digits into bytes; returns how many, or -1. */
static int decode_digits(const uint8_t *text, size_t len, uint8_t *bytes)
{
    size_t i;

    if (len % 2 != 0 || len / 2 > RECORD_OVERHEAD + UINT8_MAX) {
        return -1;
    }
    for (i = 0; i < len / 2; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return -1;
        }
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return (int)(len / 2);
}

static int add_data(struct parser *parser, uint16_t offset, const uint8_t *data, uint8_t len, struct failure *failure)
{
    if (parser->wraps && offset + len > 0x10000) {
        return failure_set(failure, ERR_HOST_INPUT, "record crosses the end of its 64 KiB segment");
    }
    if (parser->base > UINT32_MAX - offset) {
        return failure_set(failure, ERR_HOST_INPUT, "address beyond 4 GiB");
    }
    return memory_image_add(parser->image, parser->base + offset, data, len, MEMORY_OVERLAP_ERROR, failure);
}

/* One record: `bytes` are length, address, type, data, checksum, all lengths checked. */
static int take_record(struct parser *parser, const uint8_t *bytes, struct failure *failure)
{
    uint16_t offset = (uint16_t)(bytes[1] << 8 | bytes[2]);
    uint16_t value = (uint16_t)(bytes[4] << 8 | bytes[5]);

    switch (bytes[3]) {
    case RECORD_DATA:
        return add_data(parser, offset, bytes + 4, bytes[0], failure);
    case RECORD_END:
        parser->ended = true;
        break;
    case RECORD_SEGMENT_ADDRESS:
        parser->base = (uint32_t)value << 4;
        parser->wraps = true;
        break;
    case RECORD_LINEAR_ADDRESS:
        parser->base = (uint32_t)value << 16;
        parser->wraps = false;
        break;
    default:
        break;
    }
    return OK;
}

static int check_record(const uint8_t *bytes, int count, struct failure *failure)
{
    uint8_t sum = 0;
    int i;

    if (count < RECORD_OVERHEAD || count != bytes[0] + RECORD_OVERHEAD) {
        return failure_set(failure, ERR_HOST_INPUT, "record length does not match its length field");
    }
    for (i = 0; i < count; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    if (sum != 0) {
        return failure_set(failure, ERR_HOST_INPUT, "wrong checksum: 0x%02x, expected 0x%02x", bytes[count - 1],
                           (uint8_t)(bytes[count - 1] - sum));
    }
    if (bytes[3] >= sizeof(record_len) / sizeof(record_len[0])) {
        return failure_set(failure, ERR_HOST_INPUT, "unknown record type %02x", bytes[3]);
    }
    if (record_len[bytes[3]] != RECORD_LEN_ANY && bytes[0] != record_len[bytes[3]]) {
        return failure_set(failure, ERR_HOST_INPUT, "record of type %02x has %u data bytes, expected %u", bytes[3],
                           bytes[0], record_len[bytes[3]]);
    }
    return OK;
}

static int parse_line(struct parser *parser, const uint8_t *line, size_t len, struct failure *failure)
{
    uint8_t bytes[RECORD_OVERHEAD + UINT8_MAX + 1] = {0};
    int count;
    int err;

    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ' || line[len - 1] == '\t')) {
        len--;
    }
    if (len == 0) {
        return OK;
    }
    if (parser->ended) {
        return failure_set(failure, ERR_HOST_INPUT, "text after the end-of-file record");
    }
    if (line[0] != ':') {
        return failure_set(failure, ERR_HOST_INPUT, "record does not begin with ':' (is this an Intel HEX file?)");
    }
    count = decode_digits(line + 1, len - 1, bytes);
    if (count < 0) {
        return failure_set(failure, ERR_HOST_INPUT, "record is not made of pairs of hexadecimal digits");
    }
    err = check_record(bytes, count, failure);
    return err == OK ? take_record(parser, bytes, failure) : err;
}

int ihex_parse(const uint8_t *text, size_t len, struct memory_image *image, struct failure *failure)
{
    struct parser parser = {.image = image};
    size_t at = 0;
    unsigned long number = 1;

    for (; at < len; number++) {
        const uint8_t *line = text + at;
        const uint8_t *newline = memchr(line, '\n', len - at);
        size_t line_len = newline != NULL ? (size_t)(newline - line) : len - at;
        int err = parse_line(&parser, line, line_len, failure);

        if (err != OK) {
            char place[32];

            (void)snprintf(place, sizeof(place), "line %lu", number);
            return failure_prefix(failure, err, place);
        }
        at += line_len + 1;
    }
    if (!parser.ended) {
        return failure_set(failure, ERR_HOST_INPUT, "line %lu: no end-of-file record (is the file truncated?)", number);
    }
    return OK;
}

static void print_byte(char *at, uint8_t value, uint8_t *sum)
{
    static const char digits[] = "0123456789ABCDEF";

    at[0] = digits[value >> 4];
    at[1] = digits[value & 15];
    *sum = (uint8_t)(*sum + value);
}

static void print_record(struct buffer *out, uint8_t type, uint16_t offset, const uint8_t *data, uint8_t len)
{
    const uint8_t head[] = {len, (uint8_t)(offset >> 8), (uint8_t)offset, type};
    char line[1 + 2 * (RECORD_OVERHEAD + UINT8_MAX) + 1] = ":";
    char *at = line + 1;
    uint8_t sum = 0;
    uint8_t ignored = 0;
    size_t i;

    for (i = 0; i < sizeof(head); i++, at += 2) {
        print_byte(at, head[i], &sum);
    }
    for (i = 0; i < len; i++, at += 2) {
        print_byte(at, data[i], &sum);
    }
    print_byte(at, (uint8_t)-sum, &ignored);
    at[2] = '\n';
    buffer_append(out, line, (size_t)(at + 3 - line));
}

/* `high` is the upper half of the last type 04 record, or -1 while none was needed. */
static void print_segment(const struct memory_segment *segment, bool linear, int32_t *high, struct buffer *out)
{
    size_t done = 0;

    while (done < segment->bytes.len) {
        uint32_t addr = segment->addr + (uint32_t)done;
        size_t len = segment->bytes.len - done;
        size_t room = 0x10000 - (addr & 0xffff);

        if (linear && *high != (int32_t)(addr >> 16)) {
            const uint8_t upper[] = {(uint8_t)(addr >> 24), (uint8_t)(addr >> 16)};

            print_record(out, RECORD_LINEAR_ADDRESS, 0, upper, sizeof(upper));
            *high = (int32_t)(addr >> 16);
        }
        len = len > room ? room : len;
        len = len > 16 ? 16 : len;
        print_record(out, RECORD_DATA, (uint16_t)addr, segment->bytes.data + done, (uint8_t)len);
        done += len;
    }
}

void ihex_print(const struct memory_image *image, struct buffer *out)
{
    uint32_t first;
    uint64_t end;
    bool linear = memory_image_range(image, &first, &end) && end > 0x10000;
    int32_t high = -1;
    size_t i;

    for (i = 0; i < image->count; i++) {
        print_segment(&image->segments[i], linear, &high, out);
    }
    print_record(out, RECORD_END, 0, NULL, 0);
}
