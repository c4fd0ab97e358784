/*
 * Watchdogs, as the bootloader meets them: started by the application, running on over a soft reset, not to be stopped.
 * The bootloader image implements this (boot/hooks.c); nothing else feeds.
 */
#ifndef FARBOOT_WATCHDOG_H
#define FARBOOT_WATCHDOG_H

/*
 * Belongs wherever time passes in the bootloader: in loops over flash contents once per buffer or sector, in waits
 * once per poll. Never starts a watchdog. What feeds is bounded: each wait has a deadline, each loop an end.
 */
void watchdog_feed(void);

#endif
