# Questions about the build that are answered at the configure step, because a device would answer them too late.

# A region's driver option must be one that compiles something (farboot_sources_ifdef) or that another option indicates
# (selects, or gives as a default): otherwise every image would leave the region's partitions out without a word.
function(farboot_check_driver_options)
  get_property(regions GLOBAL PROPERTY FARBOOT_PM_REGIONS)
  farboot_get(compiling ALL COMPILING_OPTIONS)
  file(READ ${CMAKE_BINARY_DIR}/app/kconfig.json facts)
  foreach(region IN LISTS regions)
    farboot_get(device ${region} REGION_DEVICE)
    farboot_get(option ${region} REGION_KCONFIG)
    string(REGEX REPLACE "^CONFIG_" "" name "${option}")
    string(JSON indicators ERROR_VARIABLE absent GET "${facts}" indicators "${name}")
    if(device AND NOT option IN_LIST compiling AND absent)
      farboot_fail("region ${region}: its DEFAULT_DRIVER_KCONFIG ${option} neither compiles a driver nor is set by an "
                   "option that does. Name the option of the driver of ${device}, or the hidden option that it selects.")
    endif()
  endforeach()
endfunction()

# "CONFIG_A or CONFIG_B": the options that compile a driver for the node at `path` of an image.
function(farboot_driver_options out image path)
  farboot_get(directory ${image} DIR)
  include(${directory}/devicetree.cmake)
  file(READ ${directory}/kconfig.json facts)
  set(options "")
  foreach(compatible IN LISTS DT_COMPATIBLE_${path})
    string(TOUPPER "${compatible}" name)
    string(REGEX REPLACE "[^A-Z0-9]" "_" name "${name}")
    string(JSON list ERROR_VARIABLE absent GET "${facts}" drivers DT_HAS_${name}_ENABLED)
    if(NOT absent)
      string(REGEX MATCHALL "[A-Za-z0-9_]+" names "${list}")
      list(TRANSFORM names PREPEND CONFIG_)
      list(APPEND options ${names})
    endif()
  endforeach()
  list(JOIN options " or " text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Where a user would put an option for an image.
function(farboot_fragment_for out image)
  if(image STREQUAL "app")
    set(${out} "${APPLICATION_CONFIG_DIR}/prj.conf" PARENT_SCOPE)
  elseif(IS_DIRECTORY ${APPLICATION_CONFIG_DIR}/sysbuild)
    set(${out} "${APPLICATION_CONFIG_DIR}/sysbuild/${image}.conf" PARENT_SCOPE)
  else()
    set(${out} "${APPLICATION_CONFIG_DIR}/child_image/${image}.conf" PARENT_SCOPE)
  endif()
endfunction()

function(farboot_fail_no_driver image partition)
  farboot_get(directory ${image} DIR)
  include(${directory}/devicetree.cmake)
  set(path "${DT_CHOSEN_nordic_pm_ext_flash}")
  list(JOIN DT_COMPATIBLE_${path} "\", \"" compatible)
  farboot_driver_options(options ${image} ${path})
  farboot_fragment_for(fragment ${image})
  string(REGEX REPLACE " or .*" "" first "${options}")
  if(NOT first)
    set(first "the option of its driver")
  endif()
  farboot_fail("partition ${partition} lies in region external_flash, on devicetree node ${path} (\"${compatible}\"), "
    "but image ${image} has no driver for that node: CONFIG_PM_EXTERNAL_FLASH_HAS_DRIVER is not set.\n"
    "  Set ${first}=y (with CONFIG_FLASH=y) in ${fragment}.\n"
    "  For a driver outside of this tree: let its option select PM_EXTERNAL_FLASH_HAS_DRIVER, or set "
    "CONFIG_PM_OVERRIDE_EXTERNAL_DRIVER_CHECK=y.")
endfunction()

# The application's devicetree says external flash and the bootloader's does not.
function(farboot_fail_no_chosen)
  farboot_get(directory app DIR)
  include(${directory}/devicetree.cmake)
  set(path "${DT_CHOSEN_nordic_pm_ext_flash}")
  farboot_fail("image app places mcuboot_secondary in external flash (its devicetree chooses ${path} as "
    "nordic,pm-ext-flash), but the devicetree of image mcuboot chooses no external flash.\n"
    "  Put the same into ${APPLICATION_CONFIG_DIR}/child_image/mcuboot.overlay:\n"
    "    / { chosen { nordic,pm-ext-flash = \"${path}\"; }; };\n"
    "  or set CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY=n in the application.")
endfunction()

# Images that read or write mcuboot_secondary: the bootloader, and an application that takes updates.
function(farboot_check_drivers)
  get_property(images GLOBAL PROPERTY FARBOOT_IMAGES)
  if(NOT "mcuboot" IN_LIST images)
    return()
  endif()
  farboot_config(app_external app CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY)
  farboot_config(boot_external mcuboot CONFIG_PM_EXTERNAL_FLASH_MCUBOOT_SECONDARY)
  farboot_config(app_updates app CONFIG_IMG_MANAGER)
  if(app_external AND NOT boot_external)
    farboot_fail_no_chosen()
  endif()
  if(NOT boot_external)
    return()
  endif()
  foreach(image IN LISTS images)
    farboot_config(driver ${image} CONFIG_PM_EXTERNAL_FLASH_HAS_DRIVER)
    farboot_config(external ${image} CONFIG_PM_EXTERNAL_FLASH_ENABLED)
    if(NOT driver AND external AND (image STREQUAL "mcuboot" OR app_updates))
      farboot_fail_no_driver(${image} mcuboot_secondary)
    endif()
  endforeach()
endfunction()

# What an update mode asks of the slots; the numbers are the map's.
function(farboot_check_slots)
  farboot_get(primary PM MCUBOOT_PRIMARY_SIZE)
  farboot_get(secondary PM MCUBOOT_SECONDARY_SIZE)
  farboot_get(address PM MCUBOOT_PRIMARY_ADDRESS)
  farboot_get(offset PM MCUBOOT_SECONDARY_OFFSET)
  if(NOT primary OR NOT secondary)
    return()
  endif()
  if(NOT primary EQUAL secondary)
    farboot_fail("the slots differ in size: mcuboot_primary has ${primary} bytes, mcuboot_secondary ${secondary}; "
                 "the smaller one limits both. Give both the same size (share_size) in pm.yml or pm_static.yml.")
  endif()
  farboot_get(directory mcuboot DIR)
  include(${directory}/devicetree.cmake)
  set(sector ${DT_PROP_${DT_CHOSEN_zephyr_flash}_erase-block-size})
  if(NOT sector)
    return()
  endif()
  foreach(pair IN ITEMS "mcuboot_primary:address:${address}" "mcuboot_secondary:offset:${offset}"
                        "mcuboot_primary:size:${primary}")
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 what)
    list(GET pair 2 value)
    math(EXPR rest "${value} % ${sector}")
    if(NOT rest EQUAL 0)
      math(EXPR below "${value} - ${rest}" OUTPUT_FORMAT HEXADECIMAL)
      farboot_fail("the ${what} of ${name}, ${value}, is not a multiple of the sector size ${sector}; "
                   "the next lower one is ${below}. Change pm_static.yml or the sizes of the partitions beside it.")
    endif()
  endforeach()
endfunction()
