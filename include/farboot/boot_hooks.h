/*
 * Where a product has its say in the bootloader. Each hook has an empty default; a product that wants one defines the
 * function and adds the file to the bootloader's image, in its CMakeLists.txt:
 *
 *     target_sources(mcuboot PRIVATE src/boot_hooks.c)
 *
 * Hooks run on the bootloader's stack before anything is verified or in the middle of an update; they must return soon
 * (well below the watchdog's time), need no interrupts and must not touch flash. A hook that is not defined costs
 * nothing.
 */
#ifndef FARBOOT_BOOT_HOOKS_H
#define FARBOOT_BOOT_HOOKS_H

#include <stdbool.h>

/*
 * May an update of image pair `image` begin? Asked once per boot, after the new image was verified and before the first
 * flash operation. `false` postpones (battery low, machine in motion): nothing is written, the request stays, the image
 * in the primary boots, and the application can read the reason ERR_BOOT_POSTPONED. With several image pairs each is
 * asked for, until one is postponed and with it all of them. `is_revert`: the update brings back the previous image
 * because the running one was not confirmed; while postponed, each reset runs the unconfirmed one again.
 *
 * Not asked when an update goes on that was interrupted. Where the primary holds no valid image it is replaced whatever
 * the answer is: there is nothing else to boot. Default: true.
 */
bool boot_hook_may_begin(unsigned image, bool is_revert);

/*
 * Called wherever time passes in the bootloader, at least once per second (docs/SPEC.md, "Watchdog"): for an external
 * watchdog. The SoC's own is fed with CONFIG_BOOT_WATCHDOG_FEED, without a hook.
 */
void boot_hook_feed(void);

/* `percent` of this boot's part of an update is done, 0 to 100, ascending; needs CONFIG_BOOT_PROGRESS. */
void boot_hook_progress(unsigned percent);

#endif
