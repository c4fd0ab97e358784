#include "vboard/v7m.h"

#include <stddef.h>
#include <string.h>

#define BIT(n)            (1ULL << (n))
#define LOWEST            256
#define PRIORITY_BITS     0xe0U /* the nRF52840 has three */
#define FRAME_SIZE        32U
#define XPSR_THUMB        0x01000000U
#define XPSR_ALIGNED      0x00000200U /* stacked: the frame was moved down by 4 */
#define XPSR_IT           0x0600fc00U
#define XPSR_EXCEPTION    0x1ffU
#define CONTROL_SPSEL     2U
#define EXC_RETURN_BASE   0xfffffff1U
#define EXC_RETURN_THREAD 8U
#define EXC_RETURN_PSP    4U
#define SCR_SLEEPONEXIT   2U
#define SCR_SEVONPEND     16U
#define CCR_STKALIGN      0x200U
#define CCR_USERSETMPEND  2U
#define CFSR_IACCVIOL     0x1U
#define CFSR_DACCVIOL     0x2U
#define CFSR_MSTKERR      0x10U
#define CFSR_MMARVALID    0x80U
#define CFSR_IBUSERR      0x100U
#define CFSR_PRECISERR    0x200U
#define CFSR_STKERR       0x1000U
#define CFSR_BFARVALID    0x8000U
#define CFSR_UNDEFINSTR   0x10000U
#define CFSR_INVSTATE     0x20000U
#define CFSR_INVPC        0x40000U
#define CFSR_STKOF        0x100000U
#define HFSR_FORCED       0x40000000U
#define HFSR_VECTTBL      0x2U
#define HFSR_DEBUGEVT     0x80000000U
#define ALWAYS_ENABLED                                                                                                 \
    (BIT(V7M_NMI) | BIT(V7M_HARD_FAULT) | BIT(V7M_SVCALL) | BIT(V7M_DEBUG) | BIT(V7M_PENDSV) | BIT(V7M_SYSTICK))

static void clear_state(struct v7m *v7m)
{
    struct v7m fresh = {.cpu = v7m->cpu, .clock = v7m->clock, .hooks = v7m->hooks, .systick = v7m->systick};

    *v7m = fresh;
    v7m->enabled = ALWAYS_ENABLED;
    v7m->ccr = CCR_STKALIGN;
    v7m->mpu_changed = true;
}

static void systick_wrapped(void *ctx)
{
    struct v7m *v7m = ctx;

    v7m->systick_base = v7m->clock->now;
    v7m->systick_ctrl |= 1U << 16;
    sim_timer_set(v7m->clock, &v7m->systick, v7m->clock->now + v7m->systick_load + 1);
    if ((v7m->systick_ctrl & 2) != 0) {
        v7m_pend(v7m, V7M_SYSTICK);
    }
}

void v7m_init(struct v7m *v7m, struct cpu *cpu, struct sim_clock *clock, const struct v7m_hooks *hooks)
{
    *v7m = (struct v7m){.cpu = cpu, .clock = clock, .hooks = *hooks};
    sim_timer_init(clock, &v7m->systick, systick_wrapped, v7m);
    v7m->systick.waits_for_host = true;
    clear_state(v7m);
}

static uint32_t read_word(const struct v7m *v7m, uint32_t addr, bool *ok)
{
    const uint8_t *at = cpu_memory_at(v7m->cpu, addr, 4);
    uint32_t value = 0;

    *ok = at != NULL;
    if (at != NULL) {
        memcpy(&value, at, 4);
    }
    return value;
}

void v7m_reset(struct v7m *v7m)
{
    bool ok;

    sim_timer_stop(v7m->clock, &v7m->systick);
    clear_state(v7m);
    cpu_set(v7m->cpu, CPU_MSP, read_word(v7m, 0, &ok) & ~3U);
    cpu_set(v7m->cpu, CPU_LR, 0xffffffffU);
    v7m->cpu->pc = read_word(v7m, 4, &ok) & ~1U;
}

int v7m_priority(const struct v7m *v7m, unsigned exception)
{
    switch (exception) {
    case V7M_NMI:
        return -2;
    case V7M_HARD_FAULT:
        return -1;
    default:
        return v7m->priority[exception];
    }
}

/* The part of a priority that decides about preemption. */
static int group_priority(const struct v7m *v7m, int priority)
{
    return priority < 0 ? priority : priority & (int)(0xffffff00U >> (7 - v7m->prigroup) & 0xffU);
}

int v7m_execution_priority(const struct v7m *v7m)
{
    uint32_t basepri = cpu_get(v7m->cpu, CPU_BASEPRI) & PRIORITY_BITS;
    int current = LOWEST;

    for (unsigned i = V7M_NMI; i < V7M_EXCEPTIONS; i++) {
        if ((v7m->active & BIT(i)) != 0 && group_priority(v7m, v7m_priority(v7m, i)) < current) {
            current = group_priority(v7m, v7m_priority(v7m, i));
        }
    }
    if (basepri != 0 && group_priority(v7m, (int)basepri) < current) {
        current = group_priority(v7m, (int)basepri);
    }
    if ((cpu_get(v7m->cpu, CPU_PRIMASK) & 1) != 0 && current > 0) {
        current = 0;
    }
    if ((cpu_get(v7m->cpu, CPU_FAULTMASK) & 1) != 0 && current > -1) {
        current = -1;
    }
    return current;
}

unsigned v7m_most_urgent(const struct v7m *v7m)
{
    uint64_t candidates = v7m->pending & v7m->enabled;
    unsigned best = 0;

    for (unsigned i = V7M_NMI; candidates >> i != 0 && i < V7M_EXCEPTIONS; i++) {
        if ((candidates & BIT(i)) != 0 && (best == 0 || v7m_priority(v7m, i) < v7m_priority(v7m, best))) {
            best = i;
        }
    }
    return best;
}

static bool may_take(const struct v7m *v7m, unsigned exception)
{
    return exception != 0 && group_priority(v7m, v7m_priority(v7m, exception)) < v7m_execution_priority(v7m);
}

bool v7m_unmasked(const struct v7m *v7m)
{
    return may_take(v7m, v7m_most_urgent(v7m));
}

void v7m_pend(struct v7m *v7m, unsigned exception)
{
    if ((v7m->pending & BIT(exception)) == 0) {
        v7m->pending |= BIT(exception);
        if ((v7m->scr & SCR_SEVONPEND) != 0) {
            v7m->event = true;
        }
        sim_clock_stop_soon(v7m->clock);
    }
}

void v7m_set_line(struct v7m *v7m, unsigned irq, bool level)
{
    uint64_t bit = BIT(V7M_IRQ0 + irq);

    if (level && (v7m->lines & bit) == 0) {
        v7m->lines |= bit;
        v7m_pend(v7m, V7M_IRQ0 + irq);
    } else if (!level) {
        v7m->lines &= ~bit;
    }
}

/* The stacking accesses obey the protection unit like any other store. */
static bool push_frame(struct v7m *v7m, uint32_t sp, const uint32_t frame[8])
{
    uint8_t *at = cpu_memory_at(v7m->cpu, sp, FRAME_SIZE);

    if (at == NULL) {
        v7m->cfsr |= CFSR_STKERR;
        return false;
    }
    if (!v7m_mpu_allows(v7m, CPU_WRITE, sp, FRAME_SIZE)) {
        v7m->cfsr |= CFSR_MSTKERR;
        return false;
    }
    memcpy(at, frame, FRAME_SIZE);
    return true;
}

static uint32_t stack_registers(struct v7m *v7m, bool from_psp)
{
    struct cpu *cpu = v7m->cpu;
    uint32_t sp = cpu_get(cpu, from_psp ? CPU_PSP : CPU_MSP);
    uint32_t xpsr = cpu_get(cpu, CPU_XPSR) | XPSR_THUMB;
    uint32_t moved = (v7m->ccr & CCR_STKALIGN) != 0 && (sp & 4) != 0 ? 4 : 0;
    uint32_t limit = from_psp ? 0 : cpu_stack_limit(cpu);
    uint32_t frame[8];

    for (unsigned i = 0; i < 4; i++) {
        frame[i] = cpu_get(cpu, CPU_R0 + i);
    }
    frame[4] = cpu_get(cpu, CPU_R0 + 12);
    frame[5] = cpu_get(cpu, CPU_LR);
    frame[6] = cpu->pc;
    frame[7] = (xpsr & ~XPSR_ALIGNED) | (moved != 0 ? XPSR_ALIGNED : 0);
    sp -= FRAME_SIZE + moved;
    if (sp < limit) {
        v7m->cfsr |= CFSR_STKOF;
        return limit;
    }
    (void)push_frame(v7m, sp, frame); /* the handler is entered all the same; CFSR tells */
    return sp;
}

static void lock_up(struct v7m *v7m)
{
    v7m->hooks.lockup(v7m->hooks.ctx);
}

static void enter(struct v7m *v7m, unsigned exception)
{
    struct cpu *cpu = v7m->cpu;
    bool thread = (cpu_get(cpu, CPU_XPSR) & XPSR_EXCEPTION) == 0;
    uint32_t control = cpu_get(cpu, CPU_CONTROL);
    bool from_psp = thread && (control & CONTROL_SPSEL) != 0;
    uint32_t exc_return = EXC_RETURN_BASE | (thread ? EXC_RETURN_THREAD : 0) | (from_psp ? EXC_RETURN_PSP : 0);
    uint32_t sp = stack_registers(v7m, from_psp);
    uint32_t xpsr = cpu_get(cpu, CPU_XPSR) & ~(XPSR_IT | XPSR_EXCEPTION);
    uint32_t vector;
    bool ok;

    if (thread) {
        cpu_set(cpu, CPU_CONTROL, control & ~CONTROL_SPSEL);
    }
    cpu_set(cpu, CPU_XPSR, xpsr | XPSR_THUMB | exception);
    cpu_set(cpu, from_psp ? CPU_PSP : CPU_MSP, sp);
    cpu_set(cpu, CPU_LR, exc_return);
    v7m->pending &= ~BIT(exception);
    v7m->active |= BIT(exception);
    v7m->event = true;
    vector = read_word(v7m, v7m->vtor + 4 * exception, &ok);
    if (!ok || (vector & 1) == 0) {
        v7m->hfsr |= HFSR_VECTTBL;
        lock_up(v7m);
        return;
    }
    cpu->pc = vector & ~1U;
}

/* An exception that cannot wait: taken now, or escalated to HardFault, or the end. */
static void raise_now(struct v7m *v7m, unsigned exception)
{
    bool possible = (v7m->enabled & BIT(exception)) != 0 && may_take(v7m, exception);

    v7m->hooks.fault_taken(v7m->hooks.ctx, exception);
    if (!possible && exception != V7M_HARD_FAULT) {
        v7m->hfsr |= HFSR_FORCED;
        exception = V7M_HARD_FAULT;
        possible = may_take(v7m, exception);
    }
    if (!possible) {
        lock_up(v7m);
        return;
    }
    enter(v7m, exception);
}

static void take_fault(struct v7m *v7m)
{
    const struct cpu_fault *fault = &v7m->cpu->fault;

    if (fault->access == CPU_FETCH) {
        v7m->cfsr |= fault->from_mpu ? CFSR_IACCVIOL : CFSR_IBUSERR;
    } else if (fault->from_mpu) {
        v7m->cfsr |= CFSR_DACCVIOL | CFSR_MMARVALID;
        v7m->mmfar = fault->addr;
    } else {
        v7m->cfsr |= CFSR_PRECISERR | CFSR_BFARVALID;
        v7m->bfar = fault->addr;
    }
    raise_now(v7m, fault->from_mpu ? V7M_MEM_MANAGE : V7M_BUS_FAULT);
}

static void usage_fault(struct v7m *v7m, uint32_t reason)
{
    v7m->cfsr |= reason;
    raise_now(v7m, V7M_USAGE_FAULT);
}

static void pop_frame(struct v7m *v7m, uint32_t sp, bool to_psp, bool thread)
{
    struct cpu *cpu = v7m->cpu;
    const uint8_t *at = cpu_memory_at(cpu, sp, FRAME_SIZE);
    uint32_t frame[8];
    uint32_t control;

    if (at == NULL) {
        lock_up(v7m);
        return;
    }
    memcpy(frame, at, sizeof(frame));
    cpu_set(cpu, CPU_XPSR, (frame[7] & ~XPSR_ALIGNED) | XPSR_THUMB);
    sp += FRAME_SIZE + ((frame[7] & XPSR_ALIGNED) != 0 ? 4 : 0);
    cpu_set(cpu, to_psp ? CPU_PSP : CPU_MSP, sp);
    if (thread) {
        control = cpu_get(cpu, CPU_CONTROL) & ~CONTROL_SPSEL;
        cpu_set(cpu, CPU_CONTROL, control | (to_psp ? CONTROL_SPSEL : 0));
    }
    for (unsigned i = 0; i < 4; i++) {
        cpu_set(cpu, CPU_R0 + i, frame[i]);
    }
    cpu_set(cpu, CPU_R0 + 12, frame[4]);
    cpu_set(cpu, CPU_LR, frame[5]);
    cpu->pc = frame[6] & ~1U;
}

static void exception_return(struct v7m *v7m)
{
    struct cpu *cpu = v7m->cpu;
    uint32_t value = cpu->pc | 1;
    unsigned exception = cpu_get(cpu, CPU_XPSR) & XPSR_EXCEPTION;
    bool thread = (value & EXC_RETURN_THREAD) != 0;
    bool to_psp = (value & EXC_RETURN_PSP) != 0;
    uint64_t bit = BIT(exception);

    if ((v7m->active & bit) == 0 || (value | 0xcU) != 0xfffffffdU) {
        usage_fault(v7m, CFSR_INVPC);
        return;
    }
    if (exception != V7M_NMI) {
        cpu_set(cpu, CPU_FAULTMASK, 0);
    }
    v7m->active &= ~bit;
    if ((v7m->lines & bit) != 0) {
        v7m->pending |= bit; /* the line is still high */
    }
    v7m->event = true;
    pop_frame(v7m, cpu_get(cpu, to_psp ? CPU_PSP : CPU_MSP), to_psp, thread);
    if (thread && (v7m->scr & SCR_SLEEPONEXIT) != 0) {
        v7m->sleeping = true;
    }
}

static void breakpoint(struct v7m *v7m)
{
    v7m->hfsr |= HFSR_DEBUGEVT;
    v7m->dfsr |= 2;
    raise_now(v7m, V7M_HARD_FAULT);
}

void v7m_handle(struct v7m *v7m, enum cpu_stop stop)
{
    switch (stop) {
    case CPU_STOP_SVC:
        raise_now(v7m, V7M_SVCALL);
        break;
    case CPU_STOP_BKPT:
        breakpoint(v7m);
        break;
    case CPU_STOP_EXCEPTION_RETURN:
        exception_return(v7m);
        break;
    case CPU_STOP_UNDEFINED:
        usage_fault(v7m, CFSR_UNDEFINSTR);
        break;
    case CPU_STOP_STACK_LIMIT:
        usage_fault(v7m, CFSR_STKOF);
        break;
    case CPU_STOP_INVALID_STATE:
        usage_fault(v7m, CFSR_INVSTATE);
        break;
    case CPU_STOP_FAULT:
        take_fault(v7m);
        break;
    case CPU_STOP_WFI:
        v7m->sleeping = true;
        v7m->event = false;
        break;
    case CPU_STOP_WFE:
        v7m->sleeping = !v7m->event;
        v7m->event = false;
        break;
    default:
        break;
    }
}

/* PRIMASK keeps an exception from being taken, not from waking. */
static bool wakes(const struct v7m *v7m, unsigned exception)
{
    uint32_t primask = cpu_get(v7m->cpu, CPU_PRIMASK);
    bool wake;

    if (exception == 0 || (primask & 1) == 0) {
        return may_take(v7m, exception);
    }
    cpu_set(v7m->cpu, CPU_PRIMASK, 0);
    wake = may_take(v7m, exception);
    cpu_set(v7m->cpu, CPU_PRIMASK, primask);
    return wake;
}

void v7m_deliver(struct v7m *v7m)
{
    unsigned exception = v7m_most_urgent(v7m);

    if (v7m->sleeping && (v7m->event || wakes(v7m, exception))) {
        v7m->sleeping = false;
        v7m->event = false;
    }
    if (may_take(v7m, exception)) {
        v7m->sleeping = false;
        enter(v7m, exception);
        exception = v7m_most_urgent(v7m);
    }
    cpu_watch(v7m->cpu, exception != 0);
}
