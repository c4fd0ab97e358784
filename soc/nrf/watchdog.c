/*
 * The watchdogs of nRF SoCs, which only a reset by them, by pin or by power stops. What they watch is the
 * application's choice; here they are only fed.
 */
#include <farboot/devicetree.h>
#include <farboot/soc.h>

#include "soc/arm/cortex_m.h"

/* nRF52840 PS, WDT: it takes a reload when every enabled request register got the reload value. */
#define WDT_RUNSTATUS 0x400u
#define WDT_RR        0x600u
#define WDT_RR_COUNT  8u
#define WDT_RELOAD    0x6e524635u

/* Request registers that are not enabled ignore the value. */
static void feed(uint32_t base)
{
    if (*reg32(base + WDT_RUNSTATUS) == 0) {
        return;
    }
#pragma GCC unroll 1
    for (uint32_t i = 0; i < WDT_RR_COUNT; i++) {
        *reg32(base + WDT_RR + 4 * i) = WDT_RELOAD;
    }
}

#define FEED(node) feed(DT_REG_ADDR(node));

void soc_watchdog_feed(void)
{
    DT_FOREACH_STATUS_OKAY(nordic_nrf_wdt, FEED)
}
