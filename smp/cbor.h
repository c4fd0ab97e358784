/*
 * The part of CBOR (RFC 8949) that SMP uses, over memory of the caller: no allocation, no recursion.
 *
 * Reading: cbor_parse checks that a buffer is exactly one well-formed item, nested at most CBOR_DEPTH deep; after
 * that, values are looked up by key and lists walked without further error handling. Maps and lists may have definite
 * or indefinite length; what nobody asks for is skipped, whatever it is. Strings of indefinite length are well-formed
 * but are never a value (no SMP peer sends them). Of equal keys the first counts.
 *
 * Writing: maps and lists of indefinite length, so that no count has to be known beforehand. A writer that runs out
 * of room remembers it; one check at the end is enough.
 */
#ifndef SMP_CBOR_H
#define SMP_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

enum { CBOR_DEPTH = 8 };

enum cbor_type {
    CBOR_UINT,
    CBOR_NEGATIVE, /* -1 - number */
    CBOR_BYTES,
    CBOR_TEXT,
    CBOR_LIST,
    CBOR_MAP,
    CBOR_BOOL,
    CBOR_OTHER, /* null, floats, tags, strings of indefinite length: present, but of no use here */
};

struct cbor_value {
    enum cbor_type type;
    uint64_t number;     /* UINT, NEGATIVE; BOOL: 0 or 1 */
    const uint8_t *data; /* BYTES, TEXT: contents (not terminated); LIST, MAP: encoded elements */
    size_t len;          /* bytes at `data`; `data` points into the parsed buffer */
};

/* Returns OK; ERR_SMP_MESSAGE when the buffer is not exactly one well-formed item or nests too deeply. */
int cbor_parse(const uint8_t *data, size_t len, struct cbor_value *value) ERROR_MUST_CHECK;

/* Walks a LIST, or the keys and values of a MAP in turn. Start with the container itself; each call takes one element
 * off the front of `rest`. Returns false at the end. */
bool cbor_next(struct cbor_value *rest, struct cbor_value *element);

/* The value of text key `key` if it is there and has type `type`. False also when `map` is no map. */
bool cbor_get(const struct cbor_value *map, const char *key, enum cbor_type type, struct cbor_value *value);

/* Whether `key` is there, with whatever value. */
bool cbor_has(const struct cbor_value *map, const char *key);

struct cbor_writer {
    uint8_t *data; /* the caller's */
    size_t size;
    size_t len;
    bool overflow; /* something did not fit and was left out */
};

void cbor_writer_init(struct cbor_writer *writer, uint8_t *data, size_t size);
void cbor_put_uint(struct cbor_writer *writer, uint64_t number);
void cbor_put_int(struct cbor_writer *writer, int64_t number);
void cbor_put_bool(struct cbor_writer *writer, bool value);
void cbor_put_text(struct cbor_writer *writer, const char *text);
void cbor_put_text_len(struct cbor_writer *writer, const void *text, size_t len); /* not terminated */
void cbor_put_bytes(struct cbor_writer *writer, const void *data, size_t len);
void cbor_open_map(struct cbor_writer *writer);
void cbor_open_list(struct cbor_writer *writer);
void cbor_close(struct cbor_writer *writer); /* the innermost open map or list */

#endif
