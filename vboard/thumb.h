/*
 * Which memory a Thumb load or store touches, given the registers before it. The engine does not tell which
 * instruction of a block faulted; the one whose address is the fault's is. Source: Armv7-M Architecture Reference
 * Manual (DDI 0403E), A5 and A6.
 */
#ifndef VBOARD_THUMB_H
#define VBOARD_THUMB_H

#include <stdbool.h>
#include <stdint.h>

struct thumb_access {
    uint32_t addr;
    uint32_t len; /* bytes; 0: the instruction is no load or store */
};

/* Halfwords of the instruction that begins with this one: 1 or 2. */
unsigned thumb_length(uint16_t first);

/* `regs` are r0 to r14; regs[15] is the instruction's own address. `second` counts for long instructions only. */
struct thumb_access thumb_access(uint16_t first, uint16_t second, const uint32_t regs[16]);

#endif
