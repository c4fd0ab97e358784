/* Little-endian numbers at any alignment, for file formats. */
#ifndef HOST_LE_H
#define HOST_LE_H

#include <stdint.h>

#include "host/buffer.h"

static inline uint16_t le16_get(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t le32_get(const uint8_t *at)
{
    return le16_get(at) | (uint32_t)le16_get(at + 2) << 16;
}

static inline void le16_append(struct buffer *out, uint16_t value)
{
    const uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};

    buffer_append(out, bytes, sizeof(bytes));
}

static inline void le32_append(struct buffer *out, uint32_t value)
{
    le16_append(out, (uint16_t)value);
    le16_append(out, (uint16_t)(value >> 16));
}

#endif
