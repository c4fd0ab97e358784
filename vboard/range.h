/* Bus addresses from `start` to before `end`. */
#ifndef VBOARD_RANGE_H
#define VBOARD_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vboard_range {
    uint32_t start;
    uint32_t end;
};

/* Whether one of the ranges contains the address. */
static inline bool vboard_ranges_contain(const struct vboard_range *ranges, size_t count, uint32_t addr)
{
    for (size_t i = 0; i < count; i++) {
        if (addr >= ranges[i].start && addr < ranges[i].end) {
            return true;
        }
    }
    return false;
}

#endif
