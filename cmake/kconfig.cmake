# Kconfig of an image: fragments merged by kconfig/merge.py, with menuconfig as a target.

function(farboot_kconfig image)
  cmake_parse_arguments(arg "" "FOLLOW" "" ${ARGN})
  farboot_get(directory ${image} DIR)
  farboot_get(source ${image} SOURCE_DIR)
  farboot_image_fragments(fragments ${image})
  farboot_image_assignments(assignments ${image})
  set(board_defaults ${FARBOOT_BOARD_DIR}/${FARBOOT_BOARD}_defconfig)
  foreach(first IN ITEMS ${directory}/from_sysbuild.conf ${board_defaults})
    if(EXISTS ${first})
      list(PREPEND fragments ${first})
    endif()
  endforeach()
  set(environment ${CMAKE_COMMAND} -E env srctree=${FARBOOT_BASE} BOARD=${FARBOOT_BOARD} BOARD_DIR=${FARBOOT_BOARD_DIR}
      IMAGE=${image} IMAGE_DIR=${source} FARBOOT_DEVICETREE_JSON=${directory}/devicetree.json
      KCONFIG_DTS=${directory}/Kconfig.dts KCONFIG_CONFIG=${directory}/.config PYTHONDONTWRITEBYTECODE=1)
  farboot_run(WHAT "the configuration of image ${image}" COMMAND
    ${environment} ${FARBOOT_PYTHON} ${FARBOOT_BASE}/cmake/kconfig/merge.py --output ${directory}
    --fragments ${fragments} --follow ${arg_FOLLOW} --set ${assignments})
  include(${directory}/config.cmake)
  file(GLOB scripts ${FARBOOT_BASE}/cmake/kconfig/*)
  farboot_depend(${fragments} ${FARBOOT_KCONFIG_FILES} ${directory}/.config ${scripts})
  if(NOT TARGET ${image}_menuconfig)
    add_custom_target(${image}_menuconfig USES_TERMINAL
      COMMAND ${environment} ${FARBOOT_PYTHON} ${FARBOOT_BASE}/cmake/kconfig/menu.py
      COMMENT "Options of image ${image}")
  endif()
endfunction()
