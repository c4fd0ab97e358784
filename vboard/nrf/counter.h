/*
 * The nRF52840's TIMER and RTC: counters with compare registers, one counting a divided 16 MHz clock, the other a
 * divided 32.768 kHz clock. Counter mode (TASKS_COUNT), PPI and OVRFLW are not modelled.
 */
#ifndef VBOARD_NRF_COUNTER_H
#define VBOARD_NRF_COUNTER_H

#include "vboard/periph.h"

#define COUNTER_COMPARES 6

struct counter {
    struct periph periph;
    struct sim_timer timer;
    bool is_rtc;
    bool running;
    uint64_t base;   /* clock at which the count was `start` */
    uint32_t start;  /* the count then */
    uint64_t looked; /* the count, not wrapped, up to which compares are accounted for */
};

void counter_init_timer(struct counter *counter, struct machine *machine, const char *name, uint32_t base, int irq);
void counter_init_rtc(struct counter *counter, struct machine *machine, const char *name, uint32_t base, int irq);
void counter_free(struct counter *counter);

#endif
