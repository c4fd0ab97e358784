# What the build has to know about the board; everything else is in nrf5340dk.dts.
if(BOARD MATCHES "cpunet|[/_]ns$")
  farboot_fail("board ${BOARD}: Farboot runs on the application core, secure: nrf5340dk/nrf5340/cpuapp")
endif()
set(FARBOOT_BOARD_SOC nrf5340)
set(FARBOOT_BOARD_CPU -mcpu=cortex-m33 -mthumb -mfloat-abi=soft)
# Names under which overlays and fragments of applications may know the board, best first.
set(FARBOOT_BOARD_NAMES nrf5340dk nrf5340dk_nrf5340_cpuapp)
