/*
 * The defaults of the product's hooks, and what the core adds to them. Weak, so that a product's definition replaces
 * them; with link-time optimization an empty default leaves nothing behind.
 */
#include <farboot/boot_hooks.h>
#include <farboot/soc.h>
#include <farboot/util.h>
#include <farboot/watchdog.h>

__attribute__((weak)) bool boot_hook_may_begin(unsigned image, bool is_revert)
{
    (void)image;
    (void)is_revert;
    return true;
}

__attribute__((weak)) void boot_hook_feed(void)
{
}

__attribute__((weak)) void boot_hook_progress(unsigned percent)
{
    (void)percent;
}

void watchdog_feed(void)
{
    if (IS_ENABLED(CONFIG_BOOT_WATCHDOG_FEED)) {
        soc_watchdog_feed();
    }
    boot_hook_feed();
}
