/*
 * Time from SysTick, for SoCs whose own timers nothing else needs it to touch. 24 bits of the core's clock wrap within
 * a fraction of a second, so each wrap is counted: by the exception or, where interrupts are masked, by whoever reads
 * the time. SysTick counts on in WFI sleep, not in deep sleep, which Farboot does not use.
 */
#include <farboot/devicetree.h>
#include <farboot/timer.h>
#include <farboot/util.h>
#include <farboot/watchdog.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

#define CYCLES_PER_US (DT_PROP(DT_NODELABEL(cpu0), clock_frequency) / 1000000u)
#define PERIOD_US     (0x1000000u / CYCLES_PER_US)
#define RELOAD        (PERIOD_US * CYCLES_PER_US - 1u)

_Static_assert(DT_PROP(DT_NODELABEL(cpu0), clock_frequency) % 1000000u == 0,
               "SysTick: clock-frequency is not whole MHz");

static volatile uint32_t counted_us; /* at the last wrap */

void systick_start(void)
{
    *reg32(CORTEX_SYST_RVR) = RELOAD;
    *reg32(CORTEX_SYST_CVR) = 0;
    *reg32(CORTEX_SYST_CSR) = CORTEX_SYST_ON;
}

void systick_handler(void)
{
    counted_us += PERIOD_US;
}

/* A wrap that is still pending is counted here: with interrupts masked for longer than a period it would be lost. */
uint32_t timer_now_us(void)
{
    uint32_t primask = cortex_irq_save();
    uint32_t left = *reg32(CORTEX_SYST_CVR);
    uint32_t now;

    if ((*reg32(CORTEX_SCB_ICSR) & CORTEX_ICSR_PENDSTSET) != 0) {
        *reg32(CORTEX_SCB_ICSR) = CORTEX_ICSR_PENDSTCLR;
        counted_us += PERIOD_US;
        left = *reg32(CORTEX_SYST_CVR);
    }
    now = counted_us + (RELOAD - left) / CYCLES_PER_US;
    cortex_irq_restore(primask);
    return now;
}

/* Awake: the counter has no compare that could end a sleep. */
void timer_wait(uint32_t us)
{
    struct deadline end = deadline_in(us);

    while (!deadline_passed(&end)) {
    }
    if (IS_ENABLED(CONFIG_MCUBOOT)) { /* an application feeds when it is well, not when it waits */
        watchdog_feed();
    }
}
