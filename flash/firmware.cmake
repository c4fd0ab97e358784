if(CONFIG_FLASH)
  farboot_sources(flash.c geometry.c flash_area.c)
endif()
