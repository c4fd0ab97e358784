/*
 * SMP messages: the 8-byte header, groups, commands and error codes. Numbers are the protocol's (Zephyr, "SMP
 * Protocol Specification" and the specifications of groups 0 and 1).
 */
#ifndef SMP_MESSAGE_H
#define SMP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>

enum { MESSAGE_HEADER_SIZE = 8 };

enum message_op { MESSAGE_READ = 0, MESSAGE_READ_RESPONSE = 1, MESSAGE_WRITE = 2, MESSAGE_WRITE_RESPONSE = 3 };

/* Version 1 answers every error with {"rc"}; version 2 names the group that raised it: {"err": {"group", "rc"}}. */
enum message_version { MESSAGE_V1 = 0, MESSAGE_V2 = 1 };

enum message_group { MESSAGE_GROUP_OS = 0, MESSAGE_GROUP_IMAGE = 1 };

enum message_os {
    MESSAGE_OS_ECHO = 0,
    MESSAGE_OS_RESET = 5,
    MESSAGE_OS_PARAMS = 6,
    MESSAGE_OS_INFO = 7,
    MESSAGE_OS_BOOTLOADER = 8,
};

enum message_image {
    MESSAGE_IMAGE_STATE = 0,
    MESSAGE_IMAGE_UPLOAD = 1,
    MESSAGE_IMAGE_ERASE = 5,
    MESSAGE_IMAGE_SLOTS = 6,
};

/* The bootloader's update mode, as "bootloader info" tells it. */
enum message_boot_mode {
    MESSAGE_BOOT_UNKNOWN = -1,
    MESSAGE_BOOT_SINGLE_SLOT = 0,
    MESSAGE_BOOT_SWAP_USING_SCRATCH = 1,
    MESSAGE_BOOT_OVERWRITE_ONLY = 2,
    MESSAGE_BOOT_SWAP_USING_MOVE = 3,
    MESSAGE_BOOT_DIRECT_XIP = 4,
    MESSAGE_BOOT_DIRECT_XIP_REVERT = 5,
    MESSAGE_BOOT_RAM_LOAD = 6,
    MESSAGE_BOOT_FIRMWARE_LOADER = 7,
    MESSAGE_BOOT_SINGLE_SLOT_RAM_LOAD = 8,
    MESSAGE_BOOT_SWAP_USING_OFFSET = 9,
};

/* Errors of the protocol itself, and all that version 1 knows. X(symbol, value, "text for a person") */
#define MESSAGE_RC_LIST(X)                                                                                             \
    X(MESSAGE_OK, 0, "no error")                                                                                       \
    X(MESSAGE_UNKNOWN, 1, "unknown error")                                                                             \
    X(MESSAGE_NO_MEMORY, 2, "out of memory")                                                                           \
    X(MESSAGE_INVALID, 3, "invalid value in the request")                                                              \
    X(MESSAGE_TIMEOUT, 4, "timed out")                                                                                 \
    X(MESSAGE_NO_ENTRY, 5, "no such entry")                                                                            \
    X(MESSAGE_BAD_STATE, 6, "not possible in the present state")                                                       \
    X(MESSAGE_TOO_LARGE, 7, "the answer does not fit the device's buffer")                                             \
    X(MESSAGE_NOT_SUPPORTED, 8, "the device does not support this command")                                            \
    X(MESSAGE_CORRUPT, 9, "corrupt data")                                                                              \
    X(MESSAGE_BUSY, 10, "busy")                                                                                        \
    X(MESSAGE_ACCESS_DENIED, 11, "access denied")                                                                      \
    X(MESSAGE_TOO_OLD, 12, "protocol version too old")                                                                 \
    X(MESSAGE_TOO_NEW, 13, "protocol version too new")

/* Errors of the image group in version 2, each with what version 1 gets instead. X(symbol, value, v1, "text") */
#define MESSAGE_IMAGE_RC_LIST(X)                                                                                       \
    X(IMAGE_RC_OK, 0, MESSAGE_OK, "no error")                                                                          \
    X(IMAGE_RC_UNKNOWN, 1, MESSAGE_UNKNOWN, "unknown error")                                                           \
    X(IMAGE_RC_FLASH_CONFIG, 2, MESSAGE_UNKNOWN, "the flash configuration cannot be read")                             \
    X(IMAGE_RC_NO_IMAGE, 3, MESSAGE_NO_ENTRY, "the slot holds no image that could be installed")                       \
    X(IMAGE_RC_NO_TLVS, 4, MESSAGE_NO_ENTRY, "the image in the slot has no TLV area")                                  \
    X(IMAGE_RC_INVALID_TLV, 5, MESSAGE_UNKNOWN, "the image in the slot has an invalid TLV")                            \
    X(IMAGE_RC_HASHES, 6, MESSAGE_UNKNOWN, "the image in the slot has several digests")                                \
    X(IMAGE_RC_TLV_SIZE, 7, MESSAGE_UNKNOWN, "the image in the slot has a TLV of invalid size")                        \
    X(IMAGE_RC_HASH_NOT_FOUND, 8, MESSAGE_NO_ENTRY, "no slot holds an image with this digest")                         \
    X(IMAGE_RC_NO_FREE_SLOT, 9, MESSAGE_NO_MEMORY,                                                                     \
      "the slot is needed: it holds the image to fall back to; confirm the running image first")                       \
    X(IMAGE_RC_FLASH_OPEN, 10, MESSAGE_UNKNOWN, "the slot cannot be opened: is its flash there?")                      \
    X(IMAGE_RC_FLASH_READ, 11, MESSAGE_UNKNOWN, "reading flash failed")                                                \
    X(IMAGE_RC_FLASH_WRITE, 12, MESSAGE_UNKNOWN, "writing flash failed")                                               \
    X(IMAGE_RC_FLASH_ERASE, 13, MESSAGE_UNKNOWN, "erasing flash failed")                                               \
    X(IMAGE_RC_INVALID_SLOT, 14, MESSAGE_NO_ENTRY, "there is no such slot")                                            \
    X(IMAGE_RC_NO_MEMORY, 15, MESSAGE_NO_MEMORY, "out of memory")                                                      \
    X(IMAGE_RC_CONTEXT_SET, 16, MESSAGE_UNKNOWN, "a flash context is already set")                                     \
    X(IMAGE_RC_CONTEXT_NOT_SET, 17, MESSAGE_UNKNOWN, "no flash context is set")                                        \
    X(IMAGE_RC_NO_DEVICE, 18, MESSAGE_UNKNOWN, "the slot's flash has no driver in the application")                    \
    X(IMAGE_RC_PAGE_OFFSET, 19, MESSAGE_INVALID, "invalid page offset")                                                \
    X(IMAGE_RC_INVALID_OFFSET, 20, MESSAGE_INVALID, "invalid offset")                                                  \
    X(IMAGE_RC_INVALID_LENGTH, 21, MESSAGE_INVALID, "the upload's length is missing or invalid")                       \
    X(IMAGE_RC_INVALID_HEADER, 22, MESSAGE_INVALID, "the file's image header does not fit the file")                   \
    X(IMAGE_RC_INVALID_MAGIC, 23, MESSAGE_INVALID, "the file is not an MCUboot image")                                 \
    X(IMAGE_RC_INVALID_HASH, 24, MESSAGE_INVALID, "the digest has the wrong length or does not match")                 \
    X(IMAGE_RC_INVALID_ADDRESS, 25, MESSAGE_INVALID, "the image is linked for another address")                        \
    X(IMAGE_RC_NO_VERSION, 26, MESSAGE_UNKNOWN, "the running image's version cannot be read")                          \
    X(IMAGE_RC_NEWER, 27, MESSAGE_BAD_STATE, "the running image is not older than the file")                           \
    X(IMAGE_RC_PENDING, 28, MESSAGE_BAD_STATE, "an update is already requested; reset, or erase the slot")             \
    X(IMAGE_RC_VECTORS, 29, MESSAGE_INVALID, "the image has an invalid vector table")                                  \
    X(IMAGE_RC_TOO_LARGE, 30, MESSAGE_INVALID, "the image does not fit the slot")                                      \
    X(IMAGE_RC_OVERRUN, 31, MESSAGE_INVALID, "more data than the upload announced")                                    \
    X(IMAGE_RC_CONFIRM_DENIED, 32, MESSAGE_ACCESS_DENIED, "the device refuses to confirm this image")                  \
    X(IMAGE_RC_TEST_ACTIVE, 33, MESSAGE_BAD_STATE, "this image is already running")                                    \
    X(IMAGE_RC_ACTIVE_UNKNOWN, 34, MESSAGE_UNKNOWN, "the running slot is not known")

/* Errors of the OS group in version 2. X(symbol, value, v1, "text") */
#define MESSAGE_OS_RC_LIST(X)                                                                                          \
    X(OS_RC_OK, 0, MESSAGE_OK, "no error")                                                                             \
    X(OS_RC_UNKNOWN, 1, MESSAGE_UNKNOWN, "unknown error")                                                              \
    X(OS_RC_FORMAT, 2, MESSAGE_INVALID, "unknown letter in the format")                                                \
    X(OS_RC_NO_ANSWER, 3, MESSAGE_NO_ENTRY, "the device has no answer to this query")                                  \
    X(OS_RC_NO_CLOCK, 4, MESSAGE_NO_ENTRY, "the clock is not set")                                                     \
    X(OS_RC_CLOCK, 5, MESSAGE_UNKNOWN, "the clock does not answer")                                                    \
    X(OS_RC_QUERY_VALUE, 6, MESSAGE_INVALID, "the query's value is not valid")

#define MESSAGE_ENUM_3(symbol, value, text)     symbol = (value),
#define MESSAGE_ENUM_4(symbol, value, v1, text) symbol = (value),
enum message_rc { MESSAGE_RC_LIST(MESSAGE_ENUM_3) };
enum message_image_rc { MESSAGE_IMAGE_RC_LIST(MESSAGE_ENUM_4) };
enum message_os_rc { MESSAGE_OS_RC_LIST(MESSAGE_ENUM_4) };
#undef MESSAGE_ENUM_3
#undef MESSAGE_ENUM_4

struct message_header {
    uint8_t op;      /* enum message_op */
    uint8_t version; /* enum message_version */
    uint8_t sequence;
    uint8_t command;
    uint16_t group;
    uint16_t len; /* bytes of the body */
};

/* Returns OK; ERR_SMP_MESSAGE when the packet is shorter than a header or its body is not as long as the header says.
 */
int message_parse(const uint8_t *packet, size_t len, struct message_header *header) ERROR_MUST_CHECK;

void message_put_header(const struct message_header *header, uint8_t packet[MESSAGE_HEADER_SIZE]);

/* What a peer that speaks version 1 is told instead of code `rc` of group `group`. */
enum message_rc message_rc_v1(uint16_t group, unsigned rc);

#endif
