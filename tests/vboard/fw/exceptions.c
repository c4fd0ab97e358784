/* Exceptions, interrupts, faults and sleep, as Armv7-M and the nRF52840 have them. */
#include "fw.h"

#define EGU_IRQ 20U /* interrupts that no model raises: software pends them */

static volatile uint32_t order;
static volatile uint32_t svc_r0;

static void note(uint32_t digit)
{
    order = order << 4 | digit;
}

static void cpsid(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static void cpsie(void)
{
    __asm volatile("cpsie i\n isb" ::: "memory");
}

static void pend(uint32_t irq)
{
    NVIC_ISPR(irq / 32) = 1U << irq % 32;
    __asm volatile("dsb\n isb" ::: "memory");
}

static void enable(uint32_t irq, uint32_t priority, fw_handler handler)
{
    fw_vectors[16 + irq] = handler;
    NVIC_IPR(irq) = (uint8_t)priority;
    NVIC_ISER(irq / 32) = 1U << irq % 32;
}

static void handler_1(void)
{
    note(1);
}

static void handler_2(void)
{
    note(2);
    pend(EGU_IRQ + 1); /* more urgent: preempts */
    note(3);
}

__attribute__((naked)) static void on_svc(void)
{
    __asm volatile("mrs r1, psp\n tst lr, #4\n it eq\n mrseq r1, msp\n ldr r2, [r1]\n ldr r3, =svc_r0\n str r2, [r3]\n"
                   "adds r2, #1\n str r2, [r1]\n bx lr");
}

static uint32_t svc(uint32_t value)
{
    register uint32_t r0 __asm("r0") = value;

    __asm volatile("svc #0" : "+r"(r0)::"r1", "r2", "r3", "r12", "memory");
    return r0;
}

static void supervisor_call(void)
{
    static uint32_t stack[64];
    uint32_t control;

    fw_vectors[11] = on_svc;
    fw_hex("svc", svc(41));
    __asm volatile("msr psp, %0\n mrs %1, control" : "+r"((uint32_t){(uint32_t)(uintptr_t)&stack[64]}), "=r"(control));
    __asm volatile(
        "mov r0, #2\n msr control, r0\n isb\n mov r0, #98\n svc #0\n mov r4, r0\n mov r0, #0\n msr control, r0\n"
        "isb\n ldr r1, =order\n str r4, [r1]" ::
            : "r0", "r1", "r2", "r3", "r4", "r12", "memory");
    fw_hex("svc on psp", order);
    fw_hex("stacked r0", svc_r0);
}

static void masks(void)
{
    enable(EGU_IRQ, 0x40, handler_1);
    cpsid();
    pend(EGU_IRQ);
    note(5);
    cpsie();
    note(6);
    fw_hex("primask", order); /* 5 1 6 */
    order = 0;
    __asm volatile("msr basepri, %0" ::"r"(0x40));
    pend(EGU_IRQ);
    note(5);
    __asm volatile("msr basepri, %0\n isb" ::"r"(0x60));
    note(6);
    __asm volatile("msr basepri, %0\n isb" ::"r"(0));
    fw_hex("basepri", order); /* 5 1 6 */
}

static void nesting(void)
{
    enable(EGU_IRQ, 0x80, handler_2);
    enable(EGU_IRQ + 1, 0x20, handler_1);
    pend(EGU_IRQ);
    fw_hex("nested", order); /* 2 1 3 */
}

static void on_systick(void)
{
    note(7);
    ICSR = 1U << 28;
}

static void on_pendsv(void)
{
    note(8);
}

static void system_exceptions(void)
{
    fw_vectors[15] = on_systick;
    fw_vectors[14] = on_pendsv;
    REG(0xe000ed20) = 0x00ff0000U; /* PendSV lowest */
    REG(0xe000e014) = 63999;
    REG(0xe000e018) = 0;
    REG(0xe000e010) = 7;
    for (uint32_t i = 0; i < 3; i++) {
        __asm volatile("wfi");
    }
    REG(0xe000e010) = 0;
    fw_hex("ticks", order);
    fw_hex("us", fw_now_us() / 1000);
}

/* A timer's event wakes with PRIMASK set, and its handler runs only after cpsie. */
static void sleep_masked(void)
{
    fw_vectors[16 + 8] = handler_1;
    REG(0x40008508) = 3; /* TIMER0: 32 bits */
    REG(0x40008510) = 4; /* 1 MHz */
    REG(0x40008540) = 2500;
    REG(0x40008304) = 1U << 16;
    NVIC_ISER(0) = 1U << 8;
    cpsid();
    REG(0x40008000) = 1;
    __asm volatile("wfi");
    note(5);
    fw_hex("woken after us", fw_now_us() / 100);
    REG(0x40008304 + 4) = 1U << 16; /* the handler must not come again and again */
    REG(0x40008140) = 0;
    cpsie();
    fw_hex("order", order);
}

static void on_fault(void)
{
    fw_hex("exception", ICSR & 0x1ff);
    fw_hex("cfsr", CFSR);
    fw_hex("hfsr", HFSR);
    fw_hex("bfar", BFAR);
    fw_print("end\n");
    for (;;) {
    }
}

__attribute__((used)) static void show_frame(const uint32_t *frame)
{
    extern const char faulting_load[];

    fw_hex("pc is the load", frame[6] == ((uint32_t)(uintptr_t)faulting_load & ~1U));
    fw_hex("stacked r2", frame[2]);
    fw_print("end\n");
    for (;;) {
    }
}

__attribute__((naked)) static void on_fault_frame(void)
{
    __asm volatile("mov r0, sp\n b show_frame");
}

static void fault_again(void)
{
    fw_print("faulting in a fault\n");
    (void)REG(0x90000000);
    __asm volatile("nop\n b 1f\n 1:");
    fw_print("not reached\n");
}

static void faults(uint32_t which)
{
    for (unsigned i = 3; i < 7; i++) {
        fw_vectors[i] = on_fault;
    }
    switch (which) {
    case 10:
        SHCSR |= 1U << 17;
        (void)REG(0x90000000);
        break;
    case 11:
        REG(0x90000010) = 1;
        break;
    case 12:
        SHCSR |= 1U << 18;
        __asm volatile("udf #0");
        break;
    case 13:
        SHCSR |= 1U << 18;
        ((void (*)(void))(uintptr_t)0x1000)(); /* no Thumb bit */
        break;
    case 14:
        ((void (*)(void))(uintptr_t)0x90000001)();
        break;
    case 18:
        ((void (*)(void))(uintptr_t)0x12000001)(); /* the execute-in-place window of a controller that is off */
        break;
    case 15:
        if ((RESETREAS & 8) == 0) {
            fw_vectors[3] = fault_again;
            (void)REG(0x90000000);
        }
        fw_print("reset by lock-up\n");
        return;
    case 17:
        fw_vectors[3] = on_fault_frame;
        __asm volatile("mov r1, #0x90000000\n mov r2, #5\n ldr r3, [sp]\n adds r2, #1\n .global faulting_load\n"
                       "faulting_load: ldr r3, [r1, #8]\n adds r2, #1" ::
                           : "r1", "r2", "r3", "memory");
        break;
    case 16:
        __asm volatile("bkpt #0");
        break;
    default:
        break;
    }
    __asm volatile("nop\n b 1f\n 1:");
    fw_print("not reached\n");
}

/* Called through a pointer, so that the compiler cannot turn the recursion into a loop. */
static uint32_t recurse(volatile uint32_t *depth);
static uint32_t (*volatile again)(volatile uint32_t *) = recurse;

static uint32_t recurse(volatile uint32_t *depth)
{
    volatile uint32_t frame[16] = {*depth};

    *depth += 1;
    return again(depth) + frame[0];
}

static void stack_overflow(void)
{
    uint32_t guard = 0x2002f000;
    volatile uint32_t depth = 0;

    for (unsigned i = 3; i < 7; i++) {
        fw_vectors[i] = on_fault;
    }
    REG(0xe000ed98) = 0;
    REG(0xe000ed9c) = guard;
    REG(0xe000eda0) = 4U << 1 | 1; /* 32 bytes, no access */
    REG(0xe000ed94) = 5;           /* enabled, default map behind it, off in HardFault */
    __asm volatile("dsb\n isb" ::: "memory");
    REG(guard + 0x20) = 0x55;
    fw_hex("beside the guard", REG(guard + 0x20));
    fw_hex("depth", recurse(&depth));
}

int main(void)
{
    fw_cycles_on();
    switch (FW_CASE) {
    case 0:
        supervisor_call();
        break;
    case 1:
        masks();
        break;
    case 2:
        nesting();
        break;
    case 3:
        system_exceptions();
        break;
    case 4:
        sleep_masked();
        break;
    case 5:
        stack_overflow();
        break;
    default:
        faults(FW_CASE);
        break;
    }
    return 0;
}
