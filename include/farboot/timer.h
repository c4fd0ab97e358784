/*
 * Time for drivers: a deadline for each wait, and waiting without burning instructions. Implemented per SoC
 * (soc/). Deadlines are derived from the part's data by their users; nothing in Farboot waits without one.
 */
#ifndef FARBOOT_TIMER_H
#define FARBOOT_TIMER_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    uint32_t start;  /* ticks of the SoC's free-running counter */
    uint32_t length; /* ticks */
};

/* `us`: microseconds from now, at most 60 s. */
struct deadline deadline_in(uint32_t us);
bool deadline_passed(const struct deadline *deadline);

/* Waits at least `us` microseconds, sleeping where the SoC can. */
void timer_wait(uint32_t us);

/* Microseconds since reset, modulo 2^32; for log lines and statistics, never for deadlines. */
uint32_t timer_now_us(void);

#endif
