# Devicetree of an image: board and overlays through the C preprocessor, dtc and `farboot dts`.

# Directories with bindings and with sources; an application may bring its own.
set(FARBOOT_DTS_DIRS "")
foreach(root IN LISTS DTS_ROOT APPLICATION_SOURCE_DIR FARBOOT_BASE)
  if(IS_DIRECTORY ${root}/dts)
    list(APPEND FARBOOT_DTS_DIRS ${root}/dts)
  endif()
endforeach()
list(REMOVE_DUPLICATES FARBOOT_DTS_DIRS)

# Files that the preprocessor read, from its dependency file.
function(farboot_read_depfile out depfile)
  file(READ ${depfile} text)
  string(REGEX REPLACE "^[^:]*:" "" text "${text}")
  string(REPLACE "\\ " "?" text "${text}") # a space in a path
  string(REGEX REPLACE "[ \n\\]+" ";" text "${text}")
  string(REPLACE "?" " " text "${text}")
  list(FILTER text EXCLUDE REGEX "^$")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(farboot_devicetree image)
  farboot_get(directory ${image} DIR)
  farboot_image_overlays(overlays ${image})
  set(includes "")
  set(bindings "")
  foreach(dts IN LISTS FARBOOT_DTS_DIRS)
    list(APPEND includes -I${dts} -I${dts}/include)
    if(IS_DIRECTORY ${dts}/bindings)
      list(APPEND bindings --bindings ${dts}/bindings)
    endif()
    file(GLOB more CONFIGURE_DEPENDS ${dts}/bindings/*.yaml)
    farboot_depend(${more})
  endforeach()
  set(source ${directory}/devicetree.pre)
  set(text "#include \"${FARBOOT_BOARD_DIR}/${FARBOOT_BOARD}.dts\"\n")
  foreach(overlay IN LISTS overlays)
    string(APPEND text "#include \"${overlay}\"\n")
    message(STATUS "${image}: devicetree overlay ${overlay}")
  endforeach()
  file(CONFIGURE OUTPUT ${directory}/devicetree.in CONTENT "${text}" @ONLY)
  farboot_run(WHAT "preprocessing the devicetree of image ${image}" COMMAND
    ${CMAKE_C_COMPILER} -E -nostdinc -undef -D__DTS__ -x assembler-with-cpp ${includes} -MD -MF ${source}.d
    -o ${source} ${directory}/devicetree.in)
  farboot_run(WHAT "dtc for image ${image}" COMMAND
    ${FARBOOT_DTC} -@ -I dts -O dtb -o ${directory}/devicetree.dtb -Wno-unique_unit_address -Wno-interrupt_provider
    -Wno-simple_bus_reg -Wno-unit_address_vs_reg -Wno-avoid_unnecessary_addr_size ${source})
  farboot_run(WHAT "generating the devicetree header of image ${image}" COMMAND
    ${FARBOOT_TOOL} dts ${directory}/devicetree.dtb ${bindings} --cmake ${directory}/devicetree.cmake
    --json ${directory}/devicetree.json --header ${directory}/include/devicetree_generated.h.new)
  file(COPY_FILE ${directory}/include/devicetree_generated.h.new ${directory}/include/devicetree_generated.h
       ONLY_IF_DIFFERENT)
  # The merged tree as text, for reading.
  farboot_run(WHAT "dtc" COMMAND ${FARBOOT_DTC} -q -I dtb -O dts -o ${directory}/devicetree.dts ${directory}/devicetree.dtb)
  farboot_read_depfile(files ${source}.d)
  farboot_depend(${files})
endfunction()
