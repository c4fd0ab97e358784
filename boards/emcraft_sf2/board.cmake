# What the build has to know about the board; everything else is in emcraft_sf2.dts.
set(FARBOOT_BOARD_SOC m2s010)
set(FARBOOT_BOARD_CPU -mcpu=cortex-m3 -mthumb)
# Names under which overlays and fragments of applications may know the board, best first.
set(FARBOOT_BOARD_NAMES emcraft_sf2)
