/*
 * The registers of an Armv7-M core that Farboot touches (ARM DDI 0403E, part B), which Armv8-M has at the same places
 * (DDI 0553), and the few operations on interrupts that drivers need. Private to soc/ and drivers/.
 */
#ifndef SOC_ARM_CORTEX_M_H
#define SOC_ARM_CORTEX_M_H

#include <stdbool.h>
#include <stdint.h>

#include <farboot/util.h>

/* The name by which a driver takes interrupt `irq` (a macro that expands to its number will do). */
#define CORTEX_IRQ_HANDLER(irq) UTIL_CAT(irq_handler_, irq)

/* Addresses, ARM DDI 0403E B3.2 to B3.5. */
#define CORTEX_SYST_CSR       0xe000e010u
#define CORTEX_SYST_RVR       0xe000e014u
#define CORTEX_SYST_CVR       0xe000e018u
#define CORTEX_NVIC_ISER      0xe000e100u
#define CORTEX_NVIC_ICER      0xe000e180u
#define CORTEX_NVIC_ICPR      0xe000e280u
#define CORTEX_SCB_ICSR       0xe000ed04u
#define CORTEX_SCB_VTOR       0xe000ed08u
#define CORTEX_SCB_AIRCR      0xe000ed0cu
#define CORTEX_SCB_CCR        0xe000ed14u
#define CORTEX_SCB_SHCSR      0xe000ed24u
#define CORTEX_SCB_CFSR       0xe000ed28u
#define CORTEX_SCB_HFSR       0xe000ed2cu
#define CORTEX_SCB_MMFAR      0xe000ed34u
#define CORTEX_SCB_BFAR       0xe000ed38u
#define CORTEX_MPU_TYPE       0xe000ed90u
#define CORTEX_MPU_CTRL       0xe000ed94u
#define CORTEX_MPU_RNR        0xe000ed98u
#define CORTEX_MPU_RBAR       0xe000ed9cu
#define CORTEX_MPU_RASR       0xe000eda0u

#define CORTEX_SYST_ON        7u /* counts the core's clock, with interrupt */
#define CORTEX_ICSR_PENDSVCLR (1u << 27)
#define CORTEX_ICSR_PENDSTSET (1u << 26)
#define CORTEX_ICSR_PENDSTCLR (1u << 25)
#define CORTEX_AIRCR_RESET    0x05fa0004u /* VECTKEY, SYSRESETREQ */
#define CORTEX_CCR_STKALIGN   (1u << 9)   /* the reset value of CCR */
#define CORTEX_CCR_DIV_0_TRP  (1u << 4)
#define CORTEX_SHCSR_FAULTS   (7u << 16) /* MemManage, BusFault, UsageFault enabled */
#define CORTEX_CFSR_MMARVALID (1u << 7)
#define CORTEX_CFSR_MSTKERR   (1u << 4)
#define CORTEX_CFSR_STKERR    (1u << 12)
#define CORTEX_CFSR_STKOF     (1u << 20) /* Armv8-M only */
#define CORTEX_CFSR_MEMMANAGE 0xffu
#define CORTEX_CFSR_BUSFAULT  0xff00u
#define CORTEX_CFSR_BFARVALID (1u << 15)
#define CORTEX_MPU_CTRL_ON    5u /* enabled, default map for everything that no region covers */

static inline volatile uint32_t *reg32(uint32_t address)
{
    return (volatile uint32_t *)(uintptr_t)address; /* NOLINT: registers are at fixed addresses */
}

/* Armv8-M: a main stack pointer below `limit` is a UsageFault; 0 allows all. */
static inline void cortex_set_stack_limit(uintptr_t limit)
{
    __asm__ volatile("msr msplim, %0" : : "r"(limit) : "memory");
}

/* Masks interrupts; the value returned goes to cortex_irq_restore. Pairs may nest. */
static inline uint32_t cortex_irq_save(void)
{
    uint32_t primask;

    __asm__ volatile("mrs %0, primask\n cpsid i" : "=r"(primask) : : "memory");
    return primask;
}

static inline void cortex_irq_restore(uint32_t primask)
{
    __asm__ volatile("msr primask, %0" : : "r"(primask) : "memory");
}

/* Whether an exception is being handled; WFI does not wake there for interrupts of the same or lower priority. */
static inline bool cortex_in_handler(void)
{
    uint32_t ipsr;

    __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
    return ipsr != 0;
}

static inline void cortex_irq_enable(uint32_t irq)
{
    *reg32(CORTEX_NVIC_ISER + irq / 32 * 4) = 1u << irq % 32;
}

static inline void cortex_irq_disable(uint32_t irq)
{
    *reg32(CORTEX_NVIC_ICER + irq / 32 * 4) = 1u << irq % 32;
    __asm__ volatile("dsb\n isb" : : : "memory");
}

static inline void cortex_irq_unpend(uint32_t irq)
{
    *reg32(CORTEX_NVIC_ICPR + irq / 32 * 4) = 1u << irq % 32;
}

#endif
