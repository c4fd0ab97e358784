/* A TIMER of the nRF52840 in timer mode: counts, is captured, and raises an event when it reaches a compare value. */
#ifndef VBOARD_NRF_TIMER_H
#define VBOARD_NRF_TIMER_H

#include "vboard/periph.h"

#define TIMER_CHANNELS 6

struct timer;

struct timer_channel {
    struct timer *timer;
    unsigned index;
    struct sim_timer due;
};

struct timer {
    struct periph periph;
    struct timer_channel channels[TIMER_CHANNELS];
    bool running;
    uint64_t since; /* ticks: when it counted `base` */
    uint64_t base;
};

void timer_init(struct timer *timer, struct machine *machine, const char *name, uint32_t base, int irq);
void timer_free(struct timer *timer);

#endif
