#include "smp/client.h"

#include <string.h>
#include <time.h>

void client_init(struct client *client, struct port *port, int timeout_ms)
{
    *client = (struct client){.port = port, .timeout_ms = timeout_ms};
    frame_decoder_init(&client->decoder, client->response, sizeof(client->response));
}

struct cbor_writer client_request(struct client *client)
{
    struct cbor_writer body;

    cbor_writer_init(&body, client->request + MESSAGE_HEADER_SIZE, sizeof(client->request) - MESSAGE_HEADER_SIZE);
    cbor_open_map(&body);
    return body;
}

struct code_text {
    unsigned code;
    const char *text;
};

#define ROW_3(symbol, value, text)     {value, text},
#define ROW_4(symbol, value, v1, text) {value, text},
static const struct code_text protocol_codes[] = {MESSAGE_RC_LIST(ROW_3)};
static const struct code_text image_codes[] = {MESSAGE_IMAGE_RC_LIST(ROW_4)};
static const struct code_text os_codes[] = {MESSAGE_OS_RC_LIST(ROW_4)};
#undef ROW_3
#undef ROW_4

static const char *find_text(const struct code_text *codes, size_t count, unsigned code)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (codes[i].code == code) {
            return codes[i].text;
        }
    }
    return "a code unknown to this program";
}

#define FIND_TEXT(codes, code) find_text(codes, sizeof(codes) / sizeof((codes)[0]), code)

static int report_group(struct client *client, const struct cbor_value *err, struct failure *failure)
{
    struct cbor_value group;
    struct cbor_value rc;
    const char *text = "a code of a group unknown to this program";

    if (!cbor_get(err, "group", CBOR_UINT, &group) || !cbor_get(err, "rc", CBOR_UINT, &rc)) {
        return failure_set(failure, ERR_SMP_MESSAGE, "the device reported an error without a code");
    }
    if (rc.number == 0) {
        return OK;
    }
    client->rc_group = (unsigned)group.number;
    client->rc = (unsigned)rc.number;
    if (group.number == MESSAGE_GROUP_IMAGE) {
        text = FIND_TEXT(image_codes, client->rc);
    } else if (group.number == MESSAGE_GROUP_OS) {
        text = FIND_TEXT(os_codes, client->rc);
    }
    return failure_set(failure, ERR_SMP_MESSAGE, "the device refused: %s (code %u of group %u)", text, client->rc,
                       client->rc_group);
}

/* An error of the device in its answer, of either version. Returns OK when there is none. */
static int check_error(struct client *client, const struct cbor_value *response, struct failure *failure)
{
    struct cbor_value value;

    client->rc = 0;
    if (cbor_get(response, "err", CBOR_MAP, &value)) {
        return report_group(client, &value, failure);
    }
    if (!cbor_get(response, "rc", CBOR_UINT, &value) || value.number == 0) {
        return OK;
    }
    client->rc_group = MESSAGE_GROUP_OS;
    client->rc = (unsigned)value.number;
    return failure_set(failure, ERR_SMP_MESSAGE, "the device refused: %s (code %u)",
                       FIND_TEXT(protocol_codes, client->rc), client->rc);
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_answer(const struct client *client, const struct message_header *request, struct message_header *answer)
{
    return message_parse(client->response, client->decoder.len, answer) == OK && answer->op == request->op + 1 &&
           answer->group == request->group && answer->command == request->command &&
           answer->sequence == request->sequence;
}

/* Takes bytes one by one; returns true when they complete the answer to `request`. Bytes after it are console text. */
static bool take(struct client *client, const uint8_t *bytes, size_t count, const struct message_header *request,
                 struct message_header *answer)
{
    bool complete = false;
    size_t i;

    for (i = 0; i < count; i++) {
        enum frame_event event = complete ? FRAME_TEXT : frame_decode(&client->decoder, bytes[i]);

        if (event == FRAME_TEXT && client->text != NULL) {
            client->text(client->context, bytes[i]);
        }
        complete = complete || (event == FRAME_PACKET && is_answer(client, request, answer));
    }
    return complete;
}

/* Returns OK with *answered telling whether the answer came in time; ERR_HOST_FILE. */
static int wait_answer(struct client *client, const struct message_header *request, int timeout_ms,
                       struct message_header *answer, bool *answered, struct failure *failure)
{
    int64_t deadline = now_ms() + timeout_ms;
    int64_t left = timeout_ms;

    *answered = false;
    while (left > 0 && !*answered) {
        uint8_t bytes[256];
        size_t count;
        int error = port_read(client->port, bytes, sizeof(bytes), (int)left, &count, failure);

        if (error != OK) {
            return error;
        }
        *answered = take(client, bytes, count, request, answer);
        left = deadline - now_ms();
    }
    return OK;
}

struct sender {
    struct client *client;
    struct failure *failure;
    int error;
};

static void send_line(void *context, const void *data, size_t len)
{
    struct sender *sender = context;

    if (sender->error == OK) {
        sender->error = port_write(sender->client->port, data, len, sender->failure);
    }
}

static int send_request(struct client *client, struct message_header *header, struct failure *failure)
{
    struct sender sender = {client, failure, OK};
    int error;

    header->sequence = ++client->sequence;
    message_put_header(header, client->request);
    error = frame_encode(client->request, MESSAGE_HEADER_SIZE + (size_t)header->len, send_line, &sender);
    return error != OK ? failure_set(failure, error, "the request is too long") : sender.error;
}

int client_ask(struct client *client, const struct client_command *command, struct cbor_writer *body,
               struct cbor_value *response, struct failure *failure)
{
    struct message_header header = {
        .op = command->op, .version = MESSAGE_V2, .command = command->command, .group = command->group};
    struct message_header answer = {.len = 0};
    int timeout_ms = client->timeout_ms * command->patience;
    bool answered = false;
    int tries;

    cbor_close(body);
    if (body->overflow) {
        return failure_set(failure, ERR_HOST_INPUT, "the request is too long");
    }
    header.len = (uint16_t)body->len;
    for (tries = 0; tries < CLIENT_TRIES && !answered; tries++) {
        int error = send_request(client, &header, failure);

        if (error == OK) {
            error = wait_answer(client, &header, timeout_ms, &answer, &answered, failure);
        }
        if (error != OK) {
            return error;
        }
    }
    if (!answered) {
        return failure_set(failure, ERR_SMP_FRAME,
                           "no answer on %s (%d tries of %.1f s): does the board run an application that serves SMP?",
                           client->port->path, CLIENT_TRIES, timeout_ms / 1000.0);
    }
    if (cbor_parse(client->response + MESSAGE_HEADER_SIZE, answer.len, response) != OK || response->type != CBOR_MAP) {
        return failure_set(failure, ERR_SMP_MESSAGE, "the device's answer is malformed");
    }
    return check_error(client, response, failure);
}
