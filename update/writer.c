/* Uploads: from bytes as they come to an image in the slot that update_target names. */
#include <string.h>

#include "boot/image.h"
#include "crypto/sha256.h"
#include "update/state.h"

/* The slot of the upload. */
static const struct update_place *target(const struct update *update)
{
    return &update->places[update->writer.slot];
}

static int check_fits(const struct update *update, const struct image_header *header, uint32_t len)
{
    uint64_t named = (uint64_t)header->hdr_size + header->img_size + header->protect_tlv_size;

    if (header->magic != IMAGE_MAGIC) {
        return ERR_IMAGE_HEADER;
    }
    if (header->hdr_size < sizeof(*header) || named + sizeof(struct image_tlv_info) > len) {
        return ERR_IMAGE_SIZE;
    }
    return len > update->max_image ? ERR_UPDATE_SIZE : OK;
}

/* Refuses a version that is not higher than the running image's. */
static int check_version(const struct update *update, const struct image_header *header)
{
    struct image_slot running;
    int error = update_slot_read(update, update->running, &running);

    if (error == OK && running.has_image && image_version_compare(&header->version, &running.version) <= 0) {
        error = ERR_IMAGE_VERSION;
    }
    return error;
}

/* An image at the slot's start, left by an earlier swap, would make the bootloader refuse the new one one sector up. */
static int erase_previous(struct update *update)
{
    return update->image_off > 0 ? flash_area_erase(target(update)->area, 0, update->image_off) : OK;
}

int update_begin(struct update *update, uint32_t len, const uint8_t *head, size_t head_len, bool upgrade)
{
    struct image_header header;
    enum update_slot slot;
    int error = update_target(update, &slot);

    if (error == OK) {
        error = update_state_check_free(update, slot);
    }
    if (error != OK) {
        return error;
    }
    if (head_len < sizeof(header)) {
        return ERR_IMAGE_HEADER;
    }
    memcpy(&header, head, sizeof(header));
    error = check_fits(update, &header, len);
    if (error == OK && upgrade) {
        error = check_version(update, &header);
    }
    if (error != OK) {
        return error;
    }
    update->writer = (struct update_writer){.slot = slot, .len = 0};
    /* The request goes first and durably: from here on the slot holds nothing that could be installed. */
    error = trailer_erase(target(update)->area, &target(update)->layout);
    if (error == OK) {
        error = erase_previous(update);
    }
    update->writer.len = error == OK ? len : 0;
    return error;
}

/* Erases sectors until those that hold the image's bytes below `end` are; the trailer's are already. */
static int erase_to(struct update *update, uint32_t end)
{
    struct update_writer *writer = &update->writer;

    while (writer->erased_to < end) {
        uint32_t off = update->image_off + writer->erased_to;
        uint32_t start = 0;
        uint32_t size = 0;
        uint32_t trailer = 0;
        int error = flash_area_sector_at(target(update)->area, off, &start, &size);

        if (error == OK) {
            error = trailer_first_sector(target(update)->area, &target(update)->layout, &trailer);
        }
        if (error == OK && start < trailer) {
            error = flash_area_erase(target(update)->area, start, size);
        }
        if (error != OK) {
            return error;
        }
        writer->erased_to = start + size - update->image_off;
    }
    return OK;
}

/* `off` and `len`: whole write blocks. */
static int program(struct update *update, uint32_t off, const uint8_t *data, size_t len)
{
    int error = len > 0 ? erase_to(update, off + (uint32_t)len) : OK;

    if (error == OK && len > 0) {
        error = flash_area_program(target(update)->area, update->image_off + off, data, len);
    }
    return error;
}

/* Adds to the write block that is being collected. Returns the number of bytes taken; programs the block when full. */
static int fill_block(struct update *update, uint32_t off, const uint8_t *data, size_t len, size_t *taken)
{
    struct update_writer *writer = &update->writer;
    uint32_t size = target(update)->layout.cell;
    uint32_t room = size - writer->block_len;
    int error;

    *taken = len < room ? len : room;
    memcpy(writer->block + writer->block_len, data, *taken);
    writer->block_len += (uint32_t)*taken;
    if (writer->block_len < size) {
        return OK;
    }
    writer->block_len = 0;
    error = program(update, off + (uint32_t)*taken - size, writer->block, size);
    /* The block is used again at once. */
    return error != OK ? error : flash_area_sync(target(update)->area);
}

/* Programs what belongs behind the head. */
static int write_body(struct update *update, uint32_t off, const uint8_t *data, size_t len)
{
    struct update_writer *writer = &update->writer;
    size_t taken = 0;
    size_t whole;
    int error = OK;

    if (writer->block_len > 0) {
        error = fill_block(update, off, data, len, &taken);
    }
    whole = (len - taken) / target(update)->layout.cell * target(update)->layout.cell;
    if (error == OK) {
        error = program(update, off + (uint32_t)taken, data + taken, whole);
    }
    taken += whole;
    if (error == OK && taken < len) {
        error = fill_block(update, off + (uint32_t)taken, data + taken, len - taken, &whole);
    }
    return error;
}

static size_t take_head(struct update_writer *writer, const uint8_t *data, size_t len)
{
    size_t room = writer->off < UPDATE_HEAD_SIZE ? UPDATE_HEAD_SIZE - writer->off : 0;
    size_t taken = len < room ? len : room;

    if (taken > 0) {
        memcpy(writer->head + writer->off, data, taken);
    }
    return taken;
}

int update_write(struct update *update, const uint8_t *data, size_t len)
{
    struct update_writer *writer = &update->writer;
    size_t head;
    uint32_t ahead;
    int error;

    if (writer->len == 0 || len > writer->len - writer->off) {
        writer->len = 0;
        return ERR_UPDATE_OFFSET;
    }
    head = take_head(writer, data, len);
    error = write_body(update, writer->off + (uint32_t)head, data + head, len - head);
    if (error == OK) {
        /* `data` is the caller's again. */
        error = flash_area_sync(target(update)->area);
    }
    writer->off += (uint32_t)len;
    /* The next sector is erased while the next bytes are on their way. */
    ahead = (uint32_t)len < writer->len - writer->off ? (uint32_t)len : writer->len - writer->off;
    if (error == OK && ahead > 0) {
        error = erase_to(update, writer->off + ahead);
    }
    writer->len = error == OK ? writer->len : 0;
    return error;
}

/* The last bytes, which do not fill a write block. */
static int write_rest(struct update *update)
{
    struct update_writer *writer = &update->writer;
    uint32_t size = target(update)->layout.cell;
    uint32_t len = writer->block_len;

    if (len == 0) {
        return OK;
    }
    memset(writer->block + len, target(update)->layout.erased_value, size - len);
    writer->block_len = 0;
    return program(update, writer->off - len, writer->block, size);
}

/* SHA-256 of the image as it will be: the head from memory, the rest from flash. */
static int check_hash(const struct update *update, const uint8_t *sha)
{
    const struct update_writer *writer = &update->writer;
    uint8_t digest[SHA256_SIZE];
    uint8_t chunk[256];
    struct sha256 hash;
    uint32_t off;

    sha256_init(&hash);
    sha256_update(&hash, writer->head, sizeof(writer->head));
    for (off = UPDATE_HEAD_SIZE; off < writer->off;) {
        uint32_t len = writer->off - off < sizeof(chunk) ? writer->off - off : (uint32_t)sizeof(chunk);
        int error = flash_area_read(target(update)->area, update->image_off + off, chunk, len);

        if (error != OK) {
            return error;
        }
        sha256_update(&hash, chunk, len);
        off += len;
    }
    sha256_final(&hash, digest);
    return memcmp(digest, sha, sizeof(digest)) == 0 ? OK : ERR_IMAGE_HASH;
}

static int write_head(struct update *update)
{
    uint8_t found[UPDATE_HEAD_SIZE];
    int error = program(update, 0, update->writer.head, UPDATE_HEAD_SIZE);

    if (error == OK) {
        error = flash_area_sync(target(update)->area);
    }
    if (error == OK) {
        error = flash_area_read(target(update)->area, update->image_off, found, sizeof(found));
    }
    if (error == OK && memcmp(found, update->writer.head, sizeof(found)) != 0) {
        error = ERR_FLASH_IO;
    }
    return error;
}

int update_finish(struct update *update, const uint8_t *sha)
{
    struct update_writer *writer = &update->writer;
    int error = OK;

    if (writer->len == 0 || writer->off != writer->len) {
        writer->len = 0;
        return ERR_UPDATE_OFFSET;
    }
    error = write_rest(update);
    if (error == OK) {
        error = flash_area_sync(target(update)->area);
    }
    if (error == OK && sha != NULL) {
        error = check_hash(update, sha);
    }
    /* Only now is it an image: whatever interrupted the upload before leaves none. */
    if (error == OK) {
        error = write_head(update);
    }
    writer->len = 0;
    return error;
}
