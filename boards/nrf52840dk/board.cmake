# What the build has to know about the board; everything else is in nrf52840dk.dts.
set(FARBOOT_BOARD_SOC nrf52840)
set(FARBOOT_BOARD_CPU -mcpu=cortex-m4 -mthumb)
# Names under which overlays and fragments of applications may know the board, best first.
set(FARBOOT_BOARD_NAMES nrf52840dk nrf52840dk_nrf52840)
