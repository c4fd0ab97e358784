/*
 * Addresses of what Farboot uses of the nRF52840 beyond its devicetree devices (nRF52840 PS 1.7, "Memory"; SVD of
 * nrfx 4.2.1). Registers of one device are in its driver.
 */
#ifndef SOC_NRF_NRF52840_H
#define SOC_NRF_NRF52840_H

#define NRF_CLOCK_EVENTS_DONE   0x4000010cu
#define NRF_CLOCK_EVENTS_CTTO   0x40000110u
#define NRF_CLOCK_CTIV          0x40000538u
#define NRF_POWER_RESETREAS     0x40000400u
#define NRF_POWER_RESETREAS_PIN (1u << 0)
#define NRF_APPROTECT_FORCE     0x40000550u
#define NRF_APPROTECT_DISABLE   0x40000558u
#define NRF_UICR_APPROTECT      0x10001208u

/* The watchdog (6.36 of the PS): it takes a reload when every enabled request register got the reload value. */
#define NRF_WDT_RUNSTATUS 0x40010400u
#define NRF_WDT_RR        0x40010600u
#define NRF_WDT_RR_COUNT  8u
#define NRF_WDT_RELOAD    0x6e524635u

/* TIMER2 is Farboot's clock. */
#define NRF_TIMER_BASE 0x4000a000u
#define NRF_TIMER_IRQ  10u

#endif
