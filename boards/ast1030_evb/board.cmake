# What the build has to know about the board; everything else is in ast1030_evb.dts.
set(FARBOOT_BOARD_SOC ast1030)
set(FARBOOT_BOARD_CPU -mcpu=cortex-m4 -mthumb)
# Names under which overlays and fragments of applications may know the board, best first.
set(FARBOOT_BOARD_NAMES ast1030_evb)
