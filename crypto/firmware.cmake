# Sources of Mbed TLS 3.6; scripts/setup fetches them.
if(CONFIG_MCUBOOT OR CONFIG_BOOTLOADER_MCUBOOT)
  if(NOT FARBOOT_MBEDTLS_DIR)
    set(FARBOOT_MBEDTLS_DIR ${FARBOOT_BASE}/build/sources/mbedtls)
  endif()
  if(NOT EXISTS ${FARBOOT_MBEDTLS_DIR}/library/sha256.c)
    message(FATAL_ERROR
      "no sources of Mbed TLS in ${FARBOOT_MBEDTLS_DIR}: run scripts/setup, or set FARBOOT_MBEDTLS_DIR")
  endif()
  farboot_include(${FARBOOT_MBEDTLS_DIR}/include ${FARBOOT_MBEDTLS_DIR}/3rdparty/p256-m/p256-m)
  farboot_define(MBEDTLS_CONFIG_FILE="${CMAKE_CURRENT_LIST_DIR}/mbedtls_config.h")
  farboot_sources(sha256.c zeroize.c ${FARBOOT_MBEDTLS_DIR}/library/sha256.c)
  # A loop of rounds, which turns eight variables around in each. Two rounds at a time need half of these moves; all
  # eight would be 1.0 kB more, for a tenth fewer instructions of a boot.
  farboot_define(MBEDTLS_SHA256_SMALLER)
  set_source_files_properties(${FARBOOT_MBEDTLS_DIR}/library/sha256.c TARGET_DIRECTORY ${FARBOOT_IMAGE}
    PROPERTIES COMPILE_OPTIONS
    "-O2;-funroll-loops;--param=max-unroll-times=2;--param=max-unrolled-insns=400;--param=max-average-unrolled-insns=400")
endif()
if(CONFIG_MCUBOOT)
  farboot_define(MBEDTLS_PSA_P256M_DRIVER_ENABLED)
  farboot_sources(ecdsa_der.c ecdsa_p256.c random_refused.c ${FARBOOT_MBEDTLS_DIR}/3rdparty/p256-m/p256-m/p256-m.c)
endif()
