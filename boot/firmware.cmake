if(CONFIG_MCUBOOT)
  # Every mode compiles; the linker keeps the one that the image's configuration refers to.
  farboot_sources(boot.c decide.c dependency.c image.c mode_overwrite.c options.c step.c swap_offset.c trailer.c update.c verify.c)
  farboot_sources(crc32.c journal.c)
  file(STRINGS ${FARBOOT_BASE}/VERSION version LIMIT_COUNT 1)
  farboot_define(FARBOOT_VERSION="${version}")
elseif(CONFIG_BOOTLOADER_MCUBOOT)
  farboot_sources(image.c trailer.c)
endif()
