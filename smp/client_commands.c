/* The commands of the client, except the upload. */
#include "smp/client.h"

#include <string.h>

/* Erasing a slot takes far longer than any other answer. */
enum { PATIENCE = 1, PATIENCE_ERASE = 10 };

static int lacks(const char *key, struct failure *failure)
{
    return failure_set(failure, ERR_SMP_MESSAGE, "the device's answer lacks \"%s\"", key);
}

static int append_text(const struct cbor_value *map, const char *key, struct buffer *out, struct failure *failure)
{
    struct cbor_value text;

    if (!cbor_get(map, key, CBOR_TEXT, &text)) {
        return lacks(key, failure);
    }
    buffer_append(out, text.data, text.len);
    return OK;
}

int client_echo(struct client *client, const char *text, struct buffer *reply, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_WRITE, MESSAGE_GROUP_OS, MESSAGE_OS_ECHO, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    int error;

    cbor_put_text(&body, "d");
    cbor_put_text(&body, text);
    error = client_ask(client, &command, &body, &response, failure);
    return error != OK ? error : append_text(&response, "r", reply, failure);
}

int client_reset(struct client *client, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_WRITE, MESSAGE_GROUP_OS, MESSAGE_OS_RESET, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;

    return client_ask(client, &command, &body, &response, failure);
}

static uint32_t get_u32(const struct cbor_value *map, const char *key, uint32_t otherwise)
{
    struct cbor_value value;

    return cbor_get(map, key, CBOR_UINT, &value) && value.number <= UINT32_MAX ? (uint32_t)value.number : otherwise;
}

int client_params(struct client *client, struct client_params *params, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_PARAMS, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    int error = client_ask(client, &command, &body, &response, failure);

    if (error != OK) {
        return error;
    }
    params->buf_size = get_u32(&response, "buf_size", 0);
    params->buf_count = get_u32(&response, "buf_count", 0);
    return params->buf_size > 0 ? OK : lacks("buf_size", failure);
}

int client_info(struct client *client, const char *format, struct buffer *text, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_INFO, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    int error;

    cbor_put_text(&body, "format");
    cbor_put_text(&body, format);
    error = client_ask(client, &command, &body, &response, failure);
    return error != OK ? error : append_text(&response, "output", text, failure);
}

static const char *mode_text(uint64_t mode)
{
    static const char *const modes[] = {
        [MESSAGE_BOOT_SINGLE_SLOT] = "single slot",
        [MESSAGE_BOOT_SWAP_USING_SCRATCH] = "swap using scratch",
        [MESSAGE_BOOT_OVERWRITE_ONLY] = "overwrite only",
        [MESSAGE_BOOT_SWAP_USING_MOVE] = "swap using move",
        [MESSAGE_BOOT_DIRECT_XIP] = "direct XIP",
        [MESSAGE_BOOT_DIRECT_XIP_REVERT] = "direct XIP with revert",
        [MESSAGE_BOOT_RAM_LOAD] = "RAM load",
        [MESSAGE_BOOT_FIRMWARE_LOADER] = "firmware loader",
        [MESSAGE_BOOT_SINGLE_SLOT_RAM_LOAD] = "single slot, RAM load",
        [MESSAGE_BOOT_SWAP_USING_OFFSET] = "swap using offset",
    };

    return mode < sizeof(modes) / sizeof(modes[0]) ? modes[mode] : "unknown mode";
}

int client_bootloader(struct client *client, struct buffer *text, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_READ, MESSAGE_GROUP_OS, MESSAGE_OS_BOOTLOADER, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    struct cbor_value mode;
    int error = client_ask(client, &command, &body, &response, failure);

    if (error == OK) {
        error = append_text(&response, "bootloader", text, failure);
    }
    if (error != OK) {
        return error;
    }
    body = client_request(client);
    cbor_put_text(&body, "query");
    cbor_put_text(&body, "mode");
    error = client_ask(client, &command, &body, &response, failure);
    if (error == OK && cbor_get(&response, "mode", CBOR_UINT, &mode)) {
        buffer_print(text, ", %s", mode_text(mode.number));
    }
    /* A bootloader that does not tell its mode has said all it can. */
    return error == ERR_SMP_MESSAGE && client->rc != 0 ? OK : error;
}

static bool get_flag(const struct cbor_value *map, const char *key)
{
    struct cbor_value value;

    return cbor_get(map, key, CBOR_BOOL, &value) && value.number != 0;
}

/* What a terminal gets to see of a foreign text: printable ASCII. */
static void copy_printable(char *out, size_t size, const struct cbor_value *text)
{
    size_t i;

    for (i = 0; i < text->len && i < size - 1; i++) {
        out[i] = text->data[i] >= ' ' && text->data[i] <= '~' ? (char)text->data[i] : '?';
    }
    out[i] = 0;
}

static void image_from_map(const struct cbor_value *map, struct client_image *image)
{
    struct cbor_value value;

    *image = (struct client_image){.image = get_u32(map, "image", 0), .slot = get_u32(map, "slot", 0)};
    if (cbor_get(map, "version", CBOR_TEXT, &value)) {
        copy_printable(image->version, sizeof(image->version), &value);
    }
    if (cbor_get(map, "hash", CBOR_BYTES, &value) && value.len > 0 && value.len <= sizeof(image->hash)) {
        memcpy(image->hash, value.data, value.len);
        image->hash_len = value.len;
    }
    image->bootable = get_flag(map, "bootable");
    image->pending = get_flag(map, "pending");
    image->confirmed = get_flag(map, "confirmed");
    image->active = get_flag(map, "active");
    image->permanent = get_flag(map, "permanent");
}

static int images_from_response(const struct cbor_value *response, struct client_images *images,
                                struct failure *failure)
{
    struct cbor_value rest;
    struct cbor_value map;

    images->count = 0;
    if (!cbor_get(response, "images", CBOR_LIST, &rest)) {
        return lacks("images", failure);
    }
    while (images->count < CLIENT_IMAGES_MAX && cbor_next(&rest, &map)) {
        image_from_map(&map, &images->images[images->count++]);
    }
    return OK;
}

int client_image_list(struct client *client, struct client_images *images, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    int error = client_ask(client, &command, &body, &response, failure);

    return error != OK ? error : images_from_response(&response, images, failure);
}

int client_image_set(struct client *client, const uint8_t *hash, size_t hash_len, bool confirm,
                     struct client_images *images, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_STATE, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    int error;

    if (hash_len > 0) {
        cbor_put_text(&body, "hash");
        cbor_put_bytes(&body, hash, hash_len);
    }
    cbor_put_text(&body, "confirm");
    cbor_put_bool(&body, confirm);
    error = client_ask(client, &command, &body, &response, failure);
    return error != OK ? error : images_from_response(&response, images, failure);
}

int client_image_erase(struct client *client, struct failure *failure)
{
    static const struct client_command command = {MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_ERASE,
                                                  PATIENCE_ERASE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;

    return client_ask(client, &command, &body, &response, failure);
}

uint32_t client_image_limit(struct client *client)
{
    static const struct client_command command = {MESSAGE_READ, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_SLOTS, PATIENCE};
    struct cbor_writer body = client_request(client);
    struct cbor_value response;
    struct cbor_value images;
    struct cbor_value image;
    struct failure ignored;

    if (client_ask(client, &command, &body, &response, &ignored) != OK ||
        !cbor_get(&response, "images", CBOR_LIST, &images)) {
        return 0;
    }
    while (cbor_next(&images, &image)) {
        if (get_u32(&image, "image", 0) == client->image) {
            return get_u32(&image, "max_image_size", 0);
        }
    }
    return 0;
}
