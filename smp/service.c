#include "smp/service.h"

void service_init(struct service *service, const struct server_config *config, uint8_t *request, uint8_t *response,
                  size_t response_size, void (*write)(void *context, const void *data, size_t len), void *context)
{
    *service =
        (struct service){.response = response, .response_size = response_size, .write = write, .context = context};
    frame_decoder_init(&service->decoder, request, config->packet_size);
    server_init(&service->server, config);
}

static void answer(struct service *service)
{
    size_t len = server_handle(&service->server, service->decoder.packet, service->decoder.len, service->response,
                               service->response_size);

    /* A response is bounded by a buffer that is far smaller than a frame can carry; there is nobody to tell. */
    if (len > 0) {
        (void)!frame_encode(service->response, len, service->write, service->context);
    }
}

bool service_receive(struct service *service, const uint8_t *bytes, size_t len)
{
    size_t i;

    for (i = 0; i < len && !service->server.reset_requested; i++) {
        if (frame_decode(&service->decoder, bytes[i]) == FRAME_PACKET) {
            answer(service);
        }
    }
    return service->server.reset_requested;
}
