/*
 * The one registry of error codes, shared by bootloader, drivers, application side and host tools.
 *
 * 0 is success and every error is negative; counts and data go through out parameters. A code is module
 * letter and number, so that a code printed as "FLASH-4" on a console is found here at once. The list is
 * append-only: numbers are seen in field logs and are never reused. A function documents exactly the codes it
 * returns.
 */
#ifndef FARBOOT_ERROR_H
#define FARBOOT_ERROR_H

/* A result that nobody looks at is a defect. */
#define ERROR_MUST_CHECK __attribute__((warn_unused_result))

/* X(symbol, value, "name", "text for a person") */
#define ERROR_LIST(X) ERROR_LIST_FLASH(X) ERROR_LIST_IMAGE(X) ERROR_LIST_BOOT(X) ERROR_LIST_OTHER(X)
#define ERROR_LIST_FLASH(X)                                                                                            \
    X(ERR_FLASH_INVALID, -0x101, "FLASH-1", "invalid offset, length or alignment")                                     \
    X(ERR_FLASH_NO_DEVICE, -0x102, "FLASH-2", "no flash device answers")                                               \
    X(ERR_FLASH_WRONG_DEVICE, -0x103, "FLASH-3", "another flash device answers")                                       \
    X(ERR_FLASH_TIMEOUT, -0x104, "FLASH-4", "the flash device did not become ready in time")                           \
    X(ERR_FLASH_IO, -0x105, "FLASH-5", "the flash device reported a failed operation")                                 \
    X(ERR_FLASH_PROTECTED, -0x106, "FLASH-6", "the flash range is protected")                                          \
    X(ERR_FLASH_NO_AREA, -0x107, "FLASH-7", "no such partition in this image's flash map")                             \
    X(ERR_FLASH_CUT, -0x108, "FLASH-8", "power was cut (models only)")                                                 \
    X(ERR_FLASH_PHYSICS, -0x109, "FLASH-9", "what real flash would not do (models only)")

#define ERROR_LIST_IMAGE(X)                                                                                            \
    X(ERR_IMAGE_HEADER, -0x201, "IMAGE-1", "no image header")                                                          \
    X(ERR_IMAGE_SIZE, -0x202, "IMAGE-2", "too large or cut short")                                                     \
    X(ERR_IMAGE_TLV, -0x203, "IMAGE-3", "malformed TLVs")                                                              \
    X(ERR_IMAGE_HASH, -0x204, "IMAGE-4", "wrong digest")                                                               \
    X(ERR_IMAGE_KEY, -0x205, "IMAGE-5", "no known key")                                                                \
    X(ERR_IMAGE_SIGNATURE, -0x206, "IMAGE-6", "wrong signature")                                                       \
    X(ERR_IMAGE_FLAGS, -0x207, "IMAGE-7", "unsupported flags")                                                         \
    X(ERR_IMAGE_ADDRESS, -0x208, "IMAGE-8", "not linked for this slot")                                                \
    X(ERR_IMAGE_VERSION, -0x209, "IMAGE-9", "lower version")                                                           \
    X(ERR_IMAGE_DEPENDENCY, -0x20a, "IMAGE-10", "unmet dependency")                                                    \
    X(ERR_IMAGE_COUNTER, -0x20b, "IMAGE-11", "security counter too low")

#define ERROR_LIST_BOOT(X)                                                                                             \
    X(ERR_BOOT_NO_IMAGE, -0x301, "BOOT-1", "no bootable image")                                                        \
    X(ERR_BOOT_GEOMETRY, -0x302, "BOOT-2", "unsuitable slots")                                                         \
    X(ERR_BOOT_TRAILER, -0x303, "BOOT-3", "trailer has an invalid magic")                                              \
    X(ERR_BOOT_POSTPONED, -0x304, "BOOT-4", "the product postponed the update")

#define ERROR_LIST_OTHER(X)                                                                                            \
    X(ERR_CRYPTO_INVALID, -0x401, "CRYPTO-1", "malformed key or signature encoding")                                   \
    X(ERR_CRYPTO_MISMATCH, -0x402, "CRYPTO-2", "signature does not match")                                             \
    X(ERR_SMP_FRAME, -0x501, "SMP-1", "malformed frame")                                                               \
    X(ERR_SMP_CHECKSUM, -0x502, "SMP-2", "frame checksum is wrong")                                                    \
    X(ERR_SMP_MESSAGE, -0x503, "SMP-3", "malformed message")                                                           \
    X(ERR_SMP_TOO_LONG, -0x504, "SMP-4", "message is too long")                                                        \
    X(ERR_UPDATE_STATE, -0x601, "UPDATE-1", "not possible in the present update state")                                \
    X(ERR_UPDATE_OFFSET, -0x602, "UPDATE-2", "data offset is not the expected one")                                    \
    X(ERR_UPDATE_SIZE, -0x603, "UPDATE-3", "image does not fit the slot")                                              \
    X(ERR_HOST_INPUT, -0x701, "HOST-1", "bad input")                                                                   \
    X(ERR_HOST_FILE, -0x702, "HOST-2", "file cannot be read or written")

#define ERROR_ENUM(symbol, value, name, text) symbol = (value),
enum error_code { OK = 0, ERROR_LIST(ERROR_ENUM) };
#undef ERROR_ENUM

/* The module of a code, and its number there. */
#define ERROR_CLASS(err)  ((unsigned)-(err) >> 8)
#define ERROR_NUMBER(err) ((unsigned)-(err)&0xff)

/* Whether the code says something about an image; otherwise flash failed, and may answer next time. */
#define ERROR_IS_ABOUT_IMAGE(err) (ERROR_CLASS(err) == ERROR_CLASS(ERR_IMAGE_HEADER))

#endif
