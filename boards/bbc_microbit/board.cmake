# What the build has to know about the board; everything else is in bbc_microbit.dts.
set(FARBOOT_BOARD_SOC nrf51822)
set(FARBOOT_BOARD_CPU -mcpu=cortex-m0 -mthumb)
# Names under which overlays and fragments of applications may know the board, best first.
set(FARBOOT_BOARD_NAMES bbc_microbit)
