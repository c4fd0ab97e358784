# Images: executables with a configuration, a devicetree and a place in flash of their own.

# An image whose own sources, prj.conf and pm.yml are in `source`; its results go to the build's directory of its name.
# A directory other than the application's is read as a subdirectory, with the image's CONFIG_ variables set.
function(farboot_add_image image source)
  set_property(GLOBAL APPEND PROPERTY FARBOOT_IMAGES ${image})
  farboot_set(${image} SOURCE_DIR ${source})
  farboot_set(${image} CONFIG_DIR ${source})
  if(source STREQUAL APPLICATION_SOURCE_DIR)
    farboot_set(${image} CONFIG_DIR ${APPLICATION_CONFIG_DIR})
  endif()
  farboot_set(${image} DIR ${CMAKE_BINARY_DIR}/${image})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/${image}/include)
  farboot_devicetree(${image})
  farboot_kconfig(${image} FOLLOW ${CMAKE_BINARY_DIR}/${image}/follow.conf)
  add_executable(${image})
  if(NOT source STREQUAL APPLICATION_SOURCE_DIR)
    farboot_get(directory ${image} DIR)
    include(${directory}/config.cmake)
    set(FARBOOT_IMAGE ${image})
    add_subdirectory(${source} ${directory}/cmake)
  endif()
endfunction()

# The bootloader's update mode, as the application's options name it.
function(farboot_update_mode out)
  farboot_get(directory mcuboot DIR)
  include(${directory}/config.cmake)
  set(mode "")
  foreach(pair IN ITEMS
      "CONFIG_BOOT_SWAP_USING_OFFSET=SWAP_USING_OFFSET" "CONFIG_BOOT_SWAP_USING_MOVE=SWAP_USING_MOVE"
      "CONFIG_BOOT_SWAP_USING_SCRATCH=SWAP_SCRATCH" "CONFIG_BOOT_UPGRADE_ONLY=OVERWRITE_ONLY"
      "CONFIG_BOOT_RAM_LOAD=RAM_LOAD" "CONFIG_BOOT_RAM_LOAD_REVERT=RAM_LOAD_WITH_REVERT"
      "CONFIG_SINGLE_APPLICATION_SLOT=SINGLE_APP" "CONFIG_BOOT_UPGRADE_WITH_BACKUP=UPGRADE_WITH_BACKUP"
      "CONFIG_BOOT_DIRECT_XIP=DIRECT_XIP" "CONFIG_BOOT_DIRECT_XIP_REVERT=DIRECT_XIP_WITH_REVERT")
    string(REGEX MATCH "(.*)=(.*)" pair ${pair})
    if(${CMAKE_MATCH_1})
      set(mode ${CMAKE_MATCH_2})
    endif()
  endforeach()
  set(${out} "${mode}" PARENT_SCOPE)
endfunction()

# The application's MCUBOOT_BOOTLOADER_MODE_* and the shape of the trailer follow the bootloader. follow.conf lasts from one configure step to the
# next, so that the application is configured twice only when the mode changes.
function(farboot_follow_update_mode)
  farboot_update_mode(mode)
  set(file ${CMAKE_BINARY_DIR}/app/follow.conf)
  set(old "")
  if(EXISTS ${file})
    file(READ ${file} old)
  endif()
  set(new "")
  if(mode)
    set(new "CONFIG_MCUBOOT_BOOTLOADER_MODE_${mode}=y\n")
  endif()
  farboot_config(sectors mcuboot CONFIG_BOOT_MAX_IMG_SECTORS)
  if(sectors)
    string(APPEND new "CONFIG_BOOT_MAX_IMG_SECTORS=${sectors}\n")
  endif()
  if(NOT old STREQUAL new)
    file(WRITE ${file} "${new}")
    farboot_kconfig(app FOLLOW ${file})
  endif()
endfunction()

function(farboot_begin)
  farboot_watch_files()
  farboot_read_sysbuild()
  farboot_add_image(app ${APPLICATION_SOURCE_DIR})
  farboot_config(with_bootloader app CONFIG_BOOTLOADER_MCUBOOT)
  if(with_bootloader)
    farboot_add_image(mcuboot ${FARBOOT_BASE}/apps/mcuboot)
    farboot_follow_update_mode()
  endif()
endfunction()

# farboot_link_script(TARGET IMAGE [-D...]): with the options and the map of IMAGE, and definitions for this target.
function(farboot_link_script target image)
  set(directory ${CMAKE_BINARY_DIR}/${target})
  farboot_get(image_directory ${image} DIR)
  file(MAKE_DIRECTORY ${directory})
  add_custom_command(OUTPUT ${directory}/linker.ld
    COMMAND ${CMAKE_C_COMPILER} -E -P -x c ${ARGN} -include ${image_directory}/include/autoconf.h
            -I${image_directory}/include -I${FARBOOT_BASE} -I${FARBOOT_BASE}/include -MD -MF ${directory}/linker.ld.d
            -MQ ${directory}/linker.ld -o ${directory}/linker.ld ${FARBOOT_BASE}/soc/linker.ld.in
    DEPENDS ${FARBOOT_BASE}/soc/linker.ld.in DEPFILE ${directory}/linker.ld.d
    COMMENT "Linker script of image ${target}" VERBATIM)
  add_custom_target(${target}_linker_script DEPENDS ${directory}/linker.ld)
  add_dependencies(${target} ${target}_linker_script)
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS ${directory}/linker.ld)
  target_link_options(${target} PRIVATE -T${directory}/linker.ld)
endfunction()

# Its printf without floating point; picolibc.specs turns the definition into a linker option as well.
set(FARBOOT_LIBC --specs=picolibc.specs -DPICOLIBC_INTEGER_PRINTF_SCANF)
# Beyond -Os: each of these saves 10 to 70 bytes of the bootloader; they trade registers or order for speed.
set(FARBOOT_SIZE -Os -fipa-pta -fno-move-loop-invariants -fno-schedule-insns2 -fno-ipa-sra -fno-partial-inlining
    -fno-section-anchors -fno-tree-tail-merge -fno-tree-coalesce-vars -fno-caller-saves)
set(FARBOOT_FIRMWARE_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wundef -Wstrict-prototypes -Wmissing-prototypes)

function(farboot_compile image)
  farboot_get(directory ${image} DIR)
  farboot_config(lto ${image} CONFIG_LTO)
  set_target_properties(${image} PROPERTIES C_STANDARD 11 C_EXTENSIONS ON)
  target_include_directories(${image} PRIVATE
    ${directory}/include ${FARBOOT_BASE} ${FARBOOT_BASE}/include ${FARBOOT_BASE}/dts/include)
  target_compile_options(${image} PRIVATE
    ${FARBOOT_BOARD_CPU} ${FARBOOT_LIBC} ${FARBOOT_SIZE} $<$<BOOL:${lto}>:-flto> -g -ffunction-sections -fdata-sections -fno-common
    -include ${directory}/include/autoconf.h -ffile-prefix-map=${FARBOOT_BASE}=. -ffile-prefix-map=${APPLICATION_SOURCE_DIR}=.
    $<$<COMPILE_LANGUAGE:C>:${FARBOOT_FIRMWARE_WARNINGS}> $<$<BOOL:${FARBOOT_WERROR}>:-Werror>)
endfunction()

# Links TARGET as IMAGE is linked.
function(farboot_link target image)
  set(directory ${CMAKE_BINARY_DIR}/${target})
  farboot_get(image_directory ${image} DIR)
  farboot_config(lto ${image} CONFIG_LTO)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${directory} SUFFIX .elf LINKER_LANGUAGE C)
  target_link_options(${target} PRIVATE
    ${FARBOOT_BOARD_CPU} ${FARBOOT_LIBC} ${FARBOOT_SIZE} $<$<BOOL:${lto}>:-flto> -nostartfiles -Wl,--gc-sections -Wl,--nmagic
    -Wl,-Map=${directory}/${target}.map)
  set_property(TARGET ${target} PROPERTY RULE_LAUNCH_LINK
    "\"${FARBOOT_PYTHON}\" \"${FARBOOT_BASE}/cmake/link.py\" --image ${target} --directory \"${image_directory}\" --")
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_OBJCOPY} -O ihex $<TARGET_FILE:${target}> ${directory}/${target}.hex
    COMMAND ${CMAKE_OBJCOPY} -I ihex -O binary --gap-fill 0xff ${directory}/${target}.hex ${directory}/${target}.bin
    BYPRODUCTS ${directory}/${target}.hex ${directory}/${target}.bin VERBATIM)
endfunction()

# Direct XIP: the application's objects once more, linked for the secondary slot. The name is the nRF Connect SDK's.
function(farboot_add_direct_xip_variant)
  farboot_config(wanted app CONFIG_BOOT_BUILD_DIRECT_XIP_VARIANT)
  if(NOT wanted)
    return()
  endif()
  set(variant mcuboot_secondary_app)
  add_executable(${variant} $<TARGET_OBJECTS:app>)
  target_link_libraries(${variant} PRIVATE $<TARGET_PROPERTY:app,LINK_LIBRARIES>)
  farboot_link(${variant} app)
  farboot_link_script(${variant} app -DLINK_FOR_SECONDARY_SLOT)
endfunction()

# When the application's CMakeLists.txt has been read.
function(farboot_finish)
  get_property(images GLOBAL PROPERTY FARBOOT_IMAGES)
  foreach(image IN LISTS images)
    farboot_add_rooms(${image})
  endforeach()
  farboot_place_partitions()
  foreach(image IN LISTS images)
    farboot_compile(${image})
    farboot_link(${image} ${image})
    farboot_link_script(${image} ${image})
  endforeach()
  farboot_add_direct_xip_variant()
  farboot_sign_and_merge()
  farboot_add_report()
endfunction()

function(farboot_add_report)
  get_property(images GLOBAL PROPERTY FARBOOT_IMAGES)
  add_custom_target(memory_report ALL
    COMMAND ${FARBOOT_PYTHON} ${FARBOOT_BASE}/cmake/report.py ${CMAKE_BINARY_DIR} ${images}
    COMMENT "Memory" VERBATIM)
  add_dependencies(memory_report ${images})
  if(TARGET merged)
    add_dependencies(memory_report merged)
  endif()
endfunction()
