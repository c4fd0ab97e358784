/*
 * The flash parts of the nRF52840 DK and nRF5340 DK. Times are what the documents state as typical where they give
 * both; the program model of a page is docs/PERFORMANCE.md's time model.
 */
#include "flash/model/nor_model.h"

#define MILLISECOND 1000000U /* ns */
#define KIB         1024U

/* nRF52840 product specification, NVMC electrical specification: tERASEPAGE 85 ms, tWRITE 41 us, both
 * the maximum; nWRITE 2. */
static const struct flash_range nrf52840_ranges[] = {{0, 4 * KIB, 256}};
static const struct nor_erase_time nrf52840_erase[] = {{4 * KIB, 85ULL * MILLISECOND}};

const struct nor_config nor_part_nrf52840 = {
    .name = "nrf52840",
    .geometry = {1024 * KIB, 4, 0xff, 1, nrf52840_ranges},
    .max_programs = 2,
    .timing = {.page_size = 4,
               .program_base_ns = 41000,
               .program_byte_ns = 0,
               .program_page_max_ns = 41000,
               .erase = nrf52840_erase,
               .erase_count = 1},
};

/* nRF5340 product specification, NVMC: tERASEPAGE 87.5 ms, tWRITE 43 us, both the maximum; nWRITE 2. */
static const struct nor_erase_time nrf5340_erase[] = {{4 * KIB, 87500000ULL}};

const struct nor_config nor_part_nrf5340 = {
    .name = "nrf5340",
    .geometry = {1024 * KIB, 4, 0xff, 1, nrf52840_ranges},
    .max_programs = 2,
    .timing = {.page_size = 4,
               .program_base_ns = 43000,
               .program_byte_ns = 0,
               .program_page_max_ns = 43000,
               .erase = nrf5340_erase,
               .erase_count = 1},
};

/*
 * Macronix MX25R6435F, high-performance mode: sector erase 58 ms, 32 KiB block 0.3 s, 64 KiB block 0.58 s, page program
 * 0.85 ms, byte program 100 us. A shorter program: 0.1 ms and 3 us a byte.
 */
static const struct flash_range mx25r6435f_ranges[] = {{0, 4 * KIB, 2048}};
static const struct nor_erase_time mx25r6435f_erase[] = {
    {4 * KIB, 58ULL * MILLISECOND}, {32 * KIB, 300ULL * MILLISECOND}, {64 * KIB, 580ULL * MILLISECOND}};

const struct nor_config nor_part_mx25r6435f = {
    .name = "mx25r6435f",
    .geometry = {8192 * KIB, 1, 0xff, 1, mx25r6435f_ranges},
    .max_programs = 0,
    .timing = {.page_size = 256,
               .program_base_ns = 100000,
               .program_byte_ns = 3000,
               .program_page_max_ns = 850000,
               .erase = mx25r6435f_erase,
               .erase_count = 3},
};

/* Maximum times in the same mode: 240 ms, 1.5 s, 3 s; page program 4 ms, a shorter one in proportion to the typical. */
static const struct nor_erase_time mx25r6435f_slow_erase[] = {
    {4 * KIB, 240ULL * MILLISECOND}, {32 * KIB, 1500ULL * MILLISECOND}, {64 * KIB, 3000ULL * MILLISECOND}};

const struct nor_config nor_part_mx25r6435f_slow = {
    .name = "mx25r6435f",
    .geometry = {8192 * KIB, 1, 0xff, 1, mx25r6435f_ranges},
    .max_programs = 0,
    .timing = {.page_size = 256,
               .program_base_ns = 470000,
               .program_byte_ns = 14000,
               .program_page_max_ns = 4000000,
               .erase = mx25r6435f_slow_erase,
               .erase_count = 3},
};
