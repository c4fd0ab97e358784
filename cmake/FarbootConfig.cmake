# What `find_package(Farboot)` does in an application's CMakeLists.txt, before its project() call:
#
#   board and toolchain, the host tool, then for each image (the application `app`, and the bootloader `mcuboot` when
#   the application has CONFIG_BOOTLOADER_MCUBOOT=y) its files, devicetree and Kconfig. The targets exist afterwards, and
#   CONFIG_ variables of the application are set, so that its CMakeLists.txt can use both.
#
#   When that file has been read to its end: Partition Manager for all images, linking, signing, merging, report.
#
# docs/BUILD.md lists the files and variables that are looked up.
cmake_minimum_required(VERSION 3.22)

get_filename_component(FARBOOT_BASE ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
set(APPLICATION_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
if(NOT DEFINED APPLICATION_CONFIG_DIR)
  set(APPLICATION_CONFIG_DIR ${APPLICATION_SOURCE_DIR})
endif()
get_filename_component(APPLICATION_CONFIG_DIR ${APPLICATION_CONFIG_DIR} ABSOLUTE BASE_DIR ${APPLICATION_SOURCE_DIR})

if(NOT CMAKE_TOOLCHAIN_FILE)
  set(CMAKE_TOOLCHAIN_FILE ${FARBOOT_BASE}/cmake/toolchain.cmake)
endif()
project(farboot_images LANGUAGES C ASM)

include(${FARBOOT_BASE}/cmake/properties.cmake)
include(${FARBOOT_BASE}/cmake/board.cmake)
include(${FARBOOT_BASE}/cmake/tools.cmake)
include(${FARBOOT_BASE}/cmake/image_files.cmake)
include(${FARBOOT_BASE}/cmake/sysbuild.cmake)
include(${FARBOOT_BASE}/cmake/devicetree.cmake)
include(${FARBOOT_BASE}/cmake/kconfig.cmake)
include(${FARBOOT_BASE}/cmake/rooms.cmake)
include(${FARBOOT_BASE}/cmake/partitions.cmake)
include(${FARBOOT_BASE}/cmake/diagnostics.cmake)
include(${FARBOOT_BASE}/cmake/signing.cmake)
include(${FARBOOT_BASE}/cmake/image.cmake)

farboot_begin()
include(${CMAKE_BINARY_DIR}/app/config.cmake)
cmake_language(DEFER DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} CALL farboot_finish)
