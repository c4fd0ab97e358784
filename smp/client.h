/*
 * An SMP client on a serial port: asks, waits, asks again, and says in one line what went wrong. Host only.
 *
 * Responses are matched by sequence number, group and command, so that a late answer is never taken for another's.
 * Every command here may be repeated without harm, which is what a lost answer makes necessary.
 */
#ifndef SMP_CLIENT_H
#define SMP_CLIENT_H

#include <stdbool.h>

#include "host/buffer.h"
#include "host/failure.h"
#include "smp/cbor.h"
#include "smp/frame.h"
#include "smp/message.h"
#include "smp/port.h"

enum {
    CLIENT_PACKET_SIZE = 8192, /* longest response taken, longest request sent */
    CLIENT_TRIES = 3,
};

struct client {
    struct port *port; /* borrowed, open */
    int timeout_ms;    /* for one answer */
    uint32_t image;    /* number of the image pair that an upload is for */
    /* Gets console text that arrives between frames; may be NULL. */
    void (*text)(void *context, uint8_t byte);
    void *context;

    struct frame_decoder decoder;
    uint8_t response[CLIENT_PACKET_SIZE];
    uint8_t request[CLIENT_PACKET_SIZE];
    uint8_t sequence;
    unsigned rc_group;   /* of the last error that the device reported */
    unsigned rc;         /* its code, 0: none */
    uint32_t resumed_at; /* bytes that the device had when the last upload began */
};

void client_init(struct client *client, struct port *port, int timeout_ms);

struct client_command {
    uint8_t op; /* enum message_op */
    uint16_t group;
    uint8_t command;
    int patience; /* how many time-outs an answer may take; at least 1 */
};

/* Returns a writer in which the body's map is open; the caller puts keys and values. */
struct cbor_writer client_request(struct client *client);

/*
 * Sends the request that `body` made and waits for its answer, at most CLIENT_TRIES times. Returns OK with the
 * answer's map in `response` (valid until the next request); ERR_HOST_INPUT when the request does not fit;
 * ERR_HOST_FILE when the port fails; ERR_SMP_FRAME when no answer comes; ERR_SMP_MESSAGE when the answer is none or
 * is an error of the device (then client->rc is set). Line in `failure`.
 */
int client_ask(struct client *client, const struct client_command *command, struct cbor_writer *body,
               struct cbor_value *response, struct failure *failure) ERROR_MUST_CHECK;

/* The commands. Each returns what client_ask returns; ERR_SMP_MESSAGE also when the answer lacks what it must have. */

int client_echo(struct client *client, const char *text, struct buffer *reply,
                struct failure *failure) ERROR_MUST_CHECK;
int client_reset(struct client *client, struct failure *failure) ERROR_MUST_CHECK;

struct client_params {
    uint32_t buf_size;
    uint32_t buf_count;
};
int client_params(struct client *client, struct client_params *params, struct failure *failure) ERROR_MUST_CHECK;

/* `format`: letters of "application info"; appends the text. */
int client_info(struct client *client, const char *format, struct buffer *text,
                struct failure *failure) ERROR_MUST_CHECK;

/* Appends the bootloader's name, and its update mode when it tells one. */
int client_bootloader(struct client *client, struct buffer *text, struct failure *failure) ERROR_MUST_CHECK;

enum { CLIENT_IMAGES_MAX = 12, CLIENT_HASH_MAX = 64 };

struct client_image {
    uint32_t image;
    uint32_t slot;
    char version[32];
    uint8_t hash[CLIENT_HASH_MAX];
    size_t hash_len; /* 0: the device told none */
    bool bootable, pending, confirmed, active, permanent;
};

struct client_images {
    struct client_image images[CLIENT_IMAGES_MAX];
    size_t count;
};

int client_image_list(struct client *client, struct client_images *images, struct failure *failure) ERROR_MUST_CHECK;

/* Marks an image for test, or for good with `confirm`; `hash_len` 0 with `confirm`: the running image. `images` gets
 * the state after it. */
int client_image_set(struct client *client, const uint8_t *hash, size_t hash_len, bool confirm,
                     struct client_images *images, struct failure *failure) ERROR_MUST_CHECK;

int client_image_erase(struct client *client, struct failure *failure) ERROR_MUST_CHECK;

/* Largest image that the device takes for client->image, bytes; 0 when it does not tell. */
uint32_t client_image_limit(struct client *client);

/*
 * Sends `image` (`len` bytes), going on where an interrupted upload of the same bytes ended. `progress` is called
 * after every answer with the number of bytes that the device has; may be NULL. Refuses with ERR_HOST_INPUT, before
 * anything is sent, what is not an MCUboot image.
 */
int client_upload(struct client *client, const uint8_t *image, size_t len,
                  void (*progress)(void *context, uint32_t off, uint32_t len), void *context,
                  struct failure *failure) ERROR_MUST_CHECK;

#endif
