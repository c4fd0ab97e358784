/*
 * Modelled time of a virtual board, and what is due when. One tick is one cycle of the 64 MHz processor clock
 * (15.625 ns). Time advances with the instructions that the processor executes, with its stalls, and, while it
 * sleeps, from one due timer to the next.
 */
#ifndef VBOARD_CLOCK_H
#define VBOARD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define TICKS_PER_US             64U
#define TICKS_PER_MS             64000U
#define TICKS_PER_S              64000000U
#define SIM_NEVER                UINT64_MAX
#define LFCLK_HZ                 32768U
#define TICKS_PER_LF_NUMERATOR   15625U /* one period of the 32.768 kHz clock is 15625 / 8 ticks */
#define TICKS_PER_LF_DENOMINATOR 8U

struct sim_timer {
    uint64_t due; /* ticks; SIM_NEVER while stopped */
    void (*fire)(void *ctx);
    void *ctx;
    bool waits_for_host; /* idling until it is due may be slowed down to real time (clock users, not device work) */
    struct sim_timer *next;
};

struct sim_clock {
    uint64_t now;
    uint64_t next_due;
    uint64_t slice_end; /* the processor comes back at this time in any case, so that the host is served */
    uint64_t stop_at;   /* the earlier of the two, or 0 when the processor shall stop at once */
    struct sim_timer *timers;
};

void sim_clock_init(struct sim_clock *clock);

/* Registers a stopped timer; it stays registered as long as the clock lives. */
void sim_timer_init(struct sim_clock *clock, struct sim_timer *timer, void (*fire)(void *ctx), void *ctx);
void sim_timer_set(struct sim_clock *clock, struct sim_timer *timer, uint64_t due);
void sim_timer_stop(struct sim_clock *clock, struct sim_timer *timer);

/* Makes the processor come back at its next block of code, until the next slice begins. */
void sim_clock_stop_soon(struct sim_clock *clock);
void sim_clock_begin_slice(struct sim_clock *clock);

/* Fires what is due, in order; a timer that fires sees its own due time as now. */
void sim_clock_run(struct sim_clock *clock);

/* Lets time pass, firing what becomes due meanwhile. */
void sim_clock_advance(struct sim_clock *clock, uint64_t ticks);

/* The timer that is due next, or NULL. */
const struct sim_timer *sim_clock_next(const struct sim_clock *clock);

uint64_t sim_ticks_from_ns(uint64_t ns); /* rounded up */
uint64_t sim_ns_from_ticks(uint64_t ticks);

#endif
