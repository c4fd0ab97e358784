/* The image group of the server. Each image has two slots or three. */
#include "smp/server_command.h"

#include <string.h>

enum { SLOT_SECONDARY = 1, SLOT_BACKUP = 2 };

/* The group's code for what an implementation of struct server_images returned. `on_flash`: which flash operation it
 * was about; `on_state`: what being in the wrong state means to the command. */
static int image_rc(int error, enum message_image_rc on_flash, enum message_image_rc on_state)
{
    static const struct {
        int error;
        enum message_image_rc rc;
    } table[] = {
        {OK, IMAGE_RC_OK},
        {ERR_FLASH_NO_DEVICE, IMAGE_RC_FLASH_OPEN},
        {ERR_FLASH_WRONG_DEVICE, IMAGE_RC_FLASH_OPEN},
        {ERR_FLASH_NO_AREA, IMAGE_RC_NO_DEVICE},
        {ERR_IMAGE_HEADER, IMAGE_RC_INVALID_MAGIC},
        {ERR_IMAGE_SIZE, IMAGE_RC_INVALID_HEADER},
        {ERR_IMAGE_HASH, IMAGE_RC_INVALID_HASH},
        {ERR_IMAGE_VERSION, IMAGE_RC_NEWER},
        {ERR_UPDATE_SIZE, IMAGE_RC_TOO_LARGE},
    };
    size_t i;

    if (error == ERR_UPDATE_STATE) {
        return (int)on_state;
    }
    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].error == error) {
            return (int)table[i].rc;
        }
    }
    return (int)on_flash;
}

static int slot_read(struct server *server, unsigned image, unsigned slot, struct image_slot *info)
{
    memset(info, 0, sizeof(*info));
    return server->config->images->slot(server->config->images_context, image, slot, info);
}

/* Whether what slot_read returned means that the device has no such slot. */
static bool is_no_slot(unsigned slot, int error)
{
    return slot == SLOT_BACKUP && error == ERR_FLASH_NO_AREA;
}

static size_t put_decimal(char *text, uint32_t number)
{
    char digits[10];
    size_t count = 0;
    size_t i;

    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    for (i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    return count;
}

/* "major.minor.revision", and ".build" unless that is 0. */
static void put_version(struct cbor_writer *response, const struct image_version *version)
{
    const uint32_t numbers[] = {version->major, version->minor, version->revision, version->build};
    char text[4 + 3 + 3 + 5 + 10];
    size_t count = version->build != 0 ? 4 : 3;
    size_t len = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        if (i > 0) {
            text[len++] = '.';
        }
        len += put_decimal(text + len, numbers[i]);
    }
    cbor_put_text_len(response, text, len);
}

static void put_flag(struct cbor_writer *response, const char *name, bool value)
{
    cbor_put_text(response, name);
    cbor_put_bool(response, value);
}

static void put_slot_state(struct cbor_writer *response, unsigned image, unsigned slot, const struct image_slot *info)
{
    cbor_open_map(response);
    cbor_put_text(response, "image");
    cbor_put_uint(response, image);
    cbor_put_text(response, "slot");
    cbor_put_uint(response, slot);
    cbor_put_text(response, "version");
    put_version(response, &info->version);
    if (info->hash_len > 0) {
        cbor_put_text(response, "hash");
        cbor_put_bytes(response, info->hash, info->hash_len);
    }
    put_flag(response, "bootable", info->bootable);
    put_flag(response, "pending", info->pending);
    put_flag(response, "confirmed", info->confirmed);
    put_flag(response, "active", info->active);
    put_flag(response, "permanent", info->permanent);
    cbor_close(response);
}

/* A slot that cannot be read is left out, so that mute external flash does not hide the running image. */
static void put_image_state(struct server *server, unsigned image, struct cbor_writer *response)
{
    unsigned slot;

    for (slot = 0; slot < SERVER_SLOT_COUNT; slot++) {
        struct image_slot info;

        if (slot_read(server, image, slot, &info) == OK && info.has_image) {
            put_slot_state(response, image, slot, &info);
        }
    }
}

static int state_read(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    unsigned image;

    (void)request;
    cbor_put_text(response, "images");
    cbor_open_list(response);
    for (image = 0; image < server->config->image_count; image++) {
        put_image_state(server, image, response);
    }
    cbor_close(response);
    return 0;
}

/* A slot of an image, and what it holds. */
struct found {
    unsigned image;
    unsigned slot;
    struct image_slot info;
};

/* The first slot whose image has this digest. Returns a code of the group. */
static int find_hash(struct server *server, const struct cbor_value *hash, struct found *found)
{
    const struct image_slot *info = &found->info;
    int result = IMAGE_RC_HASH_NOT_FOUND;
    unsigned i;

    if (hash->len < SERVER_SHA_SIZE || hash->len > IMAGE_SLOT_HASH_MAX) {
        return IMAGE_RC_INVALID_HASH;
    }
    for (i = 0; i < server->config->image_count * SERVER_SLOT_COUNT; i++) {
        int error;

        found->image = i / SERVER_SLOT_COUNT;
        found->slot = i % SERVER_SLOT_COUNT;
        error = slot_read(server, found->image, found->slot, &found->info);
        if (error != OK && !is_no_slot(found->slot, error)) {
            result = image_rc(error, IMAGE_RC_FLASH_READ, IMAGE_RC_UNKNOWN);
        } else if (info->has_image && info->hash_len == hash->len && memcmp(info->hash, hash->data, hash->len) == 0) {
            return IMAGE_RC_OK;
        }
    }
    return result;
}

static int confirm_image(struct server *server, unsigned image)
{
    int error = server->config->images->confirm(server->config->images_context, image);

    return image_rc(error, IMAGE_RC_FLASH_WRITE, IMAGE_RC_CONFIRM_DENIED);
}

/* Without a digest all of what runs is meant: the application vouches for the set. */
static int confirm_running(struct server *server)
{
    int rc = 0;
    unsigned image;

    for (image = 0; rc == 0 && image < server->config->image_count; image++) {
        rc = confirm_image(server, image);
    }
    return rc;
}

static int set_state(struct server *server, const struct cbor_value *hash, bool confirm)
{
    struct found found;
    int rc = find_hash(server, hash, &found);

    if (rc != 0) {
        return rc;
    }
    if (found.info.active) {
        return confirm ? confirm_image(server, found.image) : IMAGE_RC_TEST_ACTIVE;
    }
    rc = server->config->images->request(server->config->images_context, found.image, found.slot, confirm);
    if (rc == ERR_IMAGE_HEADER) {
        return IMAGE_RC_NO_IMAGE;
    }
    return image_rc(rc, IMAGE_RC_FLASH_WRITE, IMAGE_RC_PENDING);
}

static int state_write(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    struct cbor_value flag = {.number = 0};
    struct cbor_value hash;
    int rc;

    if (cbor_has(request, "confirm") && !cbor_get(request, "confirm", CBOR_BOOL, &flag)) {
        return -MESSAGE_INVALID;
    }
    if (cbor_get(request, "hash", CBOR_BYTES, &hash)) {
        rc = set_state(server, &hash, flag.number != 0);
    } else {
        rc = flag.number != 0 ? confirm_running(server) : IMAGE_RC_INVALID_HASH;
    }
    return rc != 0 ? rc : state_read(server, request, response);
}

struct upload_request {
    uint32_t image;
    uint32_t off;
    uint32_t len;
    struct cbor_value data;
    struct cbor_value sha;
    bool upgrade;
};

/* An optional number that must fit 32 bits. Returns false when it is there and is none. */
static bool get_u32(const struct cbor_value *map, const char *key, uint32_t *number)
{
    struct cbor_value value;

    if (!cbor_has(map, key)) {
        return true;
    }
    if (!cbor_get(map, key, CBOR_UINT, &value) || value.number > UINT32_MAX) {
        return false;
    }
    *number = (uint32_t)value.number;
    return true;
}

static int upload_parse(const struct cbor_value *request, struct upload_request *upload)
{
    struct cbor_value flag = {.number = 0};

    *upload = (struct upload_request){.off = 0};
    if (!cbor_has(request, "off") || !get_u32(request, "off", &upload->off) || !get_u32(request, "len", &upload->len) ||
        !get_u32(request, "image", &upload->image) || !cbor_get(request, "data", CBOR_BYTES, &upload->data)) {
        return -MESSAGE_INVALID;
    }
    if (cbor_has(request, "sha") &&
        (!cbor_get(request, "sha", CBOR_BYTES, &upload->sha) || upload->sha.len > SERVER_SHA_SIZE)) {
        return IMAGE_RC_INVALID_HASH;
    }
    upload->upgrade = cbor_get(request, "upgrade", CBOR_BOOL, &flag) && flag.number != 0;
    return 0;
}

/* Whether a first packet announces the upload that is already under way, or has just been completed. */
static bool is_same_upload(const struct server_upload *upload, const struct upload_request *request)
{
    return upload->len != 0 && upload->image == request->image && upload->len == request->len && upload->sha_len > 0 &&
           upload->sha_len == request->sha.len && memcmp(upload->sha, request->sha.data, upload->sha_len) == 0;
}

static int upload_begin(struct server *server, const struct upload_request *request)
{
    struct server_upload *upload = &server->upload;
    int error;

    if (request->len == 0) {
        return IMAGE_RC_INVALID_LENGTH;
    }
    upload->len = 0;
    error = server->config->images->begin(server->config->images_context, request->image, request->len,
                                          request->data.data, request->data.len, request->upgrade);
    if (error != OK) {
        return image_rc(error, IMAGE_RC_FLASH_ERASE, IMAGE_RC_NO_FREE_SLOT);
    }
    *upload =
        (struct server_upload){.image = request->image, .len = request->len, .sha_len = (uint8_t)request->sha.len};
    if (request->sha.len > 0) {
        memcpy(upload->sha, request->sha.data, request->sha.len);
    }
    return 0;
}

/* After a failure the slot holds no image and the next upload starts anew. */
static int upload_fail(struct server *server, int error)
{
    server->upload.len = 0;
    return image_rc(error, IMAGE_RC_FLASH_WRITE, IMAGE_RC_NO_FREE_SLOT);
}

static void put_upload(struct cbor_writer *response, uint32_t off)
{
    cbor_put_text(response, "off");
    cbor_put_uint(response, off);
}

static int upload_finish(struct server *server, struct cbor_writer *response)
{
    struct server_upload *upload = &server->upload;
    bool check = upload->sha_len == SERVER_SHA_SIZE;
    int error =
        server->config->images->finish(server->config->images_context, upload->image, check ? upload->sha : NULL);

    if (error != OK && error != ERR_IMAGE_HASH) {
        return upload_fail(server, error);
    }
    put_upload(response, upload->len);
    if (check) {
        put_flag(response, "match", error == OK);
    }
    upload->matched = check;
    if (error != OK) {
        upload->len = 0;
    }
    return 0;
}

static int upload_data(struct server *server, const struct upload_request *request, struct cbor_writer *response)
{
    struct server_upload *upload = &server->upload;
    int error;

    if (request->data.len > upload->len - upload->off) {
        return IMAGE_RC_OVERRUN;
    }
    error = server->config->images->write(server->config->images_context, upload->image, request->data.data,
                                          request->data.len);
    if (error != OK) {
        return upload_fail(server, error);
    }
    upload->off += (uint32_t)request->data.len;
    if (upload->off == upload->len) {
        return upload_finish(server, response);
    }
    put_upload(response, upload->off);
    return 0;
}

/* Tells the client where to go on. */
static int upload_resume(const struct server_upload *upload, struct cbor_writer *response)
{
    put_upload(response, upload->len != 0 ? upload->off : 0);
    if (upload->len != 0 && upload->off == upload->len && upload->matched) {
        put_flag(response, "match", true);
    }
    return 0;
}

static int upload_write(struct server *server, const struct cbor_value *map, struct cbor_writer *response)
{
    struct server_upload *upload = &server->upload;
    struct upload_request request;
    int rc = upload_parse(map, &request);

    if (rc != 0) {
        return rc;
    }
    if (request.image >= server->config->image_count) {
        return IMAGE_RC_INVALID_SLOT;
    }
    if (request.off == 0 && !is_same_upload(upload, &request)) {
        rc = upload_begin(server, &request);
        return rc != 0 ? rc : upload_data(server, &request, response);
    }
    if (upload->len == 0 || request.off != upload->off || upload->off == upload->len) {
        return upload_resume(upload, response);
    }
    return upload_data(server, &request, response);
}

static int erase_write(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    uint32_t slot = SERVER_SLOT_ANY;
    int error;

    (void)response;
    if (!get_u32(request, "slot", &slot)) {
        return -MESSAGE_INVALID;
    }
    if (slot >= SERVER_SLOT_COUNT && slot != SERVER_SLOT_ANY) {
        return IMAGE_RC_INVALID_SLOT;
    }
    server->upload.len = 0;
    error = server->config->images->erase(server->config->images_context, 0, slot);
    return is_no_slot(slot, error) ? IMAGE_RC_INVALID_SLOT
                                   : image_rc(error, IMAGE_RC_FLASH_ERASE, IMAGE_RC_NO_FREE_SLOT);
}

static void put_slot_size(struct cbor_writer *response, unsigned image, unsigned slot, int error,
                          const struct image_slot *info)
{
    cbor_open_map(response);
    cbor_put_text(response, "slot");
    cbor_put_uint(response, slot);
    if (error != OK) {
        cbor_put_text(response, "rc");
        cbor_put_uint(response, (unsigned)image_rc(error, IMAGE_RC_FLASH_READ, IMAGE_RC_UNKNOWN));
    } else {
        cbor_put_text(response, "size");
        cbor_put_uint(response, info->size);
        if (slot == SLOT_SECONDARY) {
            cbor_put_text(response, "upload_image_id");
            cbor_put_uint(response, image);
        }
    }
    cbor_close(response);
}

static void put_image_slots(struct server *server, unsigned image, struct cbor_writer *response)
{
    uint32_t max_image = 0;
    unsigned slot;

    cbor_open_map(response);
    cbor_put_text(response, "image");
    cbor_put_uint(response, image);
    cbor_put_text(response, "slots");
    cbor_open_list(response);
    for (slot = 0; slot < SERVER_SLOT_COUNT; slot++) {
        struct image_slot info;
        int error = slot_read(server, image, slot, &info);

        if (!is_no_slot(slot, error)) {
            put_slot_size(response, image, slot, error, &info);
        }
        max_image = slot == SLOT_SECONDARY && error == OK ? info.max_image : max_image;
    }
    cbor_close(response);
    if (max_image > 0) {
        cbor_put_text(response, "max_image_size");
        cbor_put_uint(response, max_image);
    }
    cbor_close(response);
}

static int slots_read(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    unsigned image;

    (void)request;
    cbor_put_text(response, "images");
    cbor_open_list(response);
    for (image = 0; image < server->config->image_count; image++) {
        put_image_slots(server, image, response);
    }
    cbor_close(response);
    return 0;
}

static const struct server_command commands[] = {
    {MESSAGE_IMAGE_STATE, state_read, state_write},
    {MESSAGE_IMAGE_UPLOAD, NULL, upload_write},
    {MESSAGE_IMAGE_ERASE, NULL, erase_write},
    {MESSAGE_IMAGE_SLOTS, slots_read, NULL},
};
const struct server_group server_group_image = {MESSAGE_GROUP_IMAGE, sizeof(commands) / sizeof(commands[0]), commands};
