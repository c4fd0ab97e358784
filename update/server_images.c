#include "update/server_images.h"

static int slot(void *context, unsigned number, struct image_slot *info)
{
    return update_slot_read(context, number == 0 ? UPDATE_PRIMARY : UPDATE_SECONDARY, info);
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

static int request(void *context, bool permanent)
{
    return update_request(context, permanent);
}

static int confirm(void *context)
{
    return update_confirm(context);
}

static int erase(void *context, unsigned number)
{
    return number == 0 ? ERR_UPDATE_STATE : update_erase(context);
}

const struct server_images update_server_images = {slot, begin, write, finish, request, confirm, erase};
