/* The upload of the client. */
#include "smp/client.h"

#include <farboot/image_format.h>

#include "host/le.h"
#include "imagetool/digest.h"

enum {
    /* A device that does not tell its buffer's size has at least this (MCUboot's and Zephyr's least default). */
    PACKET_SIZE_DEFAULT = 256,
    /* Length field and checksum of the serial framing, which some devices keep in the same buffer. */
    FRAMING_SIZE = 4,
    /* Keys and heads of a packet's map besides "image", "len" and "sha": "off" with a 32-bit number, "data" with a
     * 16-bit length, and the map's ends. */
    OVERHEAD = 1 + 4 + 5 + 5 + 3 + 1,
    OVERHEAD_FIRST = 6 + 5 + 4 + 5 + 4 + 2 + 32,
    /* Answers in a row that bring the upload no further before it is given up. */
    STALLS_MAX = 5,
    /* The first answer waits for an erase. */
    PATIENCE_FIRST = 4,
    PATIENCE_DATA = 1,
};

struct upload {
    const uint8_t *image;
    uint32_t len;
    uint8_t sha[DIGEST_SIZE_MAX];
    uint32_t packet_size;
    uint32_t off;   /* the device has this many bytes */
    bool has_match; /* the last answer said whether the checksum matches */
    bool match;
};

static int check_image(const uint8_t *image, size_t len, struct failure *failure)
{
    uint64_t named;

    if (len > 0 && image[0] == ':') {
        return failure_set(failure, ERR_HOST_INPUT,
                           "the file is Intel HEX: upload the signed .bin of the build (app_update.bin)");
    }
    if (len < sizeof(struct image_header) || le32_get(image) != IMAGE_MAGIC) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "the file is not an MCUboot image: sign it first (farboot imgtool sign)");
    }
    named = (uint64_t)le16_get(image + offsetof(struct image_header, hdr_size)) +
            le16_get(image + offsetof(struct image_header, protect_tlv_size)) +
            le32_get(image + offsetof(struct image_header, img_size)) + sizeof(struct image_tlv_info);
    if (named > len || len > UINT32_MAX) {
        return failure_set(failure, ERR_HOST_INPUT,
                           "the file is cut short: its header names at least %llu bytes, it has %zu",
                           (unsigned long long)named, len);
    }
    return OK;
}

static uint32_t chunk_size(const struct upload *upload)
{
    uint32_t room = upload->packet_size - MESSAGE_HEADER_SIZE - FRAMING_SIZE - OVERHEAD;
    uint32_t left = upload->len - upload->off;

    room -= upload->off == 0 ? OVERHEAD_FIRST : 0;
    return left < room ? left : room;
}

static struct cbor_writer make_packet(struct client *client, const struct upload *upload)
{
    struct cbor_writer body = client_request(client);

    if (upload->off == 0) {
        if (client->image != 0) { /* left out means 0; devices with one image may not know the key */
            cbor_put_text(&body, "image");
            cbor_put_uint(&body, client->image);
        }
        cbor_put_text(&body, "len");
        cbor_put_uint(&body, upload->len);
        cbor_put_text(&body, "sha");
        cbor_put_bytes(&body, upload->sha, 32);
    }
    cbor_put_text(&body, "off");
    cbor_put_uint(&body, upload->off);
    cbor_put_text(&body, "data");
    cbor_put_bytes(&body, upload->image + upload->off, chunk_size(upload));
    return body;
}

/* Sends one packet and takes over the offset that the device wants next. */
static int send_packet(struct client *client, struct upload *upload, struct failure *failure)
{
    const struct client_command command = {MESSAGE_WRITE, MESSAGE_GROUP_IMAGE, MESSAGE_IMAGE_UPLOAD,
                                           upload->off == 0 ? PATIENCE_FIRST : PATIENCE_DATA};
    struct cbor_writer body = make_packet(client, upload);
    struct cbor_value response;
    struct cbor_value value;
    int error = client_ask(client, &command, &body, &response, failure);

    if (error != OK) {
        return error;
    }
    if (!cbor_get(&response, "off", CBOR_UINT, &value) || value.number > upload->len) {
        return failure_set(failure, ERR_SMP_MESSAGE, "the device asks for data beyond the end of the file");
    }
    if (upload->off == 0 && value.number > chunk_size(upload)) {
        client->resumed_at = (uint32_t)value.number;
    }
    upload->off = (uint32_t)value.number;
    upload->has_match = cbor_get(&response, "match", CBOR_BOOL, &value);
    upload->match = upload->has_match && value.number != 0;
    return OK;
}

static int explain_limit(struct client *client, const struct upload *upload, int error, struct failure *failure)
{
    uint32_t limit;

    if (client->rc_group != MESSAGE_GROUP_IMAGE || client->rc != IMAGE_RC_TOO_LARGE) {
        return error;
    }
    limit = client_image_limit(client);
    if (limit == 0) {
        return error;
    }
    return failure_set(failure, error, "the image has %u bytes, the device's slot takes at most %u",
                       (unsigned)upload->len, (unsigned)limit);
}

static int send_all(struct client *client, struct upload *upload,
                    void (*progress)(void *context, uint32_t off, uint32_t len), void *context, struct failure *failure)
{
    uint32_t furthest = 0;
    unsigned stalls = 0;

    while (upload->off < upload->len) {
        int error = send_packet(client, upload, failure);

        if (error != OK) {
            return explain_limit(client, upload, error, failure);
        }
        if (upload->off > furthest) {
            furthest = upload->off;
            stalls = 0;
        } else if (++stalls == STALLS_MAX) {
            return failure_set(failure, ERR_SMP_MESSAGE, "the device does not get beyond byte %u of the upload",
                               (unsigned)furthest);
        }
        if (progress != NULL) {
            progress(context, upload->off, upload->len);
        }
    }
    return OK;
}

static int find_packet_size(struct client *client, struct upload *upload, struct failure *failure)
{
    struct client_params params = {.buf_size = PACKET_SIZE_DEFAULT};
    int error = client_params(client, &params, failure);

    if (error != OK && client->rc == 0) {
        return error;
    }
    upload->packet_size = params.buf_size < CLIENT_PACKET_SIZE ? params.buf_size : CLIENT_PACKET_SIZE;
    if (upload->packet_size <
        MESSAGE_HEADER_SIZE + FRAMING_SIZE + OVERHEAD + OVERHEAD_FIRST + sizeof(struct image_header)) {
        return failure_set(failure, ERR_SMP_MESSAGE, "the device's buffer of %u bytes is too small for an upload",
                           (unsigned)params.buf_size);
    }
    return OK;
}

int client_upload(struct client *client, const uint8_t *image, size_t len,
                  void (*progress)(void *context, uint32_t off, uint32_t len), void *context, struct failure *failure)
{
    struct upload upload = {.image = image};
    int error = check_image(image, len, failure);

    client->resumed_at = 0;
    if (error == OK) {
        upload.len = (uint32_t)len;
        error = digest_compute(digest_by_tlv(IMAGE_TLV_SHA256), image, len, upload.sha, failure);
    }
    if (error == OK) {
        error = find_packet_size(client, &upload, failure);
    }
    if (error == OK) {
        error = send_all(client, &upload, progress, context, failure);
    }
    if (error == OK && upload.has_match && !upload.match) {
        error = failure_set(failure, ERR_SMP_CHECKSUM,
                            "what the device stored is not what was sent: upload again, and suspect its flash");
    }
    return error;
}
