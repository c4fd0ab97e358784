# Start-up, faults and time of the SoC. The linker script soc/linker.ld.in is the build's to preprocess.
if(CONFIG_CPU_CORTEX_M)
  farboot_sources_apart(arm/startup.c arm/fault.c arm/cpu.c arm/mem.c)
  farboot_sources_ifdef(CONFIG_SOC_INTERRUPTS arm/irq_vectors.c)
endif()
if(CONFIG_SOC_SERIES_NRF52X)
  farboot_sources(nrf/early.c nrf/timer.c nrf/pinctrl.c nrf/watchdog.c)
endif()
