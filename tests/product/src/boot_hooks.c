/* Hooks of the product, in its bootloader. */
#include <farboot/boot_hooks.h>

#include "retained.h"

/* LED 1 of the DK: P0.13 (boards/nrf52840dk). */
#define LED_LEVEL (*(volatile uint32_t *)0x50000504u >> 13 & 1)

bool boot_hook_may_begin(unsigned image, bool is_revert)
{
    (void)image;
    (void)is_revert;
    if (RETAINED_BATTERY_LOW != 0) {
        RETAINED_BATTERY_LOW = 0;
        return false;
    }
    return true;
}

void boot_hook_progress(unsigned percent)
{
    static uint32_t level;

    if (percent == 0) {
        RETAINED_LED_TOGGLES = 0;
    } else if (LED_LEVEL != level) {
        RETAINED_LED_TOGGLES = RETAINED_LED_TOGGLES + 1;
    }
    level = LED_LEVEL;
}
