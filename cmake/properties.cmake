# Facts about images, kept as global properties so that functions can share them, and words to the user.

# farboot_set(IMAGE FACT value...)   farboot_get(OUT IMAGE FACT)   farboot_append(IMAGE FACT value...)
function(farboot_set image fact)
  set_property(GLOBAL PROPERTY FARBOOT_${image}_${fact} "${ARGN}")
endfunction()

function(farboot_append image fact)
  set_property(GLOBAL APPEND PROPERTY FARBOOT_${image}_${fact} ${ARGN})
endfunction()

function(farboot_get out image fact)
  get_property(value GLOBAL PROPERTY FARBOOT_${image}_${fact})
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# The value of an option of an image; empty when it is n or does not exist.
function(farboot_config out image option)
  farboot_get(directory ${image} DIR)
  include(${directory}/config.cmake)
  set(${out} "${${option}}" PARENT_SCOPE)
endfunction()

# Ends the configure step with one message, without CMake's call stack in front of it.
function(farboot_fail)
  list(JOIN ARGN "" text)
  message(NOTICE "error: ${text}")
  message(FATAL_ERROR "Farboot cannot configure this build; the reason stands above.")
endfunction()

# Files whose change must run the configure step again.
function(farboot_depend)
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARGN})
endfunction()

# Runs a command of the configure step. What it prints is shown; failure ends the step.
function(farboot_run)
  cmake_parse_arguments(arg "" "WHAT" "COMMAND" ${ARGN})
  execute_process(COMMAND ${arg_COMMAND} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  string(STRIP "${output}" output)
  if(output)
    message(NOTICE "${output}")
  endif()
  if(NOT status EQUAL 0)
    farboot_fail("${arg_WHAT} failed")
  endif()
endfunction()
