/*
 * The watchdog of nRF52 SoCs, which only a reset by it, by pin or by power stops. What it watches is the application's
 * choice; here it is only fed.
 */
#include <farboot/soc.h>

#include "soc/arm/cortex_m.h"
#include "soc/nrf/nrf52840.h"

/* Request registers that are not enabled ignore the value. */
void soc_watchdog_feed(void)
{
    if (*reg32(NRF_WDT_RUNSTATUS) == 0) {
        return;
    }
#pragma GCC unroll 1
    for (uint32_t i = 0; i < NRF_WDT_RR_COUNT; i++) {
        *reg32(NRF_WDT_RR + 4 * i) = NRF_WDT_RELOAD;
    }
}
