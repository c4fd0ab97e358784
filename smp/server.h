/*
 * An SMP server: one request in, one response out. Portable, without heap and without a transport, so that the
 * bootloader's serial recovery and applications can share it; service.h puts it on a serial line.
 *
 * Served: os group: echo, reset, mcumgr parameters, application info, bootloader info. Image group: state, upload,
 * erase, slot info. All else is answered with MESSAGE_NOT_SUPPORTED.
 */
#ifndef SMP_SERVER_H
#define SMP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <farboot/error.h>
#include <farboot/image_slot.h>

enum {
    SERVER_SHA_SIZE = 32,  /* of an upload: SHA-256 */
    SERVER_SLOT_COUNT = 3, /* of one image: 0 primary, 1 secondary, 2 backup; ERR_FLASH_NO_AREA: not in this device */
    SERVER_SLOT_ANY = 255, /* the one that an upload would go to */
};

/*
 * What the image group acts upon; update/ implements it for applications. Each function returns OK or an error of
 * <farboot/error.h>; those with a code of their own in the protocol are listed, any other counts as a flash error.
 * `image` is the number of an image pair, from 0.
 */
struct server_images {
    int (*slot)(void *context, unsigned image, unsigned slot, struct image_slot *info);

    /*
     * Prepares for an upload of `len` bytes which begins with the `head_len` bytes at `head`. Refuses before anything
     * is erased: ERR_IMAGE_HEADER (no image), ERR_IMAGE_SIZE (header does not fit `len`), ERR_UPDATE_SIZE (too large),
     * ERR_IMAGE_VERSION (`upgrade` is set and the running image is not older), ERR_UPDATE_STATE (slot is needed).
     */
    int (*begin)(void *context, unsigned image, uint32_t len, const uint8_t *head, size_t head_len, bool upgrade);

    /* Takes the next bytes in order, the head's included; at most as many as were announced. `data` may change after
     * the return. */
    int (*write)(void *context, unsigned image, const uint8_t *data, size_t len);

    /* All bytes were written. `sha` is the SHA-256 that the upload must have, or NULL. ERR_IMAGE_HASH: it has not. */
    int (*finish)(void *context, unsigned image, const uint8_t *sha);

    /* Installs the image of a slot at the next reset. ERR_UPDATE_STATE: another request stands; ERR_IMAGE_HEADER: there
     * is none that could be installed; ERR_IMAGE_VERSION: its version is too low. */
    int (*request)(void *context, unsigned image, unsigned slot, bool permanent);

    int (*confirm)(void *context, unsigned image); /* what runs of it */

    int (*erase)(void *context, unsigned image,
                 unsigned slot); /* SERVER_SLOT_ANY too. ERR_UPDATE_STATE: slot is needed */
};

/* One letter of the "application info" command and what it stands for, as in uname. */
struct server_info {
    char letter;
    const char *text;
};

/* A group of commands; those of this server are in server_os.c and server_image.c. What is not listed in the
 * configuration is not linked. */
struct server_group;
extern const struct server_group server_group_os;
extern const struct server_group server_group_image;

struct server_config {
    const struct server_group *const *groups;
    size_t group_count;
    const struct server_images *images; /* not NULL when server_group_image is served */
    void *images_context;
    unsigned image_count;           /* image pairs, at least 1 with server_group_image */
    const struct server_info *info; /* 's' is what a client gets that does not ask for a letter */
    size_t info_count;
    uint16_t packet_size; /* bytes of the longest request that the transport takes */
    int8_t boot_mode;     /* enum message_boot_mode */
};

/* An upload in progress or completed; the server's own. len 0: none. */
struct server_upload {
    unsigned image;
    uint32_t len;
    uint32_t off;
    uint8_t sha[SERVER_SHA_SIZE];
    uint8_t sha_len; /* shorter ones serve to recognise an upload, but are not checked at its end */
    bool matched;
};

struct server {
    const struct server_config *config; /* borrowed for good */
    struct server_upload upload;
    bool reset_requested; /* whoever owns the transport resets once the response has been sent */
};

void server_init(struct server *server, const struct server_config *config);

/*
 * Answers the request packet `request`. Returns the length of the response packet written to `response` (`size`
 * bytes, at least 32), or 0 when nothing is to be sent because the request is no request. The buffers are distinct.
 */
size_t server_handle(struct server *server, const uint8_t *request, size_t len, uint8_t *response, size_t size);

#endif
