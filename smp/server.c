#include "smp/server.h"

#include "smp/server_command.h"

void server_init(struct server *server, const struct server_config *config)
{
    *server = (struct server){.config = config};
}

static const struct server_group *find_group(const struct server_config *config, uint16_t id)
{
    size_t i;

    for (i = 0; i < config->group_count; i++) {
        if (config->groups[i]->id == id) {
            return config->groups[i];
        }
    }
    return NULL;
}

static server_run find_command(const struct server *server, const struct message_header *header)
{
    const struct server_group *group = find_group(server->config, header->group);
    size_t i;

    for (i = 0; group != NULL && i < group->command_count; i++) {
        if (group->commands[i].command == header->command) {
            return header->op == MESSAGE_READ ? group->commands[i].read : group->commands[i].write;
        }
    }
    return NULL;
}

static int run(struct server *server, const struct message_header *header, const uint8_t *body,
               struct cbor_writer *response)
{
    server_run command = find_command(server, header);
    struct cbor_value request;
    int rc;

    if (command == NULL) {
        return -MESSAGE_NOT_SUPPORTED;
    }
    if (cbor_parse(body, header->len, &request) != OK || request.type != CBOR_MAP) {
        return -MESSAGE_INVALID;
    }
    cbor_open_map(response);
    rc = command(server, &request, response);
    cbor_close(response);
    return rc == 0 && response->overflow ? -MESSAGE_TOO_LARGE : rc;
}

/* {"rc"}, or {"err": {"group", "rc"}} for an error that a group raised and a peer that speaks version 2. */
static void put_error(struct cbor_writer *response, const struct message_header *header, int rc)
{
    bool nested = rc > 0 && header->version != MESSAGE_V1;

    cbor_open_map(response);
    if (nested) {
        cbor_put_text(response, "err");
        cbor_open_map(response);
        cbor_put_text(response, "group");
        cbor_put_uint(response, header->group);
    }
    cbor_put_text(response, "rc");
    if (rc < 0) {
        cbor_put_uint(response, (unsigned)-rc);
    } else {
        cbor_put_uint(response, nested ? (unsigned)rc : (unsigned)message_rc_v1(header->group, (unsigned)rc));
    }
    if (nested) {
        cbor_close(response);
    }
    cbor_close(response);
}

size_t server_handle(struct server *server, const uint8_t *request, size_t len, uint8_t *response, size_t size)
{
    struct message_header header;
    struct cbor_writer body;
    int rc;

    if (message_parse(request, len, &header) != OK || (header.op != MESSAGE_READ && header.op != MESSAGE_WRITE)) {
        return 0;
    }
    cbor_writer_init(&body, response + MESSAGE_HEADER_SIZE, size - MESSAGE_HEADER_SIZE);
    rc = run(server, &header, request + MESSAGE_HEADER_SIZE, &body);
    if (rc != 0) {
        cbor_writer_init(&body, response + MESSAGE_HEADER_SIZE, size - MESSAGE_HEADER_SIZE);
        put_error(&body, &header, rc);
    }
    /* A peer of a version to come is answered in the latest that this server speaks. */
    header.version = header.version > MESSAGE_V2 ? MESSAGE_V2 : header.version;
    header.op = header.op == MESSAGE_READ ? MESSAGE_READ_RESPONSE : MESSAGE_WRITE_RESPONSE;
    header.len = (uint16_t)body.len;
    message_put_header(&header, response);
    return MESSAGE_HEADER_SIZE + body.len;
}
