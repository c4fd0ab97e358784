/*
 * A SoC as data: its address map, the instances of its peripherals and what is particular to them. One row per SoC;
 * a board names one and wires its pins.
 */
#ifndef VBOARD_NRF_SOC_H
#define VBOARD_NRF_SOC_H

#include "flash/model/nor_model.h"
#include "vboard/nrf/nvmc.h"
#include "vboard/nrf/power.h"

#define NRF_SOC_COUNTERS 8
#define NRF_SOC_WDTS     2
#define NRF_SOC_PLAIN    2
#define NRF_SOC_APB_MAX  0x40U /* pages */

/* An instance of a peripheral; `base` 0: the SoC has none. `irq` -1: it has no interrupt. */
struct nrf_instance {
    const char *name;
    uint32_t base;
    int irq;
};

struct nrf_word {
    uint32_t off;
    uint32_t value;
};

struct nrf_soc {
    enum cpu_core core;
    const struct nor_config *flash; /* at 0 */
    uint32_t ram_size;              /* at 0x20000000 */
    uint32_t ficr;
    uint32_t uicr;
    uint32_t xip;                      /* the window to the QSPI flash */
    uint32_t gpio;                     /* P0's registers begin 0x500 above it, P1's 0x800 */
    uint32_t apb;                      /* pages of peripherals from here on */
    uint32_t apb_pages;                /* of 4 KiB */
    const struct nrf_word *ficr_words; /* what is not erased */
    size_t ficr_word_count;
    uint32_t ficr_random[4]; /* offsets of device identifiers */
    const struct nvmc_kind *nvmc_kind;
    const struct power_kind *power_kind;
    bool qspi_has_divided_clock; /* by POWER's HFCLK192MCTRL */
    struct nrf_instance nvmc, power, qspi, rng, uarte[2], wdt[NRF_SOC_WDTS];
    struct {
        struct nrf_instance at;
        bool is_rtc;
    } counters[NRF_SOC_COUNTERS];
    struct {
        struct nrf_instance at;
        const struct periph_model *model;
    } plain[NRF_SOC_PLAIN]; /* registers that only keep what is written */
};

extern const struct nrf_soc nrf_soc_nrf52840;
extern const struct nrf_soc nrf_soc_nrf5340; /* the application core */

#endif
