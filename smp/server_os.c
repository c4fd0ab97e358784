/* The os group of the server. */
#include "smp/server_command.h"

#include <string.h>

static int echo(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    struct cbor_value text;

    (void)server;
    if (!cbor_get(request, "d", CBOR_TEXT, &text)) {
        return -MESSAGE_INVALID;
    }
    cbor_put_text(response, "r");
    cbor_put_text_len(response, text.data, text.len);
    return 0;
}

static int reset(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    (void)request;
    (void)response;
    server->reset_requested = true;
    return 0;
}

static int params(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    (void)request;
    cbor_put_text(response, "buf_size");
    cbor_put_uint(response, server->config->packet_size);
    cbor_put_text(response, "buf_count");
    cbor_put_uint(response, 1);
    return 0;
}

static const char *info_text(const struct server_config *config, char letter)
{
    size_t i;

    for (i = 0; i < config->info_count; i++) {
        if (config->info[i].letter == letter) {
            return config->info[i].text;
        }
    }
    return NULL;
}

/* A line of words that is being put together. */
struct line {
    char text[192];
    size_t len;
};

/* Returns false when the word does not fit. */
static bool add_word(struct line *line, const char *word)
{
    if (line->len > 0 && line->len < sizeof(line->text) - 1) {
        line->text[line->len++] = ' ';
    }
    for (; *word != 0 && line->len < sizeof(line->text) - 1; word++) {
        line->text[line->len++] = *word;
    }
    return *word == 0;
}

static int info_add(const struct server_config *config, char letter, struct line *line)
{
    const char *text = info_text(config, letter);
    size_t i;

    if (letter == 'a') {
        for (i = 0; i < config->info_count; i++) {
            if (!add_word(line, config->info[i].text)) {
                return -MESSAGE_TOO_LARGE;
            }
        }
        return 0;
    }
    if (text == NULL) {
        return OS_RC_FORMAT;
    }
    return add_word(line, text) ? 0 : -MESSAGE_TOO_LARGE;
}

static int info(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    struct cbor_value format = {.type = CBOR_TEXT, .data = (const uint8_t *)"s", .len = 1};
    struct line line = {.len = 0};
    size_t i;

    if (cbor_has(request, "format") && !cbor_get(request, "format", CBOR_TEXT, &format)) {
        return -MESSAGE_INVALID;
    }
    for (i = 0; i < format.len; i++) {
        int rc = info_add(server->config, (char)format.data[i], &line);

        if (rc != 0) {
            return rc;
        }
    }
    cbor_put_text(response, "output");
    cbor_put_text_len(response, line.text, line.len);
    return 0;
}

/* The name is the one clients look for before they ask for the mode: what is told here is MCUboot's protocol. */
static int bootloader(struct server *server, const struct cbor_value *request, struct cbor_writer *response)
{
    struct cbor_value query;

    if (!cbor_has(request, "query")) {
        cbor_put_text(response, "bootloader");
        cbor_put_text(response, "MCUboot");
        return 0;
    }
    if (!cbor_get(request, "query", CBOR_TEXT, &query)) {
        return -MESSAGE_INVALID;
    }
    if (query.len != 4 || memcmp(query.data, "mode", 4) != 0) {
        return OS_RC_NO_ANSWER;
    }
    cbor_put_text(response, "mode");
    cbor_put_int(response, server->config->boot_mode);
    return 0;
}

static const struct server_command commands[] = {
    {MESSAGE_OS_ECHO, echo, echo}, {MESSAGE_OS_RESET, NULL, reset},           {MESSAGE_OS_PARAMS, params, NULL},
    {MESSAGE_OS_INFO, info, NULL}, {MESSAGE_OS_BOOTLOADER, bootloader, NULL},
};
const struct server_group server_group_os = {MESSAGE_GROUP_OS, sizeof(commands) / sizeof(commands[0]), commands};
