/* What an nRF51 needs before anything else runs: as QEMU has it, nothing but the clock. */
#include "soc/arm/internal.h"
#include "soc/nrf/timer.h"

void soc_early_init(void)
{
    timer_start();
}
