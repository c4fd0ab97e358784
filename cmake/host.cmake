# How host code is compiled, in one place: language, warnings, sanitizers, and the two functions that every room uses.
#
#   farboot_library(NAME SOURCES a.c b.c [LIBS x y])    static library farboot_NAME, plus what it links
#   farboot_test(NAME SOURCES x_test.c [LIBS x y] [ARGS ...] [TIMEOUT s])   a cmocka program, run by ctest
#
# Include paths are the root of the tree ("boot/trailer.h") and include/ (<farboot/flash.h>); there are no others.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)

option(FARBOOT_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

set(FARBOOT_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wundef -Wmissing-prototypes -Wstrict-prototypes -Werror)

add_library(farboot_host_flags INTERFACE)
target_include_directories(farboot_host_flags INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_compile_options(farboot_host_flags INTERFACE ${FARBOOT_WARNINGS})
target_compile_definitions(farboot_host_flags INTERFACE _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE)
if(FARBOOT_SANITIZE)
  target_compile_options(farboot_host_flags INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(farboot_host_flags INTERFACE -fsanitize=address,undefined)
endif()

function(farboot_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(farboot_${name} STATIC ${arg_SOURCES})
  target_link_libraries(farboot_${name} PUBLIC farboot_host_flags ${arg_LIBS})
endfunction()

function(farboot_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;ARGS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE farboot_host_flags ${arg_LIBS} cmocka)
  add_test(NAME ${name} COMMAND ${name} ${arg_ARGS})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
  if(arg_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()
