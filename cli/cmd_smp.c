/* `farboot smp`: a device's images and its operating system over a serial port. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "host/file.h"
#include "smp/client.h"

static const struct cli_option options[] = {
    {"port", 'p', CLI_VALUE, "DEV", "serial port or pseudo terminal, for example /dev/ttyACM0"},
    {"baud", 'b', CLI_VALUE, "N", "speed of the port (default 115200)"},
    {"timeout", 't', CLI_VALUE, "S", "seconds to wait for an answer before asking again (default 3)"},
    {"image", 'n', CLI_VALUE, "N", "image upload: the image pair that it is for (default 0)"},
    {"json", 0, CLI_FLAG, NULL, "image list and its kin: print JSON"},
    {"console", 0, CLI_FLAG, NULL, "show console text that arrives meanwhile, on standard error"},
};

static const struct cli_command command = {
    .name = "smp",
    .summary =
        "Talk SMP (mcumgr) to a device: update its image, ask and reset it.\n\n"
        "  image list                what the slots hold\n"
        "  image upload FILE         send a signed image to the slot that does not run; resumes an interrupted upload\n"
        "  image test HASH           try that image at the next reset; back at the reset after it\n"
        "  image confirm [HASH]      keep that image for good; without HASH the running one\n"
        "  image erase               erase the slot that an upload would go to\n"
        "  os echo TEXT | reset | info | params\n\n"
        "HASH: the digest that image list shows, or its first digits.",
    .positional = "image|os COMMAND [ARGUMENT]",
    .positional_min = 2,
    .positional_max = 3,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .example = "  farboot smp --port /dev/ttyACM0 image upload build/app_update.bin",
};

/* One run of the command. */
struct session {
    const struct cli_args *args;
    struct client client;
    const char *argument; /* NULL: none */
    struct failure failure;
};

static void print_hash(FILE *out, const uint8_t *hash, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        (void)fprintf(out, "%02x", hash[i]);
    }
}

static const struct {
    const char *name;
    size_t offset;
} flags[] = {
    {"bootable", offsetof(struct client_image, bootable)},   {"pending", offsetof(struct client_image, pending)},
    {"confirmed", offsetof(struct client_image, confirmed)}, {"active", offsetof(struct client_image, active)},
    {"permanent", offsetof(struct client_image, permanent)},
};

static bool flag_of(const struct client_image *image, size_t i)
{
    return *(const bool *)((const char *)image + flags[i].offset);
}

static void print_json(const struct client_images *images)
{
    size_t i;
    size_t j;

    (void)printf("{\"images\": [");
    for (i = 0; i < images->count; i++) {
        const struct client_image *image = &images->images[i];

        (void)printf("%s{\"image\": %u, \"slot\": %u, \"version\": \"", i > 0 ? ", " : "", (unsigned)image->image,
                     (unsigned)image->slot);
        for (j = 0; image->version[j] != 0; j++) {
            (void)printf(image->version[j] == '"' || image->version[j] == '\\' ? "\\%c" : "%c", image->version[j]);
        }
        (void)printf("\", \"hash\": \"");
        print_hash(stdout, image->hash, image->hash_len);
        (void)printf("\"");
        for (j = 0; j < sizeof(flags) / sizeof(flags[0]); j++) {
            (void)printf(", \"%s\": %s", flags[j].name, flag_of(image, j) ? "true" : "false");
        }
        (void)printf("}");
    }
    (void)printf("]}\n");
}

/* What is usual goes without saying. */
static void append_state(const struct client_image *image, struct buffer *state)
{
    size_t i;

    if (!image->bootable) {
        buffer_print(state, "not bootable ");
    }
    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(flags[i].name, "bootable") != 0 && flag_of(image, i)) {
            buffer_print(state, "%s ", flags[i].name);
        }
    }
}

static void print_table(const struct client_images *images)
{
    bool several = images->count > 0 && images->images[images->count - 1].image > 0;
    size_t i;

    (void)printf("%sslot  version       state                          digest\n", several ? "image  " : "");
    for (i = 0; i < images->count; i++) {
        const struct client_image *image = &images->images[i];
        struct buffer state = {0};

        append_state(image, &state);
        if (several) {
            (void)printf("%-5u  ", (unsigned)image->image);
        }
        (void)printf("%-4u  %-12s  %-29s  ", (unsigned)image->slot, image->version, buffer_text(&state));
        print_hash(stdout, image->hash, image->hash_len);
        (void)printf("\n");
        buffer_free(&state);
    }
}

static void print_images(const struct session *session, const struct client_images *images)
{
    if (cli_given(session->args, "json")) {
        print_json(images);
    } else {
        print_table(images);
    }
}

static int run_list(struct session *session)
{
    struct client_images images;
    int error = client_image_list(&session->client, &images, &session->failure);

    if (error == OK) {
        print_images(session, &images);
    }
    return error;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

    return c != 0 && at != NULL ? (int)(at - digits) : -1;
}

static bool starts_with(const struct client_image *image, const char *hex)
{
    size_t i;

    for (i = 0; hex[i] != 0; i++) {
        int digit = i / 2 < image->hash_len ? image->hash[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xf : -1;

        if (digit != hex_digit(hex[i])) {
            return false;
        }
    }
    return i > 0;
}

/* The image whose digest begins with the session's argument, if there is exactly one such digest. */
static int find_image(struct session *session, struct client_image *found)
{
    struct client_images images;
    size_t matches = 0;
    size_t i;
    int error = client_image_list(&session->client, &images, &session->failure);

    if (error != OK) {
        return error;
    }
    for (i = 0; i < images.count; i++) {
        const struct client_image *image = &images.images[i];
        bool again =
            matches > 0 && image->hash_len == found->hash_len && memcmp(image->hash, found->hash, image->hash_len) == 0;

        if (starts_with(image, session->argument) && !again) {
            *found = *image;
            matches++;
        }
    }
    if (matches == 1) {
        return OK;
    }
    return failure_set(&session->failure, ERR_HOST_INPUT,
                       matches == 0 ? "no image on the device has a digest that begins with %s (see image list)"
                                    : "several images have a digest that begins with %s: give more digits",
                       session->argument);
}

static int set_state(struct session *session, bool confirm)
{
    struct client_images images;
    struct client_image image = {.hash_len = 0};
    int error = session->argument != NULL ? find_image(session, &image) : OK;

    if (error == OK) {
        error = client_image_set(&session->client, image.hash, image.hash_len, confirm, &images, &session->failure);
    }
    if (error == OK) {
        print_images(session, &images);
    }
    return error;
}

static int run_test(struct session *session)
{
    return set_state(session, false);
}

static int run_confirm(struct session *session)
{
    return set_state(session, true);
}

static int run_erase(struct session *session)
{
    return client_image_erase(&session->client, &session->failure);
}

static void report_upload(void *context, uint32_t off, uint32_t len)
{
    progress_report(context, off, len);
}

static int run_upload(struct session *session)
{
    struct buffer file = {0};
    struct progress progress;
    int error = file_read(session->argument, &file, &session->failure);

    progress_start(&progress, "uploading");
    if (error == OK) {
        error = client_upload(&session->client, file.data, file.len, report_upload, &progress, &session->failure);
        progress_end(&progress);
    }
    if (error == OK) {
        (void)printf("uploaded %s, %zu bytes", session->argument, file.len);
        (void)printf(session->client.resumed_at > 0 ? ", resumed at byte %u\n" : "\n",
                     (unsigned)session->client.resumed_at);
    }
    buffer_free(&file);
    return error;
}

static int run_echo(struct session *session)
{
    struct buffer reply = {0};
    int error = client_echo(&session->client, session->argument, &reply, &session->failure);

    if (error == OK) {
        (void)printf("%s\n", buffer_text(&reply));
    }
    buffer_free(&reply);
    return error;
}

static int run_reset(struct session *session)
{
    return client_reset(&session->client, &session->failure);
}

static int run_info(struct session *session)
{
    struct buffer text = {0};
    int error;

    buffer_print(&text, "application: ");
    error = client_info(&session->client, "a", &text, &session->failure);
    buffer_print(&text, "\nbootloader: ");
    if (error == OK) {
        error = client_bootloader(&session->client, &text, &session->failure);
    }
    if (error == OK) {
        (void)printf("%s\n", buffer_text(&text));
    }
    buffer_free(&text);
    return error;
}

static int run_params(struct session *session)
{
    struct client_params params;
    int error = client_params(&session->client, &params, &session->failure);

    if (error == OK) {
        (void)printf("buffer size %u bytes, %u buffer%s\n", (unsigned)params.buf_size, (unsigned)params.buf_count,
                     params.buf_count == 1 ? "" : "s");
    }
    return error;
}

enum argument { NONE, OPTIONAL, NEEDED };

static const struct action {
    const char *group;
    const char *name;
    enum argument argument;
    int (*run)(struct session *session);
} actions[] = {
    {"image", "list", NONE, run_list},   {"image", "upload", NEEDED, run_upload},
    {"image", "test", NEEDED, run_test}, {"image", "confirm", OPTIONAL, run_confirm},
    {"image", "erase", NONE, run_erase}, {"os", "echo", NEEDED, run_echo},
    {"os", "reset", NONE, run_reset},    {"os", "info", NONE, run_info},
    {"os", "params", NONE, run_params},
};

static const struct action *find_action(const struct cli_args *args)
{
    const char **words = args->positional.words;
    size_t i;

    for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        const struct action *action = &actions[i];

        if (strcmp(action->group, words[0]) != 0 || strcmp(action->name, words[1]) != 0) {
            continue;
        }
        if (action->argument == NEEDED && args->positional.count < 3) {
            (void)cli_usage(&command, "%s %s needs an argument", words[0], words[1]);
            return NULL;
        }
        if (action->argument == NONE && args->positional.count > 2) {
            (void)cli_usage(&command, "%s %s takes no argument", words[0], words[1]);
            return NULL;
        }
        return action;
    }
    (void)cli_usage(&command, "unknown command '%s %s'", words[0], words[1]);
    return NULL;
}

static void show_console(void *context, uint8_t byte)
{
    (void)context;
    (void)fputc(byte, stderr);
}

static int talk(const struct cli_args *args, const struct action *action, uint32_t baud, int timeout_ms, uint32_t image)
{
    struct session *session = host_alloc(sizeof(*session));
    struct port port;
    int status = CLI_DONE;
    int error;

    *session =
        (struct session){.args = args, .argument = args->positional.count > 2 ? args->positional.words[2] : NULL};
    error = port_open(&port, cli_value(args, "port", ""), baud, &session->failure);
    if (error == OK) {
        client_init(&session->client, &port, timeout_ms);
        session->client.image = image;
        session->client.text = cli_given(args, "console") ? show_console : NULL;
        error = action->run(session);
        port_close(&port);
    }
    if (error != OK) {
        status = cli_failed(&command, &session->failure);
    }
    free(session);
    return status;
}

/* Seconds, with decimals. */
static bool parse_timeout(const struct cli_args *args, int *timeout_ms)
{
    const char *text = cli_value(args, "timeout", "3");
    char *end = NULL;
    double seconds = strtod(text, &end);

    if (end == text || *end != 0 || !(seconds >= 0.05 && seconds <= 3600)) {
        (void)cli_usage(&command, "--timeout: '%s' is not a number of seconds from 0.05 to 3600", text);
        return false;
    }
    *timeout_ms = (int)(seconds * 1000);
    return true;
}

static int run(const struct cli_args *args)
{
    const struct action *action = find_action(args);
    uint64_t baud;
    uint64_t image;
    int timeout_ms;

    if (action == NULL || !cli_number(args, "image", 0, UINT32_MAX, &image) ||
        !cli_number(args, "baud", 115200, UINT32_MAX, &baud) || !parse_timeout(args, &timeout_ms)) {
        return CLI_USAGE;
    }
    if (!cli_given(args, "port")) {
        return cli_usage(&command, "which port? give --port DEV");
    }
    return talk(args, action, (uint32_t)baud, timeout_ms, (uint32_t)image);
}

int cmd_smp(int argc, char **argv)
{
    struct cli_args args;
    int status;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = run(&args);
    }
    cli_args_free(&args);
    return status;
}
