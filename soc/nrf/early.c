/*
 * What an nRF52840 needs before anything else runs: errata whose symptoms bootloader or application would see, and
 * the debug port. Numbers are those of the nRF52840 errata sheet; the values are those of nrfx 4.2.1's
 * system_nrf52.c.
 */
#include <farboot/util.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"
#include "soc/nrf/nrf52840.h"
#include "soc/nrf/timer.h"

/* Anomaly 36: some CLOCK registers keep their values over a reset. */
static void anomaly_36(void)
{
    *reg32(NRF_CLOCK_EVENTS_DONE) = 0;
    *reg32(NRF_CLOCK_EVENTS_CTTO) = 0;
    *reg32(NRF_CLOCK_CTIV) = 0;
}

/* Anomaly 136: after a pin reset, other bits of RESETREAS may be set too; whoever reads it later must not see them. */
static void anomaly_136(void)
{
    if ((*reg32(NRF_POWER_RESETREAS) & NRF_POWER_RESETREAS_PIN) != 0) {
        *reg32(NRF_POWER_RESETREAS) = ~NRF_POWER_RESETREAS_PIN;
    }
}

/*
 * From revision 3 on the debug port opens only if UICR and this register both say so, and stays closed until the
 * next reset once forced. Earlier revisions have no such register and ignore the writes.
 */
static void debug_port(void)
{
    if (IS_ENABLED(CONFIG_NRF_APPROTECT_LOCK)) {
        *reg32(NRF_APPROTECT_FORCE) = 0;
    } else {
        *reg32(NRF_APPROTECT_DISABLE) = *reg32(NRF_UICR_APPROTECT);
    }
}

void soc_early_init(void)
{
    anomaly_36();
    anomaly_136();
    debug_port();
    timer_start();
}
