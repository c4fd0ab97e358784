#include "update/server_images.h"

static struct update *of(void *context, unsigned image)
{
    struct update *updates = context;

    return &updates[image];
}

static int slot(void *context, unsigned image, unsigned number, struct image_slot *info)
{
    return update_slot_read(of(context, image), (enum update_slot)number, info);
}

static int begin(void *context, unsigned image, uint32_t len, const uint8_t *head, size_t head_len, bool upgrade)
{
    return update_begin(of(context, image), len, head, head_len, upgrade);
}

static int write(void *context, unsigned image, const uint8_t *data, size_t len)
{
    return update_write(of(context, image), data, len);
}

static int finish(void *context, unsigned image, const uint8_t *sha)
{
    return update_finish(of(context, image), sha);
}

static int request(void *context, unsigned image, unsigned number, bool permanent)
{
    return update_request(of(context, image), (enum update_slot)number, permanent);
}

static int confirm(void *context, unsigned image)
{
    return update_confirm(of(context, image));
}

static int erase(void *context, unsigned image, unsigned number)
{
    struct update *update = of(context, image);
    enum update_slot slot = (enum update_slot)number;
    int error = number == SERVER_SLOT_ANY ? update_target(update, &slot) : OK;

    return error != OK ? error : update_erase(update, slot);
}

const struct server_images update_server_images = {slot, begin, write, finish, request, confirm, erase};
