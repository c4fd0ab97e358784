/*
 * An SMP server on a serial line that it may share with console text: received bytes go in, frames come out through
 * the caller's write function. Console text that arrives is dropped.
 */
#ifndef SMP_SERVICE_H
#define SMP_SERVICE_H

#include "smp/frame.h"
#include "smp/server.h"

struct service {
    struct frame_decoder decoder;
    struct server server;
    uint8_t *response; /* borrowed */
    size_t response_size;
    void (*write)(void *context, const void *data, size_t len);
    void *context;
};

/* `request` (the longest packet that is taken: config->packet_size bytes) and `response` are borrowed for good. */
void service_init(struct service *service, const struct server_config *config, uint8_t *request, uint8_t *response,
                  size_t response_size, void (*write)(void *context, const void *data, size_t len), void *context);

/*
 * Takes received bytes; carries out the requests that they complete and writes the responses. Returns true when a
 * request asked for a reset: the response has then been handed to `write`, and bytes after that request were ignored.
 */
bool service_receive(struct service *service, const uint8_t *bytes, size_t len);

#endif
