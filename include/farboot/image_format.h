/*
 * The numbers of MCUboot's image format 2.x (header, TLVs) and of its trailer's magic, shared by the bootloader, the
 * application side and the host tools. Everything on flash is little endian; the structs have flash layout, so a
 * little-endian reader may overlay them on an aligned buffer. Meaning and rules: docs/SPEC.md, "Image format".
 */
#ifndef FARBOOT_IMAGE_FORMAT_H
#define FARBOOT_IMAGE_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAGIC 0x96f3b83du

struct image_version {
    uint8_t major;
    uint8_t minor;
    uint16_t revision;
    uint32_t build;
};

struct image_header {
    uint32_t magic;
    uint32_t load_addr;        /* RAM address with IMAGE_FLAG_RAM_LOAD, flash address with _ROM_FIXED, else 0 */
    uint16_t hdr_size;         /* from the start of the image to the payload */
    uint16_t protect_tlv_size; /* with its info header; 0: no protected TLV area */
    uint32_t img_size;         /* payload only */
    uint32_t flags;
    struct image_version version;
    uint32_t pad; /* 0 */
};

static_assert(offsetof(struct image_header, hdr_size) == 8, "image format");
static_assert(offsetof(struct image_header, protect_tlv_size) == 10, "image format");
static_assert(offsetof(struct image_header, img_size) == 12, "image format");
static_assert(offsetof(struct image_header, flags) == 16, "image format");
static_assert(offsetof(struct image_header, version) == 20, "image format");
static_assert(sizeof(struct image_header) == 32, "image format");

enum image_flag {
    IMAGE_FLAG_PIC = 0x1,
    IMAGE_FLAG_ENCRYPTED_AES128 = 0x4,
    IMAGE_FLAG_ENCRYPTED_AES256 = 0x8,
    IMAGE_FLAG_NON_BOOTABLE = 0x10,
    IMAGE_FLAG_RAM_LOAD = 0x20,
    IMAGE_FLAG_ROM_FIXED = 0x100,
    IMAGE_FLAG_COMPRESSED_LZMA1 = 0x200,
    IMAGE_FLAG_COMPRESSED_LZMA2 = 0x400,
    IMAGE_FLAG_COMPRESSED_ARM_THUMB = 0x800,
};

/* At header + payload: [protected area] unprotected area. An area is this info header and then its entries. */
#define IMAGE_TLV_INFO_MAGIC           0x6907u
#define IMAGE_TLV_PROTECTED_INFO_MAGIC 0x6908u

struct image_tlv_info {
    uint16_t magic;
    uint16_t total; /* of the area, this header included */
};

/* `len` bytes follow at once; the next entry follows these without padding. */
struct image_tlv {
    uint16_t type;
    uint16_t len;
};

static_assert(sizeof(struct image_tlv_info) == 4 && sizeof(struct image_tlv) == 4, "image format");

enum image_tlv_type {
    IMAGE_TLV_KEYHASH = 0x01,
    IMAGE_TLV_PUBKEY = 0x02,
    IMAGE_TLV_SHA256 = 0x10,
    IMAGE_TLV_SHA384 = 0x11,
    IMAGE_TLV_SHA512 = 0x12,
    IMAGE_TLV_RSA2048_PSS = 0x20,
    IMAGE_TLV_ECDSA_SIG = 0x22,
    IMAGE_TLV_RSA3072_PSS = 0x23,
    IMAGE_TLV_ED25519 = 0x24,
    IMAGE_TLV_SIG_PURE = 0x25,
    IMAGE_TLV_ENC_RSA2048 = 0x30,
    IMAGE_TLV_ENC_KW = 0x31,
    IMAGE_TLV_ENC_EC256 = 0x32,
    IMAGE_TLV_ENC_X25519 = 0x33,
    IMAGE_TLV_ENC_X25519_SHA512 = 0x34,
    IMAGE_TLV_DEPENDENCY = 0x40,
    IMAGE_TLV_SEC_CNT = 0x50,
    IMAGE_TLV_BOOT_RECORD = 0x60,
    IMAGE_TLV_DECOMP_SIZE = 0x70,
    IMAGE_TLV_DECOMP_SHA = 0x71,
    IMAGE_TLV_DECOMP_SIGNATURE = 0x72,
    IMAGE_TLV_COMP_DEC_SIZE = 0x73,
    IMAGE_TLV_UUID_VID = 0x74,
    IMAGE_TLV_UUID_CID = 0x75,
    IMAGE_TLV_VENDOR_MIN = 0x00a0,
    IMAGE_TLV_VENDOR_MAX = 0xfffe,
};

/* Payload of IMAGE_TLV_DEPENDENCY: image `image_id` must have at least this version. */
struct image_dependency {
    uint8_t image_id;
    uint8_t pad[3];
    struct image_version min_version;
};

static_assert(sizeof(struct image_dependency) == 12, "image format");

/* The last 16 bytes of a slot: for a largest write block of 8 bytes, and (after that size as two bytes) of 16 or 32. */
#define IMAGE_TRAILER_MAGIC_SIZE 16u
#define IMAGE_TRAILER_MAGIC_8                                                                                          \
    {                                                                                                                  \
        0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80                 \
    }
#define IMAGE_TRAILER_MAGIC_TAIL                                                                                       \
    {                                                                                                                  \
        0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a                             \
    }

#endif
