if(CONFIG_FLASH)
  farboot_sources(flash.c geometry.c flash_area.c flash_area_open.c flash_map.c bounce.c)
endif()
