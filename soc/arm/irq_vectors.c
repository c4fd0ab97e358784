/*
 * Vectors of the SoC's interrupts, for images that enable any. A driver takes interrupt N by defining
 * irq_handler_N; the others end like a fault.
 */
#include "soc/arm/internal.h"

static __attribute__((naked, used)) void irq_unhandled(void)
{
    __asm__ volatile("ldr r0, =fault_entry\n bx r0\n .pool"); /* r0 is in the exception's frame */
}

/* clang-format off */
#define IRQ_LIST(X)                                                                                            \
    X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)                         \
    X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)               \
    X(32) X(33) X(34) X(35) X(36) X(37) X(38) X(39) X(40) X(41) X(42) X(43) X(44) X(45) X(46) X(47)
/* clang-format on */

#define IRQ_DECLARE(n) void irq_handler_##n(void) __attribute__((weak, alias("irq_unhandled")));
IRQ_LIST(IRQ_DECLARE)

#define IRQ_VECTOR(n) irq_handler_##n,
static void (*const irq_vectors[])(void) __attribute__((used, section(".vectors.irq"))) = {IRQ_LIST(IRQ_VECTOR)};
