/*
 * The end of every exception that nobody handles: one line on the console with what the core knows of it, then
 * reset. Works with an overflowed or corrupt stack pointer; needs the console only if it was initialised.
 */
#include <farboot/console.h>
#include <farboot/log.h>
#include <farboot/soc.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

#define CFSR_OVERFLOW (CORTEX_CFSR_MSTKERR | (IS_ENABLED(CONFIG_CPU_CORTEX_M_HAS_SPLIM) ? CORTEX_CFSR_STKOF : 0))
#define OVERSHOOT     4096U /* bytes, more than any frame */

extern char stack_guard_start[], stack_start[], stack_top[];

/* What the core stacks on exception entry (ARM DDI 0403E B1.5.6). */
struct exception_frame {
    uint32_t r0, r1, r2, r3, r12, lr, pc, psr;
};

/*
 * Runs on whatever the stack pointer is; takes the stack from its top again when too little is left for printing
 * (768 bytes: printf and console) or the pointer lies outside. The guard goes first, since the frame may be in it.
 * Armv6-M executes it, too.
 */
__attribute__((naked)) void fault_entry(void)
{
    __asm__ volatile("cpsid i\n"
                     "movs r1, #0\n"
                     "ldr  r2, =0xe000ed94\n" /* MPU_CTRL */
                     "str  r1, [r2]\n"
                     "dsb\n"
                     "isb\n"
                     "mrs  r0, msp\n"
                     "ldr  r1, =stack_start + 768\n"
                     "ldr  r2, =stack_top\n"
                     "cmp  r0, r1\n"
                     "blo  0f\n"
                     "cmp  r0, r2\n"
                     "bls  1f\n"
                     "0: mov sp, r2\n"
                     "1: bl fault_report\n"
                     ".pool\n");
}

/* After an overflow the core could not stack, and what lies there is something else. */
static bool frame_is_there(const struct exception_frame *frame, uint32_t cfsr)
{
    uintptr_t address = (uintptr_t)frame;

    return (cfsr & (CFSR_OVERFLOW | CORTEX_CFSR_STKERR)) == 0 && address >= (uintptr_t)stack_guard_start &&
           address <= (uintptr_t)stack_top - sizeof(*frame) && address % sizeof(uint32_t) == 0;
}

static uint32_t fault_address(uint32_t cfsr)
{
    if ((cfsr & CORTEX_CFSR_MMARVALID) != 0) {
        return *reg32(CORTEX_SCB_MMFAR);
    }
    return (cfsr & CORTEX_CFSR_BFARVALID) != 0 ? *reg32(CORTEX_SCB_BFAR) : 0;
}

/* A frame larger than the guard steps over it: the stack is at the start of RAM, and below is nothing. */
static bool is_stack_overflow(uint32_t cfsr)
{
    uintptr_t address = fault_address(cfsr);

    return (cfsr & CFSR_OVERFLOW) != 0 ||
           (address >= (uintptr_t)stack_guard_start - OVERSHOOT && address < (uintptr_t)stack_start);
}

static __attribute__((noinline)) const char *fault_name(uint32_t cfsr)
{
    if (is_stack_overflow(cfsr)) {
        return "stack overflow";
    }
    if ((cfsr & CORTEX_CFSR_MEMMANAGE) != 0) {
        return "MemManage";
    }
    if ((cfsr & CORTEX_CFSR_BUSFAULT) != 0) {
        return "BusFault";
    }
    return cfsr != 0 ? "UsageFault" : "HardFault";
}

/* Reached from fault_entry only. */
_Noreturn void fault_report(const struct exception_frame *frame);
__attribute__((used)) _Noreturn void fault_report(const struct exception_frame *frame)
{
    uint32_t cfsr = *reg32(CORTEX_SCB_CFSR);
    bool is_there = frame_is_there(frame, cfsr);
    uint32_t exception;

    __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
    LOG_ERR("fault: %s (exception %u) pc=0x%08x lr=0x%08x cfsr=0x%08x hfsr=0x%08x addr=0x%08x", fault_name(cfsr),
            (unsigned)exception, (unsigned)(is_there ? frame->pc : 0), (unsigned)(is_there ? frame->lr : 0),
            (unsigned)cfsr, (unsigned)*reg32(CORTEX_SCB_HFSR), (unsigned)fault_address(cfsr));
    console_deinit();
    soc_reset();
}
