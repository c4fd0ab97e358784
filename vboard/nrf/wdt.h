/* A watchdog: runs on the 32.768 kHz clock, also in sleep, and goes on over a soft reset. */
#ifndef VBOARD_NRF_WDT_H
#define VBOARD_NRF_WDT_H

#include "vboard/periph.h"

struct wdt {
    struct periph periph;
    struct sim_timer timer;
    bool running;
    bool timed_out;     /* the reset follows in two periods */
    uint32_t requested; /* reload registers written since the last reload */
};

void wdt_init(struct wdt *wdt, struct machine *machine, const char *name, uint32_t base, int irq);
void wdt_reset(struct wdt *wdt, enum reset_kind kind); /* instead of periph_reset: some resets pass it by */
/* The watchdog as an earlier life of the firmware left it over a soft reset: running, with channel 0. */
void wdt_begin_running(struct wdt *wdt, uint32_t ms);

void wdt_free(struct wdt *wdt);

#endif
