# Sources of the rooms. Each room's firmware.cmake is read once per image, with that image's CONFIG_ variables set, and
# calls these functions; paths are relative to the room.

set(FARBOOT_ROOMS hardened crypto flash boot smp update drivers soc)

function(farboot_sources)
  foreach(file IN LISTS ARGN)
    get_filename_component(path ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_LIST_DIR})
    target_sources(${FARBOOT_IMAGE} PRIVATE ${path})
  endforeach()
endfunction()

# Also records that the option compiles something, which is what makes it a possible driver option.
function(farboot_sources_ifdef option)
  farboot_append(ALL COMPILING_OPTIONS ${option})
  if(${option})
    foreach(file IN LISTS ARGN)
      get_filename_component(path ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_LIST_DIR})
      target_sources(${FARBOOT_IMAGE} PRIVATE ${path})
    endforeach()
  endif()
endfunction()

# For code that the rest of the image must not be mixed with: hand-written entry points, and functions that the compiler
# calls by name. Calls farboot_sources, too.
function(farboot_sources_apart)
  farboot_sources(${ARGN})
  foreach(file IN LISTS ARGN)
    set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/${file} TARGET_DIRECTORY ${FARBOOT_IMAGE}
      PROPERTIES COMPILE_OPTIONS -fno-lto)
  endforeach()
endfunction()

# What a library from elsewhere needs: farboot_include(dir...), farboot_define(X=1...).
function(farboot_include)
  foreach(directory IN LISTS ARGN)
    get_filename_component(path ${directory} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_LIST_DIR})
    target_include_directories(${FARBOOT_IMAGE} SYSTEM PRIVATE ${path})
  endforeach()
endfunction()

function(farboot_define)
  target_compile_definitions(${FARBOOT_IMAGE} PRIVATE ${ARGN})
endfunction()

# A partition file of a room or an application, besides the pm.yml of the image.
function(ncs_add_partition_manager_config)
  foreach(file IN LISTS ARGN)
    get_filename_component(path ${file} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_LIST_DIR})
    if(DEFINED FARBOOT_IMAGE)
      farboot_append(${FARBOOT_IMAGE} PM_FILES ${path})
    else()
      farboot_append(app PM_FILES ${path})
    endif()
  endforeach()
endfunction()

function(farboot_add_rooms FARBOOT_IMAGE)
  farboot_get(directory ${FARBOOT_IMAGE} DIR)
  include(${directory}/config.cmake)
  foreach(room IN LISTS FARBOOT_ROOMS)
    if(EXISTS ${FARBOOT_BASE}/${room}/firmware.cmake)
      include(${FARBOOT_BASE}/${room}/firmware.cmake)
      farboot_depend(${FARBOOT_BASE}/${room}/firmware.cmake)
    endif()
  endforeach()
endfunction()

# For an application's own CMakeLists.txt, as in Zephyr: target_sources_ifdef(CONFIG_X app PRIVATE x.c)
function(target_sources_ifdef option target scope)
  if(${option})
    target_sources(${target} ${scope} ${ARGN})
  endif()
endfunction()
