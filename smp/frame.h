/*
 * SMP's serial framing: packets as lines of base64 that share a console with text.
 *
 * A packet travels as length (16 bits, big endian, counts body and checksum), body and CRC-16 (polynomial 0x1021,
 * initial value 0), all in base64, cut into lines of at most 127 bytes. The first line begins with 06 09, the others
 * with 04 14; each ends with a newline. What lies outside such lines is console text. (Zephyr, "SMP over serial".)
 *
 * Encoder and decoder hold no memory beyond what the caller gives and know no transport, so that bootloader,
 * application and host use the same.
 */
#ifndef SMP_FRAME_H
#define SMP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

enum {
    FRAME_LINE_MAX = 127,      /* bytes of one line, marker and newline included */
    FRAME_PACKET_MAX = 0xfffd, /* the length field also counts the checksum */
};

enum frame_event {
    FRAME_NOTHING, /* the byte was taken */
    FRAME_TEXT,    /* the byte is console text */
    FRAME_PACKET,  /* decoder->packet holds a packet of decoder->len bytes, until the next byte is fed */
    FRAME_FAULT,   /* a packet was lost; decoder->fault says why */
};

/* Fields are the decoder's own except where stated. */
struct frame_decoder {
    uint8_t *packet; /* the caller's, `size` bytes: the longest packet that can be received */
    size_t size;
    size_t len; /* bytes of the packet; to be read after FRAME_PACKET */
    int fault;  /* ERR_SMP_FRAME, ERR_SMP_CHECKSUM, ERR_SMP_TOO_LONG; to be read after FRAME_FAULT */

    uint8_t marker;    /* first byte of a possible line marker, or 0 */
    bool in_line;      /* between a marker and its newline */
    bool collecting;   /* a packet has begun and is not yet complete */
    uint8_t quad_len;  /* base64 characters waiting for a whole group of four */
    uint8_t quad_pad;  /* how many of them were '=' */
    uint16_t crc;      /* over body and checksum so far; 0 after a whole intact packet */
    uint32_t quad;     /* their bits */
    uint32_t count;    /* decoded bytes so far, length field included */
    uint32_t expected; /* value of the length field */
};

/* `packet` and its `size` bytes are borrowed until the decoder is no longer used. */
void frame_decoder_init(struct frame_decoder *decoder, uint8_t *packet, size_t size);

/* Takes one received byte. Total: every sequence of bytes is allowed. */
enum frame_event frame_decode(struct frame_decoder *decoder, uint8_t byte);

/*
 * Hands the packet's lines to `write`, one call per line. Returns OK; ERR_SMP_TOO_LONG when `len` exceeds
 * FRAME_PACKET_MAX (then nothing was written).
 */
int frame_encode(const uint8_t *packet, size_t len, void (*write)(void *context, const void *data, size_t len),
                 void *context) ERROR_MUST_CHECK;

#endif
