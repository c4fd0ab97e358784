/* update/ as what an SMP server's image group acts upon. */
#ifndef UPDATE_SERVER_IMAGES_H
#define UPDATE_SERVER_IMAGES_H

#include "smp/server.h"
#include "update/update.h"

/* For struct server_config; images_context is an array of struct update, as many as image_count. */
extern const struct server_images update_server_images;

#endif
