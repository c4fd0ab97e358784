/*
 * What an nRF52840 needs before anything else runs: errata whose symptoms bootloader or application would see, and
 * the debug port. Numbers are those of the nRF52840 errata sheet; the values are those of nrfx 4.2.1's
 * system_nrf52.c.
 */
#include <farboot/devicetree.h>
#include <farboot/util.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"
#include "soc/nrf/timer.h"

#define CLOCK_EVENTS_DONE   (DT_REG_ADDR(DT_NODELABEL(clock)) + 0x10cu)
#define CLOCK_EVENTS_CTTO   (DT_REG_ADDR(DT_NODELABEL(clock)) + 0x110u)
#define CLOCK_CTIV          (DT_REG_ADDR(DT_NODELABEL(clock)) + 0x538u)
#define POWER_RESETREAS     (DT_REG_ADDR(DT_NODELABEL(power)) + 0x400u)
#define POWER_RESETREAS_PIN (1u << 0)
#define APPROTECT_FORCE     (DT_REG_ADDR(DT_NODELABEL(power)) + 0x550u)
#define APPROTECT_DISABLE   (DT_REG_ADDR(DT_NODELABEL(power)) + 0x558u)
#define UICR_APPROTECT      (DT_REG_ADDR(DT_NODELABEL(uicr)) + 0x208u)

/* Anomaly 36: some CLOCK registers keep their values over a reset. */
static void anomaly_36(void)
{
    *reg32(CLOCK_EVENTS_DONE) = 0;
    *reg32(CLOCK_EVENTS_CTTO) = 0;
    *reg32(CLOCK_CTIV) = 0;
}

/* Anomaly 136: after a pin reset, other bits of RESETREAS may be set too; whoever reads it later must not see them. */
static void anomaly_136(void)
{
    if ((*reg32(POWER_RESETREAS) & POWER_RESETREAS_PIN) != 0) {
        *reg32(POWER_RESETREAS) = ~POWER_RESETREAS_PIN;
    }
}

/*
 * From revision 3 on the debug port opens only if UICR and this register both say so, and stays closed until the
 * next reset once forced. Earlier revisions have no such register and ignore the writes.
 */
static void debug_port(void)
{
    if (IS_ENABLED(CONFIG_NRF_APPROTECT_LOCK)) {
        *reg32(APPROTECT_FORCE) = 0;
    } else {
        *reg32(APPROTECT_DISABLE) = *reg32(UICR_APPROTECT);
    }
}

void soc_early_init(void)
{
    anomaly_36();
    anomaly_136();
    debug_port();
    timer_start();
}
