/* `farboot hex`: what a flasher programs, put together from several files. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "host/file.h"
#include "host/ihex.h"

/* Larger than any flash; a file with an address out of line would otherwise make a raw output of gigabytes. */
#define BINARY_SPAN_MAX (UINT64_C(256) * 1024 * 1024)

static const struct cli_option options[] = {
    {"output", 'o', CLI_VALUE, "FILE", "Intel HEX when its name ends in .hex, otherwise raw bytes (required)"},
    {"overlap", 0, CLI_VALUE, "HOW", "bytes that two files give: error (default), or replace by the later file's"},
    {"fill", 0, CLI_VALUE, "BYTE", "what is between the parts of a raw output (default 0xff)"},
};

static const struct cli_command command = {
    .name = "hex merge",
    .summary = "Merges Intel HEX, ELF and raw files into one. A raw file needs its address.",
    .positional = "FILE[:ADDR]...",
    .positional_min = 1,
    .positional_max = SIZE_MAX,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .example = "  farboot hex merge -o merged.hex mcuboot.hex app_signed.bin:0xc000",
};

/* Adds "FILE" or "FILE:ADDR". */
static int add_file(struct memory_image *image, const char *word, enum memory_overlap overlap, struct failure *failure)
{
    const char *colon = strrchr(word, ':');
    struct buffer path = {0};
    uint64_t number = 0;
    bool has_addr = colon != NULL && cli_parse_number(colon + 1, UINT32_MAX, &number);
    uint32_t addr = (uint32_t)number;
    int err;

    buffer_append(&path, word, has_addr ? (size_t)(colon - word) : strlen(word));
    err = memory_image_load(image, buffer_text(&path), has_addr ? &addr : NULL, overlap, failure);
    buffer_free(&path);
    return err;
}

static int write_binary(const char *path, const struct memory_image *image, uint8_t fill, struct failure *failure)
{
    struct buffer out = {0};
    uint32_t first = 0;
    uint64_t end = 0;
    int err;

    if (memory_image_range(image, &first, &end) && end - first > BINARY_SPAN_MAX) {
        return failure_set(failure, ERR_HOST_INPUT, "from 0x%08x to 0x%08llx is too far for a raw file: write HEX",
                           first, (unsigned long long)end - 1);
    }
    buffer_fill(&out, fill, (size_t)(end - first));
    memory_image_flatten(image, first, out.len, fill, out.data);
    err = file_write(path, out.data, out.len, failure);
    buffer_free(&out);
    return err;
}

static int write_output(const char *path, const struct memory_image *image, uint8_t fill, struct failure *failure)
{
    struct buffer out = {0};
    int err;

    if (!memory_path_is_hex(path)) {
        return write_binary(path, image, fill, failure);
    }
    ihex_print(image, &out);
    err = file_write(path, out.data, out.len, failure);
    buffer_free(&out);
    return err;
}

static int merge(const struct cli_args *args)
{
    static const char *const overlaps[] = {"error", "replace"};
    const char *output = cli_value(args, "output", NULL);
    struct memory_image image = {0};
    struct failure failure;
    uint64_t fill;
    size_t overlap;
    size_t i;
    int err = OK;

    if (!cli_choice(args, "overlap", overlaps, 2, 0, &overlap) || !cli_number(args, "fill", 0xff, 0xff, &fill)) {
        return CLI_USAGE;
    }
    if (output == NULL) {
        return cli_usage(args->command, "option --output is required");
    }
    for (i = 0; i < args->positional.count && err == OK; i++) {
        err = add_file(&image, args->positional.words[i], overlap == 1 ? MEMORY_OVERLAP_REPLACE : MEMORY_OVERLAP_ERROR,
                       &failure);
    }
    if (err == OK) {
        err = write_output(output, &image, (uint8_t)fill, &failure);
    }
    memory_image_free(&image);
    return err == OK ? CLI_DONE : cli_failed(args->command, &failure);
}

static int cmd_merge(int argc, char **argv)
{
    struct cli_args args;
    int status;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = merge(&args);
    }
    cli_args_free(&args);
    return status;
}

static const struct cli_entry entries[] = {
    {"merge", "merge Intel HEX, ELF and raw files", cmd_merge},
};

int cmd_hex(int argc, char **argv)
{
    return cli_dispatch("hex", "Files for flashers.", entries, sizeof(entries) / sizeof(entries[0]), argc, argv);
}
