# The host programs that a build needs: dtc, a Python that has kconfiglib, and the `farboot` command.
find_program(FARBOOT_DTC dtc)
if(NOT FARBOOT_DTC)
  farboot_fail("dtc is missing; on Debian: apt-get install device-tree-compiler")
endif()

# The Python of the shell often is a virtual environment without the distribution's modules, so it comes last.
if(NOT FARBOOT_PYTHON)
  foreach(python IN ITEMS "${Python3_EXECUTABLE}" /usr/bin/python3 python3)
    execute_process(COMMAND ${python} -c "import kconfiglib, sys; print(sys.executable)"
                    RESULT_VARIABLE status OUTPUT_VARIABLE found ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(status EQUAL 0)
      set(FARBOOT_PYTHON ${found} CACHE FILEPATH "Python interpreter that can import kconfiglib")
      break()
    endif()
  endforeach()
endif()
if(NOT FARBOOT_PYTHON)
  farboot_fail("no Python has kconfiglib; on Debian: apt-get install python3-kconfiglib (or set FARBOOT_PYTHON)")
endif()

# Built from this tree, and brought up to date, unless FARBOOT_TOOL names one. The lock is for parallel builds.
function(farboot_build_tool)
  # project() has put the cross compiler into the environment.
  set(host ${CMAKE_COMMAND} -E env --unset=CC --unset=CXX --unset=ASM)
  if(NOT EXISTS ${FARBOOT_BASE}/build/host/farboot)
    message(STATUS "Building the host tools in ${FARBOOT_BASE}/build/host")
  endif()
  file(MAKE_DIRECTORY ${FARBOOT_BASE}/build/host)
  file(LOCK ${FARBOOT_BASE}/build/host DIRECTORY GUARD FUNCTION TIMEOUT 600)
  if(NOT EXISTS ${FARBOOT_BASE}/build/host/build.ninja)
    farboot_run(WHAT "configuring the host tools"
      COMMAND ${host} ${CMAKE_COMMAND} -E chdir ${FARBOOT_BASE} ${CMAKE_COMMAND} --preset host --log-level=ERROR)
  endif()
  execute_process(COMMAND ${host} ${CMAKE_COMMAND} --build ${FARBOOT_BASE}/build/host --target farboot
                  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(NOTICE "${output}")
    farboot_fail("the host tools do not build; run scripts/setup if libraries are missing")
  endif()
endfunction()

if(NOT FARBOOT_TOOL)
  farboot_build_tool()
  set(FARBOOT_TOOL ${FARBOOT_BASE}/build/host/farboot)
endif()
farboot_depend(${FARBOOT_TOOL})
