#include "smp/cbor.h"

#include <string.h>

/* Major types and special first bytes (RFC 8949, sections 3.1 to 3.3). */
enum {
    MAJOR_UINT = 0,
    MAJOR_NEGATIVE = 1,
    MAJOR_BYTES = 2,
    MAJOR_TEXT = 3,
    MAJOR_LIST = 4,
    MAJOR_MAP = 5,
    MAJOR_TAG = 6,
    MAJOR_SIMPLE = 7,
    INFO_INDEFINITE = 31,
    HEAD_FALSE = 0xf4,
    HEAD_TRUE = 0xf5,
    HEAD_BREAK = 0xff,
};

struct head {
    uint8_t first;
    uint8_t major;
    bool indefinite;
    uint64_t argument;
    size_t len; /* bytes of the head itself */
};

static bool head_read(const uint8_t *data, size_t len, struct head *head)
{
    uint8_t info;
    size_t extra;
    size_t i;

    if (len == 0) {
        return false;
    }
    info = data[0] & 0x1f;
    *head = (struct head){.first = data[0], .major = data[0] >> 5, .argument = info, .len = 1};
    if (info < 24) {
        return true;
    }
    head->argument = 0;
    if (info == INFO_INDEFINITE) {
        head->indefinite = true;
        return head->major >= MAJOR_BYTES && head->major != MAJOR_TAG;
    }
    extra = (size_t)1 << (info - 24);
    if (info > 27 || len - 1 < extra) {
        return false;
    }
    for (i = 0; i < extra; i++) {
        head->argument = head->argument << 8 | data[1 + i];
    }
    head->len += extra;
    return true;
}

static bool is_string(const struct head *head)
{
    return head->major == MAJOR_BYTES || head->major == MAJOR_TEXT;
}

/* An open container while stepping over an item. */
struct level {
    uint8_t major;
    bool indefinite;
    uint64_t left; /* elements still to come; for an indefinite map: whether a value is due */
};

struct walk {
    struct level levels[CBOR_DEPTH];
    unsigned depth;
};

/* Whether an item that begins with `head` may stand inside the innermost level. */
static bool may_stand(const struct walk *walk, const struct head *head)
{
    const struct level *level;

    if (walk->depth == 0) {
        return head->first != HEAD_BREAK;
    }
    level = &walk->levels[walk->depth - 1];
    if (head->first == HEAD_BREAK) {
        /* A map must not end between a key and its value. */
        return level->indefinite && level->left == 0;
    }
    if (level->major == MAJOR_BYTES || level->major == MAJOR_TEXT) {
        return head->major == level->major && !head->indefinite;
    }
    return true;
}

static bool descend(struct walk *walk, const struct head *head)
{
    struct level *level;

    if (walk->depth == CBOR_DEPTH) {
        return false;
    }
    level = &walk->levels[walk->depth++];
    *level = (struct level){.major = head->major, .indefinite = head->indefinite};
    if (head->indefinite) {
        return true;
    }
    level->left = head->major == MAJOR_TAG ? 1 : head->argument;
    if (head->major == MAJOR_MAP) {
        /* Each element takes at least one byte of a buffer, so that a count near 2^63 fails later anyway. */
        if (level->left > UINT64_MAX / 2) {
            return false;
        }
        level->left *= 2;
    }
    return true;
}

/* One element is complete: count it, and with it every container that it completes. */
static void ascend(struct walk *walk)
{
    while (walk->depth > 0) {
        struct level *level = &walk->levels[walk->depth - 1];

        if (level->indefinite) {
            level->left = level->major == MAJOR_MAP ? 1 - level->left : 0;
            return;
        }
        if (--level->left > 0) {
            return;
        }
        walk->depth--;
    }
}

static bool opens(const struct head *head)
{
    if (head->major == MAJOR_LIST || head->major == MAJOR_MAP) {
        return head->indefinite || head->argument > 0;
    }
    return head->major == MAJOR_TAG || (is_string(head) && head->indefinite);
}

/* Bytes of the whole item at `data`, or 0 when it is malformed, too deep, or reaches beyond `len`. */
static size_t item_len(const uint8_t *data, size_t len)
{
    struct walk walk = {.depth = 0};
    size_t at = 0;

    do {
        struct head head;

        if (!head_read(data + at, len - at, &head) || !may_stand(&walk, &head)) {
            return 0;
        }
        at += head.len;
        if (is_string(&head)) {
            if (head.argument > len - at) {
                return 0;
            }
            at += (size_t)head.argument;
        }
        if (opens(&head)) {
            if (!descend(&walk, &head)) {
                return 0;
            }
            continue;
        }
        if (head.first == HEAD_BREAK) {
            walk.depth--;
        }
        ascend(&walk);
    } while (walk.depth > 0);
    return at;
}

static enum cbor_type value_type(const struct head *head)
{
    static const enum cbor_type types[] = {CBOR_UINT, CBOR_NEGATIVE, CBOR_BYTES, CBOR_TEXT,
                                           CBOR_LIST, CBOR_MAP,      CBOR_OTHER, CBOR_OTHER};

    if (head->first == HEAD_FALSE || head->first == HEAD_TRUE) {
        return CBOR_BOOL;
    }
    return is_string(head) && head->indefinite ? CBOR_OTHER : types[head->major];
}

/* The value of a well-formed item of `len` bytes. */
static struct cbor_value value_of(const uint8_t *data, size_t len)
{
    struct cbor_value value = {.type = CBOR_OTHER};
    struct head head;

    if (!head_read(data, len, &head)) {
        return value;
    }
    value.type = value_type(&head);
    value.number = value.type == CBOR_BOOL ? head.first == HEAD_TRUE : head.argument;
    value.data = data + head.len;
    value.len = len - head.len;
    if ((value.type == CBOR_LIST || value.type == CBOR_MAP) && head.indefinite) {
        value.len--; /* the break */
    }
    return value;
}

int cbor_parse(const uint8_t *data, size_t len, struct cbor_value *value)
{
    if (len == 0 || item_len(data, len) != len) {
        return ERR_SMP_MESSAGE;
    }
    *value = value_of(data, len);
    return OK;
}

bool cbor_next(struct cbor_value *rest, struct cbor_value *element)
{
    size_t len;

    if (rest->type != CBOR_LIST && rest->type != CBOR_MAP) {
        return false;
    }
    len = rest->len > 0 ? item_len(rest->data, rest->len) : 0;
    if (len == 0) {
        return false;
    }
    *element = value_of(rest->data, len);
    rest->data += len;
    rest->len -= len;
    return true;
}

static bool find(const struct cbor_value *map, const char *key, struct cbor_value *value)
{
    struct cbor_value rest = *map;
    struct cbor_value name;
    size_t key_len = strlen(key);

    if (map->type != CBOR_MAP) {
        return false;
    }
    while (cbor_next(&rest, &name) && cbor_next(&rest, value)) {
        if (name.type == CBOR_TEXT && name.len == key_len && memcmp(name.data, key, key_len) == 0) {
            return true;
        }
    }
    return false;
}

bool cbor_get(const struct cbor_value *map, const char *key, enum cbor_type type, struct cbor_value *value)
{
    return find(map, key, value) && value->type == type;
}

bool cbor_has(const struct cbor_value *map, const char *key)
{
    struct cbor_value value;

    return find(map, key, &value);
}

void cbor_writer_init(struct cbor_writer *writer, uint8_t *data, size_t size)
{
    *writer = (struct cbor_writer){.data = data, .size = size};
}

static void put(struct cbor_writer *writer, const void *data, size_t len)
{
    if (writer->overflow || len > writer->size - writer->len) {
        writer->overflow = true;
        return;
    }
    if (len > 0) {
        memcpy(writer->data + writer->len, data, len);
        writer->len += len;
    }
}

static void put_byte(struct cbor_writer *writer, uint8_t byte)
{
    put(writer, &byte, 1);
}

static void put_head(struct cbor_writer *writer, unsigned major, uint64_t argument)
{
    uint8_t head[9];
    unsigned log = argument <= UINT8_MAX ? 0 : argument <= UINT16_MAX ? 1 : argument <= UINT32_MAX ? 2 : 3;
    size_t extra = (size_t)1 << log;
    size_t i;

    if (argument < 24) {
        put_byte(writer, (uint8_t)(major << 5 | argument));
        return;
    }
    head[0] = (uint8_t)(major << 5 | (24 + log));
    for (i = 0; i < extra; i++) {
        head[extra - i] = (uint8_t)(argument >> (8 * i));
    }
    put(writer, head, 1 + extra);
}

void cbor_put_uint(struct cbor_writer *writer, uint64_t number)
{
    put_head(writer, MAJOR_UINT, number);
}

void cbor_put_int(struct cbor_writer *writer, int64_t number)
{
    if (number >= 0) {
        put_head(writer, MAJOR_UINT, (uint64_t)number);
    } else {
        put_head(writer, MAJOR_NEGATIVE, (uint64_t)(-1 - number));
    }
}

void cbor_put_bool(struct cbor_writer *writer, bool value)
{
    put_byte(writer, value ? HEAD_TRUE : HEAD_FALSE);
}

void cbor_put_text_len(struct cbor_writer *writer, const void *text, size_t len)
{
    put_head(writer, MAJOR_TEXT, len);
    put(writer, text, len);
}

void cbor_put_text(struct cbor_writer *writer, const char *text)
{
    cbor_put_text_len(writer, text, strlen(text));
}

void cbor_put_bytes(struct cbor_writer *writer, const void *data, size_t len)
{
    put_head(writer, MAJOR_BYTES, len);
    put(writer, data, len);
}

void cbor_open_map(struct cbor_writer *writer)
{
    put_byte(writer, MAJOR_MAP << 5 | INFO_INDEFINITE);
}

void cbor_open_list(struct cbor_writer *writer)
{
    put_byte(writer, MAJOR_LIST << 5 | INFO_INDEFINITE);
}

void cbor_close(struct cbor_writer *writer)
{
    put_byte(writer, HEAD_BREAK);
}
