/*
 * AST1030: code runs from SRAM, into which the SoC's boot ROM copies the start of the first FMC flash chip. Clocks and
 * the pins of UART5, FMC and SPI1 are as the boot ROM leaves them.
 */
#include <farboot/soc.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

/* Watchdog 1, which the boot ROM or an application may have started; registers as the driver of Linux has them. */
#define WDT_RESTART     0x7e785008u
#define WDT_CTRL        0x7e78500cu
#define WDT_CTRL_ENABLE (1u << 0)
#define WDT_MAGIC       0x4755u

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
    if ((*reg32(WDT_CTRL) & WDT_CTRL_ENABLE) != 0) {
        *reg32(WDT_RESTART) = WDT_MAGIC;
    }
}
