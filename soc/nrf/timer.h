/* Between early.c and timer.c. */
#ifndef SOC_NRF_TIMER_H
#define SOC_NRF_TIMER_H

/* Starts the free-running clock; before it, no time passes. */
void timer_start(void);

#endif
