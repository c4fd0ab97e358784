/*
 * Time on nRF: TIMER2 (or devicetree's chosen farboot,timer), 32 bits at 1 MHz, runs from early init on and wraps after
 * 71 minutes. The core's cycle counter would be cheaper to read, but it stands still while the core sleeps, and waits
 * sleep.
 *
 * Uses capture/compare 0 to read the time (from interrupts also) and 1 to be woken (thread mode only).
 */
#include <farboot/devicetree.h>
#include <farboot/timer.h>
#include <farboot/util.h>
#include <farboot/watchdog.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"
#include "soc/nrf/timer.h"

/* A SoC whose TIMER2 has fewer bits chooses another. */
#define TIMER_NODE            COND_CODE_1(DT_HAS_CHOSEN(farboot_timer), (DT_CHOSEN(farboot_timer)), (DT_NODELABEL(timer2)))
#define TIMER_BASE            DT_REG_ADDR(TIMER_NODE)
#define TIMER_IRQ             DT_IRQN(TIMER_NODE)

#define TIMER_TASKS_START     (TIMER_BASE + 0x000u)
#define TIMER_TASKS_STOP      (TIMER_BASE + 0x004u)
#define TIMER_TASKS_CLEAR     (TIMER_BASE + 0x00cu)
#define TIMER_TASKS_CAPTURE0  (TIMER_BASE + 0x040u)
#define TIMER_EVENTS_COMPARE1 (TIMER_BASE + 0x144u)
#define TIMER_INTENSET        (TIMER_BASE + 0x304u)
#define TIMER_INTENCLR        (TIMER_BASE + 0x308u)
#define TIMER_BITMODE         (TIMER_BASE + 0x508u)
#define TIMER_PRESCALER       (TIMER_BASE + 0x510u)
#define TIMER_CC0             (TIMER_BASE + 0x540u)
#define TIMER_CC1             (TIMER_BASE + 0x544u)

#define TIMER_BITMODE_32      3u
#define TIMER_PRESCALER_1MHZ  4u /* 16 MHz / 2^4 */
#define TIMER_INT_COMPARE1    (1u << 17)

/* Below this a sleep costs more than it saves: waking, and the compare that must still lie ahead when it is set. */
#define SHORTEST_SLEEP_US 8u

void timer_start(void)
{
    *reg32(TIMER_BITMODE) = TIMER_BITMODE_32;
    *reg32(TIMER_PRESCALER) = TIMER_PRESCALER_1MHZ;
    *reg32(TIMER_TASKS_CLEAR) = 1;
    *reg32(TIMER_TASKS_START) = 1;
}

void soc_quiesce(void)
{
    *reg32(TIMER_TASKS_STOP) = 1;
    *reg32(TIMER_TASKS_CLEAR) = 1;
    *reg32(TIMER_INTENCLR) = UINT32_MAX;
    *reg32(TIMER_EVENTS_COMPARE1) = 0;
    *reg32(TIMER_BITMODE) = 0;
}

uint32_t timer_now_us(void)
{
    uint32_t primask = cortex_irq_save(); /* an interrupt that reads the time must not move this capture */
    uint32_t now;

    *reg32(TIMER_TASKS_CAPTURE0) = 1;
    now = *reg32(TIMER_CC0);
    cortex_irq_restore(primask);
    return now;
}

/*
 * Sleeps until the compare or any other interrupt. With PRIMASK set a pending interrupt ends WFI without being
 * taken, so none can slip in between the test and the sleep, and the compare needs no handler.
 */
static void sleep_until_compare(void)
{
    uint32_t primask = cortex_irq_save();

    cortex_irq_enable(TIMER_IRQ);
    if (*reg32(TIMER_EVENTS_COMPARE1) == 0) {
        __asm__ volatile("dsb\n wfi" : : : "memory");
    }
    cortex_irq_disable(TIMER_IRQ);
    cortex_irq_restore(primask);
}

void timer_wait(uint32_t us)
{
    struct deadline end = deadline_in(us);

    if (us >= SHORTEST_SLEEP_US && !cortex_in_handler()) {
        *reg32(TIMER_EVENTS_COMPARE1) = 0;
        (void)*reg32(TIMER_EVENTS_COMPARE1); /* has arrived before the line is unpended */
        cortex_irq_unpend(TIMER_IRQ);
        *reg32(TIMER_CC1) = end.start + us + 1;
        *reg32(TIMER_INTENSET) = TIMER_INT_COMPARE1;
        while (*reg32(TIMER_EVENTS_COMPARE1) == 0 && !deadline_passed(&end)) {
            sleep_until_compare();
        }
    }
    while (!deadline_passed(&end)) {
    }
    if (IS_ENABLED(CONFIG_MCUBOOT)) { /* an application feeds when it is well, not when it waits */
        watchdog_feed();
    }
}
