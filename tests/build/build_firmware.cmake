# Configures and builds an application as a user does: SOURCE, BINARY, TOOL, BOARD, ARGS (a list of -D options).
foreach(command IN ITEMS
    "${CMAKE_COMMAND};-S;${SOURCE};-B;${BINARY};-G;Ninja;-DBOARD=${BOARD};-DFARBOOT_TOOL=${TOOL};-DFARBOOT_WERROR=ON;${ARGS}"
    "${CMAKE_COMMAND};--build;${BINARY}")
  execute_process(COMMAND ${command} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "failed: ${command}")
  endif()
endforeach()
