#include "boot/image.h"

#define UNSUPPORTED_FLAGS                                                                                              \
    (IMAGE_FLAG_PIC | IMAGE_FLAG_ENCRYPTED_AES128 | IMAGE_FLAG_ENCRYPTED_AES256 | IMAGE_FLAG_NON_BOOTABLE |            \
     IMAGE_FLAG_COMPRESSED_LZMA1 | IMAGE_FLAG_COMPRESSED_LZMA2 | IMAGE_FLAG_COMPRESSED_ARM_THUMB)

/* Adds, or says that the sum would pass `limit`. */
static bool add_within(uint32_t *sum, uint32_t add, uint32_t limit)
{
    if (*sum > limit || add > limit - *sum) {
        return false;
    }
    *sum += add;
    return true;
}

static int check_header_untrusted(const struct image_header *header, uint32_t limit, uint32_t *payload_end)
{
    uint32_t end = header->hdr_size;

    if (header->magic != IMAGE_MAGIC) {
        return ERR_IMAGE_HEADER;
    }
    if (header->hdr_size < sizeof *header || !add_within(&end, header->img_size, limit)) {
        return ERR_IMAGE_SIZE;
    }
    *payload_end = end;
    return (header->flags & UNSUPPORTED_FLAGS) != 0 ? ERR_IMAGE_FLAGS : OK;
}

/* Reads the info of a TLV area at `at` and moves `at` behind the area. */
static int read_tlv_info_untrusted(const struct image *image, uint32_t *at, uint32_t limit, struct image_tlv_info *info)
{
    int err;

    if (limit < sizeof *info || *at > limit - sizeof *info) {
        return ERR_IMAGE_SIZE;
    }
    err = flash_area_read(image->area, image->off + *at, info, sizeof *info);
    if (err != OK) {
        return err;
    }
    if (info->total < sizeof *info) {
        return ERR_IMAGE_TLV;
    }
    return add_within(at, info->total, limit) ? OK : ERR_IMAGE_SIZE;
}

static int find_tlv_areas_untrusted(struct image *image, uint32_t payload_end, uint32_t limit)
{
    struct image_tlv_info info;
    uint16_t protected_size = image->header.protect_tlv_size;
    int err = OK;

    image->protected_end = payload_end;
    if (protected_size != 0) {
        err = read_tlv_info_untrusted(image, &image->protected_end, limit, &info);
        if (err == OK && (info.magic != IMAGE_TLV_PROTECTED_INFO_MAGIC || info.total != protected_size)) {
            err = ERR_IMAGE_TLV;
        }
    }
    image->end = image->protected_end;
    if (err == OK) {
        err = read_tlv_info_untrusted(image, &image->end, limit, &info);
    }
    if (err == OK && info.magic != IMAGE_TLV_INFO_MAGIC) {
        err = ERR_IMAGE_TLV;
    }
    return err;
}

int image_open_untrusted(struct image *image, const struct flash_area *area, uint32_t off, uint32_t limit)
{
    uint32_t payload_end = 0;
    int err;

    if (off > area->size) {
        return ERR_IMAGE_SIZE;
    }
    limit = limit < area->size - off ? limit : area->size - off;
    if (limit < sizeof image->header) {
        return ERR_IMAGE_SIZE;
    }
    *image = (struct image){.area = area, .off = off};
    err = flash_area_read(area, off, &image->header, sizeof image->header);
    if (err == OK) {
        err = check_header_untrusted(&image->header, limit, &payload_end);
    }
    return err != OK ? err : find_tlv_areas_untrusted(image, payload_end, limit);
}

bool image_has_magic(const struct flash_area *area, uint32_t off)
{
    uint32_t magic = 0;

    return flash_area_read(area, off, &magic, sizeof magic) == OK && magic == IMAGE_MAGIC;
}

struct image_tlv_iter image_tlv_begin(const struct image *image)
{
    return (struct image_tlv_iter){image, image->header.hdr_size + image->header.img_size};
}

/* The infos at the start of each area were read when the image was opened. */
static void skip_infos(struct image_tlv_iter *iter)
{
    const struct image *image = iter->image;

    if (image->header.protect_tlv_size != 0 && iter->at == image->header.hdr_size + image->header.img_size) {
        iter->at += (uint32_t)sizeof(struct image_tlv_info);
    }
    if (iter->at == image->protected_end) {
        iter->at += (uint32_t)sizeof(struct image_tlv_info);
    }
}

int image_tlv_next_untrusted(struct image_tlv_iter *iter, struct image_tlv_entry *entry, bool *more)
{
    const struct image *image = iter->image;
    struct image_tlv head;
    uint32_t end;
    int err;

    skip_infos(iter);
    *more = iter->at < image->end;
    if (!*more) {
        return OK;
    }
    end = iter->at < image->protected_end ? image->protected_end : image->end;
    if (end - iter->at < sizeof head) {
        return ERR_IMAGE_TLV;
    }
    err = flash_area_read(image->area, image->off + iter->at, &head, sizeof head);
    if (err != OK) {
        return err;
    }
    iter->at += (uint32_t)sizeof head;
    *entry = (struct image_tlv_entry){head.type, head.len, image->off + iter->at, end == image->protected_end};
    return add_within(&iter->at, head.len, end) ? OK : ERR_IMAGE_TLV;
}

/* The value of the first TLV of this type and length. Returns OK; `missing`; what image_tlv_next_untrusted returns. */
static int read_tlv(const struct image *image, const struct image_tlv_entry *wanted, void *value, int missing)
{
    struct image_tlv_iter iter = image_tlv_begin(image);
    struct image_tlv_entry entry;
    bool more = true;
    int err = OK;

    while (err == OK && more) {
        err = image_tlv_next_untrusted(&iter, &entry, &more);
        if (err == OK && more && entry.type == wanted->type && entry.len == wanted->len &&
            (entry.is_protected || !wanted->is_protected)) {
            return flash_area_read(image->area, entry.off, value, entry.len);
        }
    }
    return err != OK ? err : missing;
}

int image_security_counter(const struct image *image, uint32_t *value)
{
    const struct image_tlv_entry wanted = {.type = IMAGE_TLV_SEC_CNT, .len = sizeof *value, .is_protected = true};

    return read_tlv(image, &wanted, value, ERR_IMAGE_COUNTER);
}

int image_digest(const struct image *image, uint8_t digest[SHA256_SIZE])
{
    const struct image_tlv_entry wanted = {.type = IMAGE_TLV_SHA256, .len = SHA256_SIZE};

    return read_tlv(image, &wanted, digest, ERR_IMAGE_HASH);
}

/* In which versions are ordered. */
static uint32_t rank(const struct image_version *version)
{
    return (uint32_t)version->major << 24 | (uint32_t)version->minor << 16 | version->revision;
}

int image_version_compare(const struct image_version *a, const struct image_version *b)
{
    return (rank(a) > rank(b)) - (rank(a) < rank(b));
}
