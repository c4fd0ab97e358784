#include "update/server_images.h"

static int slot(void *context, unsigned number, struct image_slot *info)
{
    return update_slot_read(context, (enum update_slot)number, info);
}

static int begin(void *context, uint32_t len, const uint8_t *head, size_t head_len, bool upgrade)
{
    return update_begin(context, len, head, head_len, upgrade);
}

static int write(void *context, const uint8_t *data, size_t len)
{
    return update_write(context, data, len);
}

static int finish(void *context, const uint8_t *sha)
{
    return update_finish(context, sha);
}

static int request(void *context, unsigned number, bool permanent)
{
    return update_request(context, (enum update_slot)number, permanent);
}

static int confirm(void *context)
{
    return update_confirm(context);
}

static int erase(void *context, unsigned number)
{
    enum update_slot slot = (enum update_slot)number;
    int error = number == SERVER_SLOT_ANY ? update_target(context, &slot) : OK;

    return error != OK ? error : update_erase(context, slot);
}

const struct server_images update_server_images = {slot, begin, write, finish, request, confirm, erase};
