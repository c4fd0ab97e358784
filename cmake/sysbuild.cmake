# sysbuild.conf (or -DSB_CONF_FILE) and -DSB_CONFIG_X=y of applications written for the nRF Connect SDK: each option of the
# build as a whole becomes an option of the images that it is about. It goes in front of the images' own fragments.

# SB_CONFIG_<left> -> <image>:<option>, and further images after commas.
set(FARBOOT_SYSBUILD_OPTIONS
  "BOOTLOADER_MCUBOOT=app:BOOTLOADER_MCUBOOT"
  "BOOT_SIGNATURE_KEY_FILE=mcuboot:BOOT_SIGNATURE_KEY_FILE"
  "BOOT_SIGNATURE_TYPE_ECDSA_P256=mcuboot:BOOT_SIGNATURE_TYPE_ECDSA_P256"
  "MCUBOOT_MODE_SWAP_USING_OFFSET=mcuboot:BOOT_SWAP_USING_OFFSET"
  "MCUBOOT_MODE_SWAP_USING_MOVE=mcuboot:BOOT_SWAP_USING_MOVE"
  "MCUBOOT_MODE_SWAP_SCRATCH=mcuboot:BOOT_SWAP_USING_SCRATCH"
  "MCUBOOT_MODE_OVERWRITE_ONLY=mcuboot:BOOT_UPGRADE_ONLY"
  "MCUBOOT_MODE_DIRECT_XIP=mcuboot:BOOT_DIRECT_XIP"
  "PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY=app:PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY,mcuboot:PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY"
  "PM_OVERRIDE_EXTERNAL_DRIVER_CHECK=app:PM_OVERRIDE_EXTERNAL_DRIVER_CHECK,mcuboot:PM_OVERRIDE_EXTERNAL_DRIVER_CHECK"
  "PM_MCUBOOT_PAD=mcuboot:PM_PARTITION_SIZE_MCUBOOT_PAD")

# Lines "X=value" from the file and then from the command line.
function(farboot_sysbuild_lines out)
  set(lines "")
  set(file ${APPLICATION_CONFIG_DIR}/sysbuild.conf)
  if(SB_CONF_FILE)
    get_filename_component(file ${SB_CONF_FILE} ABSOLUTE BASE_DIR ${APPLICATION_CONFIG_DIR})
  endif()
  if(EXISTS ${file})
    farboot_depend(${file})
    file(STRINGS ${file} lines REGEX "^SB_CONFIG_")
  elseif(SB_CONF_FILE)
    farboot_fail("SB_CONF_FILE names ${file}, which does not exist")
  endif()
  get_cmake_property(names CACHE_VARIABLES)
  list(FILTER names INCLUDE REGEX "^SB_CONFIG_")
  foreach(name IN LISTS names)
    list(APPEND lines "${name}=$CACHE{${name}}")
  endforeach()
  list(TRANSFORM lines REPLACE "^SB_CONFIG_" "")
  # The application's directory is where relative names are looked for first.
  list(TRANSFORM lines REPLACE "\\\\?\\\${APP_DIR}/" "")
  set(${out} "${lines}" PARENT_SCOPE)
endfunction()

# Writes from_sysbuild.conf of `app` and `mcuboot`; says once what has no effect.
function(farboot_read_sysbuild)
  farboot_sysbuild_lines(lines)
  set(app_text "")
  set(mcuboot_text "")
  set(ignored "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([A-Za-z0-9_]+)=(.*)$" line "${line}")
    set(name "${CMAKE_MATCH_1}")
    set(value "${CMAKE_MATCH_2}")
    set(row ${FARBOOT_SYSBUILD_OPTIONS})
    list(FILTER row INCLUDE REGEX "^${name}=")
    string(REGEX REPLACE "^.*=" "" targets "${row}")
    string(REPLACE "," ";" targets "${targets}")
    if(NOT targets AND NOT value STREQUAL "n")
      list(APPEND ignored SB_CONFIG_${name})
    endif()
    foreach(target IN LISTS targets)
      string(REGEX MATCH "(.*):(.*)" target ${target})
      string(APPEND ${CMAKE_MATCH_1}_text "CONFIG_${CMAKE_MATCH_2}=${value}\n")
    endforeach()
  endforeach()
  foreach(image IN ITEMS app mcuboot)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${image}/from_sysbuild.conf CONTENT "${${image}_text}" @ONLY)
  endforeach()
  if(ignored)
    list(JOIN ignored ", " ignored)
    message(NOTICE "note: without effect in this build: ${ignored}")
  endif()
endfunction()
