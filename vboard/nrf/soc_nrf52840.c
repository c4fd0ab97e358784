/* The nRF52840 (product specification, "Memory" and "Instantiation"; SVD of nrfx 4.2.1). */
#include "vboard/nrf/soc.h"

/* Page size and count, part, variant "AAF0", package, memory sizes. */
static const struct nrf_word ficr_words[] = {
    {0x010, 0x1000}, {0x014, 256},   {0x100, 0x00052840}, {0x104, 0x41414630},
    {0x108, 0x2004}, {0x10c, 0x100}, {0x110, 0x400},
};

const struct nrf_soc nrf_soc_nrf52840 = {
    .core = CPU_CORTEX_M4,
    .flash = &nor_part_nrf52840,
    .ram_size = 0x40000,
    .ficr = 0x10000000U,
    .uicr = 0x10001000U,
    .xip = 0x12000000U,
    .gpio = 0x50000000U,
    .apb = 0x40000000U,
    .apb_pages = 0x30,
    .ficr_words = ficr_words,
    .ficr_word_count = sizeof(ficr_words) / sizeof(ficr_words[0]),
    .ficr_random = {0x060, 0x064, 0x0a4, 0x0a8},
    .nvmc_kind = &nvmc_kind_nrf52,
    .power_kind = &power_kind_nrf52,
    .nvmc = {"NVMC", 0x4001e000U, -1},
    .power = {"POWER", 0x40000000U, 0},
    .qspi = {"QSPI", 0x40029000U, 41},
    .rng = {"RNG", 0x4000d000U, 13},
    .uarte = {{"UARTE0", 0x40002000U, 2}, {"UARTE1", 0x40028000U, 40}},
    .wdt = {{"WDT", 0x40010000U, 16}},
    .counters = {{{"TIMER0", 0x40008000U, 8}, false},
                 {{"TIMER1", 0x40009000U, 9}, false},
                 {{"TIMER2", 0x4000a000U, 10}, false},
                 {{"TIMER3", 0x4001a000U, 26}, false},
                 {{"TIMER4", 0x4001b000U, 27}, false},
                 {{"RTC0", 0x4000b000U, 11}, true},
                 {{"RTC1", 0x40011000U, 17}, true},
                 {{"RTC2", 0x40024000U, 36}, true}},
};
