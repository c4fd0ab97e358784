# The application's side of an update, with what it shares with the bootloader: formats and SHA-256.
if(CONFIG_IMG_MANAGER)
  set(mbedtls ${FARBOOT_BASE}/build/sources/mbedtls)
  farboot_sources(update.c writer.c config.c ../boot/trailer.c ../boot/image.c
    ../crypto/sha256.c ${mbedtls}/library/sha256.c ${mbedtls}/library/platform_util.c)
  farboot_include(${mbedtls}/include)
  farboot_define(MBEDTLS_CONFIG_FILE="crypto/mbedtls_config.h")
  if(CONFIG_MCUMGR_GRP_IMG)
    farboot_sources(server_images.c)
  endif()
endif()
