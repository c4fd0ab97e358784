#include "vboard/clock.h"

#include <stddef.h>

#define SLICE_TICKS ((uint64_t)4 * TICKS_PER_MS)

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void refresh(struct sim_clock *clock)
{
    bool stopping = clock->stop_at == 0;
    const struct sim_timer *next = sim_clock_next(clock);

    clock->next_due = next != NULL ? next->due : SIM_NEVER;
    clock->stop_at = stopping ? 0 : earlier(clock->next_due, clock->slice_end);
}

void sim_clock_init(struct sim_clock *clock)
{
    *clock = (struct sim_clock){.next_due = SIM_NEVER, .slice_end = SIM_NEVER, .stop_at = SIM_NEVER};
}

void sim_timer_init(struct sim_clock *clock, struct sim_timer *timer, void (*fire)(void *ctx), void *ctx)
{
    *timer = (struct sim_timer){.due = SIM_NEVER, .fire = fire, .ctx = ctx, .next = clock->timers};
    clock->timers = timer;
}

void sim_timer_set(struct sim_clock *clock, struct sim_timer *timer, uint64_t due)
{
    timer->due = due;
    refresh(clock);
}

void sim_timer_stop(struct sim_clock *clock, struct sim_timer *timer)
{
    sim_timer_set(clock, timer, SIM_NEVER);
}

void sim_clock_stop_soon(struct sim_clock *clock)
{
    clock->stop_at = 0;
}

void sim_clock_begin_slice(struct sim_clock *clock)
{
    clock->slice_end = clock->now + SLICE_TICKS;
    clock->stop_at = earlier(clock->next_due, clock->slice_end);
}

const struct sim_timer *sim_clock_next(const struct sim_clock *clock)
{
    const struct sim_timer *best = NULL;

    for (const struct sim_timer *t = clock->timers; t != NULL; t = t->next) {
        if (t->due != SIM_NEVER && (best == NULL || t->due < best->due)) {
            best = t;
        }
    }
    return best;
}

static void fire_until(struct sim_clock *clock, uint64_t end)
{
    while (clock->next_due <= end) {
        struct sim_timer *timer = clock->timers;

        while (timer->due != clock->next_due) {
            timer = timer->next;
        }
        clock->now = timer->due;
        sim_timer_stop(clock, timer);
        timer->fire(timer->ctx);
    }
}

void sim_clock_run(struct sim_clock *clock)
{
    uint64_t end = clock->now;

    fire_until(clock, end);
    clock->now = end;
}

void sim_clock_advance(struct sim_clock *clock, uint64_t ticks)
{
    uint64_t end = clock->now + ticks;

    fire_until(clock, end);
    clock->now = end;
}

uint64_t sim_ticks_from_ns(uint64_t ns)
{
    return (ns * TICKS_PER_US + 999) / 1000;
}

uint64_t sim_ns_from_ticks(uint64_t ticks)
{
    return ticks / TICKS_PER_US * 1000 + ticks % TICKS_PER_US * 1000 / TICKS_PER_US;
}
