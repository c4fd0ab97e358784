/*
 * From reset to main: vector table, stack guard, .data and .bss. Relies on the symbols of soc/linker.ld.in and on
 * the hardware (or soc_jump) having loaded the main stack pointer from the table's first word.
 */
#include <string.h>

#include <farboot/soc.h>
#include <farboot/util.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

extern char stack_guard_start[], stack_start[], stack_top[];
extern char data_load_start[], data_start[], data_end[], bss_start[], bss_end[];

int main(void);

/*
 * An overflowing stack runs into a range without access and ends as a MemManage fault. Region 0 with all eight
 * subregions; size field is log2(bytes) - 1 (ARM DDI 0403E B3.5.9). Cores without MPU read 0 from MPU_TYPE.
 */
static void guard_with_mpu(void)
{
    if (*reg32(CORTEX_MPU_TYPE) == 0) {
        return;
    }
    *reg32(CORTEX_MPU_RNR) = 0;
    *reg32(CORTEX_MPU_RBAR) = (uint32_t)(uintptr_t)stack_guard_start;
    *reg32(CORTEX_MPU_RASR) = 1u << 28 /* never execute, no access */ | (CONFIG_HW_STACK_GUARD_LOG2 - 1) << 1 | 1;
    *reg32(CORTEX_MPU_CTRL) = CORTEX_MPU_CTRL_ON;
    __asm__ volatile("dsb\n isb" : : : "memory");
}

/* Armv8-M has a register for it, which ends as a UsageFault. */
static void guard_stack(void)
{
    if (!IS_ENABLED(CONFIG_HW_STACK_PROTECTION)) {
        return;
    }
    if (IS_ENABLED(CONFIG_CPU_CORTEX_M_HAS_SPLIM)) {
        cortex_set_stack_limit((uintptr_t)stack_start);
    } else {
        guard_with_mpu();
    }
}

_Noreturn void reset_handler(void)
{
    guard_stack();
    *reg32(CORTEX_SCB_SHCSR) |= CORTEX_SHCSR_FAULTS;
    *reg32(CORTEX_SCB_CCR) |= CORTEX_CCR_DIV_0_TRP;
    memcpy(data_start, data_load_start, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    soc_early_init();
    (void)main();
    for (;;) {
        soc_idle();
    }
}

#define SYSTICK_ENTRY (IS_ENABLED(CONFIG_CORTEX_M_SYSTICK) ? systick_handler : fault_entry)

/* The system exceptions (ARM DDI 0403E B1.5.2); those of the SoC follow in irq_vectors.c where an image uses any. */
static void *const system_vectors[16] __attribute__((used, section(".vectors.system"))) = {
    [0] = stack_top,    [1] = reset_handler, [2] = fault_entry,    [3] = fault_entry,
    [4] = fault_entry,  [5] = fault_entry,   [6] = fault_entry,    [11] = fault_entry,
    [12] = fault_entry, [14] = fault_entry,  [15] = SYSTICK_ENTRY,
};
