/*
 * SmartFusion2: the Cortex-M3 starts from eNVM with the clocks that the FPGA design's flash bits configure; nothing is
 * set up here. Registers as in the MSS user's guide (UG0331), chapter "Watchdog Timer".
 */
#include <farboot/soc.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

#define WDOG_REFRESH     0x4000500cu
#define WDOG_ENABLE      0x40005010u
#define WDOG_ENABLED     (1u << 0)
#define WDOG_REFRESH_KEY 0xac15de42u

void soc_early_init(void)
{
    systick_start();
}

/* SysTick is the core's, and stopped with it. */
void soc_quiesce(void)
{
}

void soc_watchdog_feed(void)
{
    if ((*reg32(WDOG_ENABLE) & WDOG_ENABLED) != 0) {
        *reg32(WDOG_REFRESH) = WDOG_REFRESH_KEY;
    }
}
