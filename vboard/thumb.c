#include "vboard/thumb.h"

#define SP 13
#define PC 15

unsigned thumb_length(uint16_t first)
{
    return first >= 0xe800U ? 2 : 1;
}

static uint32_t registers_in(uint32_t list)
{
    uint32_t count = 0;

    for (; list != 0; list &= list - 1) {
        count++;
    }
    return count;
}

static struct thumb_access at(uint32_t addr, uint32_t len)
{
    return (struct thumb_access){addr, len};
}

static struct thumb_access register_offset(uint16_t op, const uint32_t regs[16])
{
    static const uint8_t sizes[] = {4, 2, 1, 1, 4, 2, 1, 2};

    return at(regs[op >> 3 & 7] + regs[op >> 6 & 7], sizes[op >> 9 & 7]);
}

static struct thumb_access push_or_pop(uint16_t op, const uint32_t regs[16])
{
    uint32_t len = 4 * registers_in(op & 0x1ffU);

    if ((op & 0x0600U) != 0x0400U) {
        return at(0, 0); /* another instruction of this group */
    }
    return (op & 0x0800U) != 0 ? at(regs[SP], len) : at(regs[SP] - len, len);
}

static struct thumb_access narrow(uint16_t op, const uint32_t regs[16])
{
    uint32_t base = regs[op >> 3 & 7];
    uint32_t imm5 = op >> 6 & 31;

    switch (op >> 12) {
    case 4:
        return (op & 0x0800U) != 0 ? at(((regs[PC] + 4) & ~3U) + 4 * (op & 0xffU), 4) : at(0, 0);
    case 5:
        return register_offset(op, regs);
    case 6:
        return at(base + 4 * imm5, 4);
    case 7:
        return at(base + imm5, 1);
    case 8:
        return at(base + 2 * imm5, 2);
    case 9:
        return at(regs[SP] + 4 * (op & 0xffU), 4);
    case 11:
        return push_or_pop(op, regs);
    case 12:
        return at(regs[op >> 8 & 7], 4 * registers_in(op & 0xffU));
    default:
        return at(0, 0);
    }
}

/* LDM, STM, PUSH.W, POP.W */
static struct thumb_access multiple(uint16_t first, uint16_t second, const uint32_t regs[16])
{
    uint32_t base = regs[first & 15];
    uint32_t len = 4 * registers_in(second);

    return (first & 0x0100U) != 0 ? at(base - len, len) : at(base, len);
}

/* LDRD, STRD, LDREX, STREX, TBB, TBH */
static struct thumb_access dual(uint16_t first, uint16_t second, const uint32_t regs[16])
{
    uint32_t base = regs[first & 15];
    uint32_t offset = 4 * (second & 0xffU);
    bool indexed = (first & 0x0100U) != 0;

    if (!indexed && (first & 0x0020U) == 0) {
        return (first & 0x00c0U) == 0x00c0U ? at(base + regs[second & 15], 2) : at(base + offset, 4);
    }
    if (!indexed) {
        return at(base, 8);
    }
    return at((first & 0x0080U) != 0 ? base + offset : base - offset, 8);
}

static struct thumb_access single(uint16_t first, uint16_t second, const uint32_t regs[16])
{
    uint32_t size = 1U << (first >> 5 & 3);
    uint32_t base = regs[first & 15];
    uint32_t imm8 = second & 0xffU;

    if ((first & 15) == PC) {
        base = (regs[PC] + 4) & ~3U;
        return at((first & 0x0080U) != 0 ? base + (second & 0xfffU) : base - (second & 0xfffU), size);
    }
    if ((first & 0x0080U) != 0) {
        return at(base + (second & 0xfffU), size);
    }
    if ((second & 0x0800U) == 0) {
        return at(base + (regs[second & 15] << (second >> 4 & 3)), size);
    }
    if ((second & 0x0400U) == 0) {
        return at(base, size); /* post-indexed */
    }
    return at((second & 0x0200U) != 0 ? base + imm8 : base - imm8, size);
}

struct thumb_access thumb_access(uint16_t first, uint16_t second, const uint32_t regs[16])
{
    if (thumb_length(first) == 1) {
        return narrow(first, regs);
    }
    switch (first >> 9) {
    case 0x74: /* 1110100 */
        return (first & 0x0040U) != 0 ? dual(first, second, regs) : multiple(first, second, regs);
    case 0x7c: /* 1111100 */
        return single(first, second, regs);
    default:
        return at(0, 0);
    }
}
