/*
 * The boards: what is connected where. Sources: their devicetrees in Zephyr, boards/nordic/nrf52840dk and
 * boards/nordic/nrf5340dk.
 */
#include "vboard/board.h"

const struct board_wiring board_wirings[] = {
    {
        .name = "nrf52840dk",
        .summary = "nRF52840 DK (PCA10056): nRF52840, MX25R6435F on QSPI, console on UARTE0",
        .soc = &nrf_soc_nrf52840,
        .console_txd = PIN(0, 6),
        .console_rxd = PIN(0, 8),
        .buttons = {PIN(0, 11), PIN(0, 12), PIN(0, 24), PIN(0, 25)},
        .qspi_flash = {&nor_chip_mx25r6435f, PIN(0, 19), PIN(0, 17), {PIN(0, 20), PIN(0, 21), PIN(0, 22), PIN(0, 23)}},
    },
    {
        .name = "nrf5340dk",
        .summary = "nRF5340 DK (PCA10095): application core, MX25R6435F on QSPI, console on UARTE0",
        .soc = &nrf_soc_nrf5340,
        .console_txd = PIN(0, 20),
        .console_rxd = PIN(0, 22),
        .buttons = {PIN(0, 23), PIN(0, 24), PIN(0, 8), PIN(0, 9)},
        .qspi_flash = {&nor_chip_mx25r6435f, PIN(0, 17), PIN(0, 18), {PIN(0, 13), PIN(0, 14), PIN(0, 15), PIN(0, 16)}},
    },
};
const size_t board_wiring_count = sizeof(board_wirings) / sizeof(board_wirings[0]);
