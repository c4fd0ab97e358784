# Keys, signed images and what is flashed: app_signed.hex, app_update.bin, merged.hex.

# An absolute path for the file that an option names; relative ones are looked for in the application, the image and
# Farboot.
function(farboot_key_file out image option)
  farboot_config(value ${image} ${option})
  set(${out} "" PARENT_SCOPE)
  if(NOT value)
    return()
  endif()
  farboot_get(source ${image} SOURCE_DIR)
  foreach(directory IN ITEMS ${APPLICATION_CONFIG_DIR} ${APPLICATION_SOURCE_DIR} ${source} ${FARBOOT_BASE})
    get_filename_component(path "${value}" ABSOLUTE BASE_DIR ${directory})
    if(EXISTS ${path})
      set(${out} ${path} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  farboot_fail("${option}=\"${value}\" of image ${image} names no file in the application, in ${source} or in ${FARBOOT_BASE}")
endfunction()

# Warns about keys whose private half everyone has. published_keys.txt lists SHA-256 digests of public keys in PEM.
function(farboot_check_published key)
  execute_process(COMMAND ${FARBOOT_TOOL} imgtool getpub --key ${key} --encoding pem
                  RESULT_VARIABLE status OUTPUT_VARIABLE pem ERROR_VARIABLE problem)
  if(NOT status EQUAL 0)
    farboot_fail("cannot read the key ${key}: ${problem}")
  endif()
  string(SHA256 digest "${pem}")
  file(STRINGS ${FARBOOT_BASE}/apps/mcuboot/keys/published.txt published REGEX "^${digest}")
  if(published)
    message(NOTICE "warning: ${key} is a published test key: anyone can sign for this device. "
                   "Make one with `farboot imgtool keygen --type ecdsa-p256 --key my-key.pem` and set "
                   "CONFIG_BOOT_SIGNATURE_KEY_FILE for image mcuboot.")
  endif()
endfunction()

# The public key as C source, compiled into the bootloader.
function(farboot_add_public_key key)
  farboot_get(directory mcuboot DIR)
  farboot_run(WHAT "extracting the public key of ${key}" COMMAND
    ${FARBOOT_TOOL} imgtool getpub --key ${key} --encoding lang-c --output ${directory}/public_key.c)
  target_sources(mcuboot PRIVATE ${directory}/public_key.c)
  farboot_depend(${key})
endfunction()

function(farboot_keys)
  farboot_key_file(boot_key mcuboot CONFIG_BOOT_SIGNATURE_KEY_FILE)
  farboot_key_file(app_key app CONFIG_MCUBOOT_SIGNATURE_KEY_FILE)
  farboot_config(unsigned mcuboot CONFIG_BOOT_SIGNATURE_TYPE_NONE)
  if(NOT boot_key AND NOT unsigned)
    farboot_fragment_for(fragment mcuboot)
    farboot_fail("the bootloader has no key to verify images with, and there is no default key.\n"
      "  Make one: farboot imgtool keygen --type ecdsa-p256 --key my-key.pem\n"
      "  and set CONFIG_BOOT_SIGNATURE_KEY_FILE=\"my-key.pem\" in ${fragment}.")
  endif()
  if(boot_key)
    farboot_check_published(${boot_key})
    farboot_add_public_key(${boot_key})
  endif()
  if(NOT app_key)
    set(app_key ${boot_key})
  endif()
  farboot_set(app SIGNING_KEY ${app_key})
endfunction()

# The largest image (header to end of TLVs) that the update mode can install, from the trailer's layout: what follows
# the swap status, then per sector one cell of a write block for each state. docs/SPEC.md, "Trailer".
function(farboot_max_image_size out sectors slot)
  set(write_block 4)
  set(sector 4096)
  farboot_update_mode(mode)
  if(mode STREQUAL "SWAP_USING_OFFSET")
    math(EXPR trailer "${sectors} * 2 * ${write_block} + 56")
  else()
    math(EXPR trailer "${sectors} * 3 * ${write_block} + 48")
  endif()
  if(mode MATCHES "^SWAP_USING_")
    # The trailer takes whole sectors, and one more is the step that the images are apart.
    math(EXPR size "${slot} - (${trailer} + ${sector} - 1) / ${sector} * ${sector} - ${sector}")
  elseif(mode STREQUAL "SWAP_SCRATCH")
    math(EXPR size "${slot} - ${trailer}")
  elseif(mode STREQUAL "SINGLE_APP")
    set(size ${slot})
  else()
    math(EXPR size "${slot} - 40")
  endif()
  farboot_get(ram PM MCUBOOT_RAM_SIZE)
  if(mode MATCHES "^RAM_LOAD" AND ram LESS size)
    set(size ${ram})
  endif()
  set(${out} ${size} PARENT_SCOPE)
endfunction()

# Options of `imgtool sign` that follow from configuration and map.
function(farboot_sign_options out)
  farboot_get(pad PM MCUBOOT_PAD_SIZE)
  farboot_get(slot PM MCUBOOT_PRIMARY_SIZE)
  farboot_get(key app SIGNING_KEY)
  farboot_config(version app CONFIG_MCUBOOT_IMGTOOL_SIGN_VERSION)
  farboot_config(more app CONFIG_MCUBOOT_EXTRA_IMGTOOL_ARGS)
  farboot_config(sectors mcuboot CONFIG_BOOT_MAX_IMG_SECTORS)
  farboot_config(overwrite mcuboot CONFIG_BOOT_UPGRADE_ONLY)
  farboot_update_mode(mode)
  if(mode MATCHES "DIRECT_XIP|RAM_LOAD|SINGLE_APP") # no swap status
    set(sectors 1)
  elseif(NOT sectors)
    math(EXPR sectors "${slot} / 4096")
  endif()
  farboot_max_image_size(largest ${sectors} ${slot})
  set(options --version ${version} --header-size ${pad} --pad-header --slot-size ${slot} --align 4
              --max-sectors ${sectors} --max-image-size ${largest})
  if(key)
    list(APPEND options --key ${key})
  endif()
  if(overwrite)
    list(APPEND options --overwrite-only)
  endif()
  if(mode MATCHES "^RAM_LOAD")
    farboot_get(ram PM MCUBOOT_RAM_ADDRESS)
    list(APPEND options --load-addr ${ram})
  endif()
  separate_arguments(more UNIX_COMMAND "${more}")
  list(APPEND options ${more})
  set(${out} "${options}" PARENT_SCOPE)
endfunction()

# farboot_sign(OUTPUTS TARGET PREFIX SLOT_ADDRESS OPTION...): <PREFIX>_update.bin and, at its address in the slot,
# <PREFIX>_signed.hex, confirmed in advance if that is wanted.
function(farboot_sign outputs target prefix address)
  set(build ${CMAKE_BINARY_DIR})
  set(in ${build}/${target}/${target}.bin)
  set(made ${build}/${prefix}_update.bin ${build}/${prefix}_signed.hex)
  set(confirmed "")
  farboot_config(confirm app CONFIG_MCUBOOT_GENERATE_CONFIRMED_IMAGE)
  if(confirm)
    list(APPEND made ${build}/${prefix}_signed.confirmed.hex)
    set(confirmed COMMAND ${FARBOOT_TOOL} imgtool sign ${ARGN} --pad --confirm --hex-addr ${address} ${in}
                          ${build}/${prefix}_signed.confirmed.hex)
  endif()
  farboot_get(key app SIGNING_KEY)
  add_custom_command(OUTPUT ${made}
    COMMAND ${FARBOOT_TOOL} imgtool sign ${ARGN} ${in} ${build}/${prefix}_update.bin
    COMMAND ${FARBOOT_TOOL} imgtool sign ${ARGN} --hex-addr ${address} ${in} ${build}/${prefix}_signed.hex
    ${confirmed}
    DEPENDS ${target} ${FARBOOT_TOOL} ${key} ${build}/pm.config COMMENT "Signing ${prefix}" VERBATIM)
  set(${outputs} ${${outputs}} ${made} PARENT_SCOPE)
endfunction()

# In direct XIP the header says for which slot an image is linked.
function(farboot_sign_all out)
  farboot_sign_options(options)
  farboot_get(primary PM MCUBOOT_PRIMARY_ADDRESS)
  farboot_get(secondary PM MCUBOOT_SECONDARY_ADDRESS)
  set(signed "")
  farboot_config(xip mcuboot CONFIG_BOOT_DIRECT_XIP)
  if(xip)
    farboot_sign(signed app app ${primary} ${options} --rom-fixed ${primary})
  else()
    farboot_sign(signed app app ${primary} ${options})
  endif()
  if(TARGET mcuboot_secondary_app)
    farboot_sign(signed mcuboot_secondary_app mcuboot_secondary_app ${secondary} ${options} --rom-fixed ${secondary})
  endif()
  set(${out} ${signed} PARENT_SCOPE)
endfunction()

function(farboot_sign_and_merge)
  get_property(images GLOBAL PROPERTY FARBOOT_IMAGES)
  set(build ${CMAKE_BINARY_DIR})
  if(NOT "mcuboot" IN_LIST images)
    farboot_add_merged(${build}/app/app.hex)
    return()
  endif()
  farboot_check_slots()
  farboot_keys()
  farboot_sign_all(outputs)
  add_custom_target(app_signed ALL DEPENDS ${outputs})
  farboot_add_merged(${build}/mcuboot/mcuboot.hex ${build}/app_signed.hex)
  add_dependencies(merged app_signed mcuboot)
endfunction()

function(farboot_add_merged)
  get_property(images GLOBAL PROPERTY FARBOOT_IMAGES)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/merged.hex
    COMMAND ${FARBOOT_TOOL} hex merge --output ${CMAKE_BINARY_DIR}/merged.hex ${ARGN}
    DEPENDS ${images} ${ARGN} ${FARBOOT_TOOL} COMMENT "Merging what is to be flashed" VERBATIM)
  add_custom_target(merged ALL DEPENDS ${CMAKE_BINARY_DIR}/merged.hex)
endfunction()
