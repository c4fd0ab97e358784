/* What bootloader and application need of the SoC beyond its devices. Implemented in soc/. */
#ifndef FARBOOT_SOC_H
#define FARBOOT_SOC_H

#include <stdint.h>

/* Sleeps until an interrupt is pending (it need not be enabled in PRIMASK). */
void soc_idle(void);

/* Resets the SoC as software can (Arm: AIRCR.SYSRESETREQ). */
_Noreturn void soc_reset(void);

/* Restarts the count of the SoC's watchdog if it runs; never starts it. */
void soc_watchdog_feed(void);

/*
 * Starts the image whose vector table is at `vectors` (an address in executable memory): interrupts off, cleared and
 * unpended, SysTick off, VTOR and main stack pointer set. Peripherals are the caller's to reset before.
 */
_Noreturn void soc_jump(uint32_t vectors);

/*
 * The one end of a broken invariant: prints "E: panic: REASON" and resets after the line has left. Nothing that flash
 * contents, a peripheral or a user can do reaches it.
 */
_Noreturn void panic(const char *reason);

#endif
