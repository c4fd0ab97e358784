#include "tests/unit.h"

#include "vboard/thumb.h"

/* Encodings are the assembler's (arm-none-eabi-as 2.40). r2 = 0x2000, r3 = 0x30, sp = 0x8000, pc = 0x100. */
static const struct {
    uint16_t first;
    uint16_t second;
    uint32_t addr;
    uint32_t len;
} rows[] = {
    {0x4902, 0, 0x10c, 4},        /* ldr r1, [pc, #8] */
    {0x58d1, 0, 0x2030, 4},       /* ldr r1, [r2, r3] */
    {0x54d1, 0, 0x2030, 1},       /* strb r1, [r2, r3] */
    {0x5ed1, 0, 0x2030, 2},       /* ldrsh r1, [r2, r3] */
    {0x60d1, 0, 0x200c, 4},       /* str r1, [r2, #12] */
    {0x78d1, 0, 0x2003, 1},       /* ldrb r1, [r2, #3] */
    {0x80d1, 0, 0x2006, 2},       /* strh r1, [r2, #6] */
    {0x9904, 0, 0x8010, 4},       /* ldr r1, [sp, #16] */
    {0xb503, 0, 0x7ff4, 12},      /* push {r0, r1, lr} */
    {0xbd01, 0, 0x8000, 8},       /* pop {r0, pc} */
    {0xca03, 0, 0x2000, 8},       /* ldmia r2!, {r0, r1} */
    {0xbf00, 0, 0, 0},            /* nop */
    {0xb672, 0, 0, 0},            /* cpsid i */
    {0x2101, 0, 0, 0},            /* movs r1, #1 */
    {0xf8d2, 0x1104, 0x2104, 4},  /* ldr.w r1, [r2, #0x104] */
    {0xf842, 0x1c04, 0x1ffc, 4},  /* str r1, [r2, #-4] */
    {0xf852, 0x1b08, 0x2000, 4},  /* ldr r1, [r2], #8 */
    {0xf832, 0x1023, 0x20c0, 2},  /* ldrh.w r1, [r2, r3, lsl #2] */
    {0xe9c2, 0x0104, 0x2010, 8},  /* strd r0, r1, [r2, #16] */
    {0xe8f2, 0x0102, 0x2000, 8},  /* ldrd r0, r1, [r2], #8 */
    {0xe942, 0x0102, 0x1ff8, 8},  /* strd r0, r1, [r2, #-8] */
    {0xe922, 0x00f0, 0x1ff0, 16}, /* stmdb r2!, {r4-r7} */
    {0xe892, 0x00f0, 0x2000, 16}, /* ldmia.w r2, {r4-r7} */
    {0xe92d, 0x01f0, 0x7fec, 20}, /* push.w {r4-r8} */
    {0xe852, 0x1f01, 0x2004, 4},  /* ldrex r1, [r2, #4] */
    {0xf102, 0x0104, 0, 0},       /* add.w r1, r2, #4 */
    {0xf85f, 0x1008, 0x0fc, 4},   /* ldr.w r1, [pc, #-8] */
};

static void test_finds_what_an_instruction_touches(void **state)
{
    uint32_t regs[16] = {[2] = 0x2000, [3] = 0x30, [13] = 0x8000, [15] = 0x100};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct thumb_access access = thumb_access(rows[i].first, rows[i].second, regs);

        assert_int_equal(access.len, rows[i].len);
        assert_int_equal(access.len != 0 ? access.addr : 0, rows[i].addr);
        assert_int_equal(thumb_length(rows[i].first), rows[i].second != 0 ? 2 : 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds_what_an_instruction_touches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
