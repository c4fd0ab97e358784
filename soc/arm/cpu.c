/* What a Cortex-M core does for Farboot: idle, reset, panic. */
#include <farboot/console.h>
#include <farboot/log.h>
#include <farboot/soc.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"

void soc_idle(void)
{
    __asm__ volatile("dsb\n wfi" : : : "memory");
}

_Noreturn void soc_reset(void)
{
    __asm__ volatile("dsb" : : : "memory");
    *reg32(CORTEX_SCB_AIRCR) = CORTEX_AIRCR_RESET;
    for (;;) {
        __asm__ volatile("dsb" : : : "memory");
    }
}

_Noreturn void panic(const char *reason)
{
    LOG_ERR("panic: %s", reason);
    console_deinit();
    soc_reset();
}
