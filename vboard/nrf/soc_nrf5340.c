/*
 * The application core of the nRF5340 at its secure addresses (product specification, "Memory map" and
 * "Instantiation"; SVD of nrfx 4.2.1). The network core, the SPU and non-secure aliases are not modelled; what they
 * would refuse is not refused.
 */
#include "vboard/nrf/soc.h"

/* Part, variant, package, memory sizes, page size and count; one pair of TRIMCNF: DC/DC on, which no reset value has.
 */
static const struct nrf_word ficr_words[] = {
    {0x20c, 0x5340}, {0x210, 0x514b4141}, {0x214, 0x2000},      {0x218, 0x200}, {0x21c, 0x400},
    {0x220, 0x1000}, {0x224, 0x100},      {0x300, 0x50004704U}, {0x304, 1},
};

/* CTRL-AP: mailbox, protection of erase and of the debug ports. */
static const struct periph_row ctrlap_rows[] = {
    {0x500, 0x504, PERIPH_READ_WRITE, 0xffffffffU, 0},
    {0x540, 0x54c, PERIPH_READ_WRITE, 0xffffffffU, 0},
};
static const struct periph_model ctrlap = {.name = "CTRLAP", .rows = ctrlap_rows, .row_count = 2};

/* OSCILLATORS and REGULATORS; System OFF does nothing. */
static const struct periph_row regulators_rows[] = {
    {0x500, 0x500, PERIPH_READ_WRITE, 0, 0},     {0x510, 0x510, PERIPH_READ_WRITE, 0xfff, 0},
    {0x5c4, 0x5c4, PERIPH_READ_WRITE, 0x1ff, 0}, {0x6d0, 0x6d0, PERIPH_READ_WRITE, 3, 0},
    {0x704, 0x704, PERIPH_READ_WRITE, 1, 0},     {0x904, 0x904, PERIPH_READ_WRITE, 1, 0},
    {0xb00, 0xb00, PERIPH_READ_WRITE, 1, 0},
};
static const struct periph_model regulators = {.name = "REGULATORS", .rows = regulators_rows, .row_count = 7};

const struct nrf_soc nrf_soc_nrf5340 = {
    .core = CPU_CORTEX_M33,
    .flash = &nor_part_nrf5340,
    .ram_size = 0x80000,
    .ficr = 0x00ff0000U,
    .uicr = 0x00ff8000U,
    .xip = 0x10000000U,
    .gpio = 0x50842000U,
    .apb = 0x50000000U,
    .apb_pages = 0x40,
    .ficr_words = ficr_words,
    .ficr_word_count = sizeof(ficr_words) / sizeof(ficr_words[0]),
    .ficr_random = {0x204, 0x208, 0x2a4, 0x2a8},
    .nvmc_kind = &nvmc_kind_nrf53,
    .power_kind = &power_kind_nrf53,
    .qspi_has_divided_clock = true,
    .nvmc = {"NVMC", 0x50039000U, -1},
    .power = {"POWER", 0x50005000U, 5},
    .qspi = {"QSPI", 0x5002b000U, 43},
    .uarte = {{"UARTE0", 0x50008000U, 8}, {"UARTE1", 0x50009000U, 9}},
    .wdt = {{"WDT0", 0x50018000U, 24}, {"WDT1", 0x50019000U, 25}},
    .counters = {{{"TIMER0", 0x5000f000U, 15}, false},
                 {{"TIMER1", 0x50010000U, 16}, false},
                 {{"TIMER2", 0x50011000U, 17}, false},
                 {{"RTC0", 0x50014000U, 20}, true},
                 {{"RTC1", 0x50015000U, 21}, true}},
    .plain = {{{"CTRLAP", 0x50006000U, -1}, &ctrlap}, {{"REGULATORS", 0x50004000U, -1}, &regulators}},
};
