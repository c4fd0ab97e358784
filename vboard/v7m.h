/*
 * The Armv7-M system around the processor: exceptions with their stacking, the NVIC, the system control block, SysTick,
 * the memory protection unit and the cycle counter. Source: Armv7-M Architecture Reference Manual (DDI 0403E), part B.
 * An Armv8-M core that stays secure is the same to its firmware (DDI 0553), with a limit of the main stack pointer, and
 * here without a memory protection unit.
 *
 * Not modelled: the floating-point context in stack frames (firmware is built for soft float), unprivileged access
 * checks, priorities below the three bits that the nRF52840 has, debug.
 */
#ifndef VBOARD_V7M_H
#define VBOARD_V7M_H

#include <stdbool.h>
#include <stdint.h>

#include "vboard/clock.h"
#include "vboard/cpu.h"

enum {
    V7M_RESET = 1,
    V7M_NMI = 2,
    V7M_HARD_FAULT = 3,
    V7M_MEM_MANAGE = 4,
    V7M_BUS_FAULT = 5,
    V7M_USAGE_FAULT = 6,
    V7M_SVCALL = 11,
    V7M_DEBUG = 12,
    V7M_PENDSV = 14,
    V7M_SYSTICK = 15,
    V7M_IRQ0 = 16,
};
#define V7M_EXCEPTIONS  64
#define V7M_MPU_REGIONS 8

struct v7m_mpu_region {
    uint32_t base;
    uint32_t attributes; /* RASR */
};

struct v7m_hooks {
    void *ctx;
    void (*reset_requested)(void *ctx); /* AIRCR.SYSRESETREQ */
    void (*lockup)(void *ctx);
    void (*fault_taken)(void *ctx, unsigned exception); /* for the narrator */
};

struct v7m {
    struct cpu *cpu;
    struct sim_clock *clock;
    struct v7m_hooks hooks;
    uint64_t pending; /* one bit per exception */
    uint64_t enabled;
    uint64_t active;
    uint64_t lines; /* levels of the interrupt lines, at their exception's bit */
    uint8_t priority[V7M_EXCEPTIONS];
    uint32_t vtor, prigroup, scr, ccr, cfsr, hfsr, dfsr, mmfar, bfar, afsr, cpacr, demcr;
    uint32_t fpccr, fpcar, fpdscr;
    uint32_t dwt_ctrl;
    uint64_t cycle_base;    /* clock at which CYCCNT was 0 */
    uint32_t cycle_stopped; /* CYCCNT while it stands still */
    uint32_t systick_ctrl, systick_load;
    uint64_t systick_base; /* clock of the last reload */
    struct sim_timer systick;
    uint32_t mpu_ctrl, mpu_number;
    struct v7m_mpu_region mpu[V7M_MPU_REGIONS];
    bool mpu_changed;
    bool event;    /* the event register of WFE */
    bool sleeping; /* waiting for an interrupt or event */
};

void v7m_init(struct v7m *v7m, struct cpu *cpu, struct sim_clock *clock, const struct v7m_hooks *hooks);

/* After cpu_restart: reads the initial stack pointer and program counter from the vector table at 0. */
void v7m_reset(struct v7m *v7m);

/* An interrupt line's level. */
void v7m_set_line(struct v7m *v7m, unsigned irq, bool level);

/*
 * What the processor stopped for. Enters exceptions, returns from them, falls asleep. Afterwards either
 * v7m->sleeping is set or the processor can go on.
 */
void v7m_handle(struct v7m *v7m, enum cpu_stop stop);

/* Enters the most urgent pending exception if it may be taken now; wakes a sleeper. */
void v7m_deliver(struct v7m *v7m);

/* Whether an exception that masks kept back may be taken now; for cpu_bus.unmasked. */
bool v7m_unmasked(const struct v7m *v7m);

/* The private peripheral bus, 0xe0000000 to 0xe00fffff. */
uint32_t v7m_read(struct v7m *v7m, uint32_t addr, unsigned size);
void v7m_write(struct v7m *v7m, uint32_t addr, unsigned size, uint32_t value);

/* The memory protection unit (v7m_mpu.c). */
bool v7m_mpu_allows(const struct v7m *v7m, enum cpu_access access, uint32_t addr, unsigned size);
void v7m_mpu_apply(struct v7m *v7m, uint32_t ram_base, uint32_t ram_size);

/* For v7m_scs.c. */
void v7m_pend(struct v7m *v7m, unsigned exception);
int v7m_execution_priority(const struct v7m *v7m);
int v7m_priority(const struct v7m *v7m, unsigned exception);
unsigned v7m_most_urgent(const struct v7m *v7m);

#endif
