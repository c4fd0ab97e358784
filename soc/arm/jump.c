/* The jump into another image, from an Armv7-M or Armv8-M core. */
#include <farboot/soc.h>
#include <farboot/util.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

_Static_assert(!IS_ENABLED(CONFIG_CPU_CORTEX_M0),
               "an Armv6-M core cannot run the bootloader: it has no VTOR to hand over");

/* The core as a reset leaves it, apart from stack pointer and PRIMASK. */
static void quiesce(void)
{
#pragma GCC unroll 1 /* the compiler would make sixteen stores of it */
    for (uint32_t i = 0; i < 8; i++) {
        *reg32(CORTEX_NVIC_ICER + i * 4) = UINT32_MAX;
        *reg32(CORTEX_NVIC_ICPR + i * 4) = UINT32_MAX;
    }
    *reg32(CORTEX_SYST_CSR) = 0;
    *reg32(CORTEX_SCB_ICSR) = CORTEX_ICSR_PENDSVCLR | CORTEX_ICSR_PENDSTCLR;
    *reg32(CORTEX_SCB_SHCSR) = 0;
    *reg32(CORTEX_SCB_CCR) = CORTEX_CCR_STKALIGN;
    if (IS_ENABLED(CONFIG_CPU_CORTEX_M_HAS_SPLIM)) {
        cortex_set_stack_limit(0);
    } else if (*reg32(CORTEX_MPU_TYPE) != 0) {
        *reg32(CORTEX_MPU_CTRL) = 0;
        *reg32(CORTEX_MPU_RNR) = 0;
        *reg32(CORTEX_MPU_RASR) = 0;
    }
}

/*
 * Zeroes every byte of RAM that this image used (its stack included, hence no C), so that keys and plaintext do not
 * outlive it, then enters the image as a reset would: CONTROL 0, LR all ones, interrupts unmasked but none enabled.
 */
static _Noreturn void wipe_and_enter(uint32_t vectors)
{
    __asm__ volatile("movw  r1, #:lower16:ram_used_start\n"
                     "movt  r1, #:upper16:ram_used_start\n"
                     "movw  r2, #:lower16:ram_used_end\n"
                     "movt  r2, #:upper16:ram_used_end\n"
                     "movs  r3, #0\n"
                     "0: cmp r1, r2\n"
                     "itt   lo\n"
                     "strlo r3, [r1], #4\n"
                     "blo   0b\n"
                     "msr   control, r3\n"
                     "msr   basepri, r3\n"
                     "msr   faultmask, r3\n"
                     "isb\n"
                     "ldr   r1, [%0]\n"
                     "ldr   r2, [%0, #4]\n"
                     "msr   msp, r1\n"
                     "mov   lr, #0xffffffff\n"
                     "cpsie i\n"
                     "isb\n"
                     "bx    r2\n"
                     :
                     : "r"(vectors)
                     : "r1", "r2", "r3", "memory");
    __builtin_unreachable();
}

_Noreturn void soc_jump(uint32_t vectors)
{
    (void)cortex_irq_save();
    soc_quiesce();
    quiesce();
    *reg32(CORTEX_SCB_VTOR) = vectors;
    __asm__ volatile("dsb\n isb" : : : "memory");
    wipe_and_enter(vectors);
}
