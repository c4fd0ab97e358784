/* `farboot imgtool sign`, also called create: from the command line to the parameters of imagetool/sign_file.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "host/file.h"
#include "imagetool/base64.h"
#include "imagetool/dependency.h"
#include "imagetool/sign_file.h"
#include "imagetool/version.h"

static const struct cli_option options[] = {
    {"key", 'k', CLI_VALUE, "FILE", "private key in PEM form; without it the image has a digest only"},
    {"version", 'v', CLI_VALUE, "VERSION", "major.minor.revision+build (required)"},
    {"header-size", 'H', CLI_VALUE, "BYTES", "from the image's start to the application, at least 32 (required)"},
    {"slot-size", 'S', CLI_VALUE, "BYTES", "size of the slot, 0: do not check (required)"},
    {"pad-header", 0, CLI_FLAG, NULL, "put the header in front; otherwise INFILE begins with room for it"},
    {"align", 0, CLI_VALUE, "N", "write block of the flash: 1, 2, 4, 8, 16 or 32 (default 1)"},
    {"max-align", 0, CLI_VALUE, "N", "largest write block of both slots: 8, 16 or 32"},
    {"max-sectors", 'M', CLI_VALUE, "N", "sectors that the swap status has room for (default 128)"},
    {"max-image-size", 0, CLI_VALUE, "BYTES", "refuse an image that the update mode could not install"},
    {"overwrite-only", 0, CLI_FLAG, NULL, "the update mode overwrites: no swap status in the trailer"},
    {"pad", 0, CLI_FLAG, NULL, "fill the slot, with the trailer's magic"},
    {"test", 0, CLI_FLAG, NULL, "pad, for an update that is tried once"},
    {"confirm", 0, CLI_FLAG, NULL, "pad, and mark the image as confirmed"},
    {"erased-val", 'R', CLI_VALUE, "0|0xff", "what erased flash reads as (default 0xff)"},
    {"security-counter", 's', CLI_VALUE, "N", "for rollback protection; auto: from the version"},
    {"dependencies", 'd', CLI_EACH, "DEPS", "\"(IMAGE, VERSION), ...\": other images that must be there"},
    {"boot-record", 0, CLI_VALUE, "TYPE", "add a boot record for a software component of this type"},
    {"custom-tlv", 0, CLI_PAIR, "TAG VALUE", "protected TLV; VALUE is 0x and hex digits, or text"},
    {"custom-tlv-file", 0, CLI_PAIR, "TAG FILE", "protected TLV with a file's contents"},
    {"load-addr", 'L', CLI_VALUE, "ADDR", "RAM address that the image is copied to and runs from"},
    {"rom-fixed", 'F', CLI_VALUE, "ADDR", "flash address that the image is linked for"},
    {"non-bootable", 0, CLI_FLAG, NULL, "mark the image as data"},
    {"hex-addr", 'x', CLI_VALUE, "ADDR", "address of the image in a HEX output"},
    {"public-key-format", 0, CLI_VALUE, "hash|full", "how the image names its key (default hash)"},
    {"sha", 0, CLI_VALUE, "N", "digest: auto, 256, 384 or 512 (default auto: the key's own)"},
    {"pad-sig", 0, CLI_FLAG, NULL, "pad the signature to its greatest length"},
    {"no-pad-sig", 0, CLI_FLAG, NULL, "do not (default)"},
    {"endian", 'e', CLI_VALUE, "little", "byte order; only little is supported"},
    {"vector-to-sign", 0, CLI_VALUE, "WHAT", "write what is to be signed elsewhere: payload or digest"},
    {"fix-sig", 0, CLI_VALUE, "FILE", "base64 signature made elsewhere; needs --fix-sig-pubkey"},
    {"fix-sig-pubkey", 0, CLI_VALUE, "FILE", "the public key that belongs to --fix-sig"},
    {"sig-out", 0, CLI_VALUE, "FILE", "also write the signature, in base64"},
};

static const struct cli_command command = {
    .name = "imgtool sign",
    .summary = "Makes an image that a bootloader accepts. Files whose names end in .hex are Intel HEX, others raw.",
    .positional = "INFILE OUTFILE",
    .positional_min = 2,
    .positional_max = 2,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .example = "  farboot imgtool sign -k key.pem -v 1.2.3 -H 0x200 --pad-header -S 0x80000 app.bin app_update.bin",
};

/* Everything that the parameters point to. */
struct request {
    struct cli_args args;
    struct sign_params params;
    struct sign_file job;
    struct signing_key *key;
    uint32_t security_counter;
    uint32_t hex_addr;
    struct buffer fixed_signature;
    struct image_dependency *dependencies;
    struct sign_tlv *tlvs;
    struct buffer *tlv_data; /* one for each of tlvs */
};

static void request_free(struct request *request)
{
    size_t i;

    for (i = 0; i < request->params.custom_count; i++) {
        buffer_free(&request->tlv_data[i]);
    }
    free(request->tlvs);
    free(request->tlv_data);
    free(request->dependencies);
    buffer_free(&request->fixed_signature);
    signing_key_free(request->key);
    cli_args_free(&request->args);
}

static bool take_u32(const struct cli_args *args, const char *name, uint32_t *number)
{
    uint64_t value;

    if (!cli_number(args, name, *number, UINT32_MAX, &value)) {
        return false;
    }
    *number = (uint32_t)value;
    return true;
}

/* A value that is one of a few numbers, written in decimal. */
static bool take_power(const struct cli_args *args, const char *name, size_t first, uint32_t *number)
{
    static const char *const powers[] = {"1", "2", "4", "8", "16", "32"};
    const size_t count = sizeof(powers) / sizeof(powers[0]) - first;
    size_t choice;

    if (!cli_choice(args, name, powers + first, count, count, &choice)) {
        return false;
    }
    *number = choice < count ? 1u << (first + choice) : 0; /* 0: the library's default */
    return true;
}

static int require(const struct cli_args *args, const char *name)
{
    return cli_given(args, name) ? CLI_DONE : cli_usage(args->command, "option --%s is required", name);
}

static int take_sizes(struct request *request)
{
    const struct cli_args *args = &request->args;
    struct slot_layout *slot = &request->params.slot;
    uint64_t header_size;
    uint64_t max_image_size;
    static const char *const erased[] = {"0", "0xff"};
    size_t choice;

    if (!cli_number(args, "header-size", 0, UINT16_MAX, &header_size) || !take_u32(args, "slot-size", &slot->size) ||
        !take_u32(args, "max-sectors", &slot->max_sectors) || !take_power(args, "align", 0, &slot->align) ||
        !take_power(args, "max-align", 3, &slot->max_align) || !cli_choice(args, "erased-val", erased, 2, 1, &choice) ||
        !cli_number(args, "max-image-size", 0, UINT32_MAX, &max_image_size)) {
        return CLI_USAGE;
    }
    if (header_size < sizeof(struct image_header)) {
        return cli_usage(args->command, "--header-size must be at least %zu", sizeof(struct image_header));
    }
    request->params.header_size = (uint16_t)header_size;
    request->params.max_image_size = (size_t)max_image_size;
    slot->erased_value = choice == 1 ? 0xff : 0;
    slot->overwrite_only = cli_given(args, "overwrite-only");
    return CLI_DONE;
}

static int take_addresses(struct request *request)
{
    const struct cli_args *args = &request->args;

    if (!take_u32(args, "load-addr", &request->params.load_addr) ||
        !take_u32(args, "rom-fixed", &request->params.rom_fixed) || !take_u32(args, "hex-addr", &request->hex_addr)) {
        return CLI_USAGE;
    }
    request->job.hex_addr = cli_given(args, "hex-addr") ? &request->hex_addr : NULL;
    return CLI_DONE;
}

static int take_output(struct request *request)
{
    static const char *const vectors[] = {"payload", "digest"};
    const struct cli_args *args = &request->args;
    size_t vector;

    if (!cli_choice(args, "vector-to-sign", vectors, 2, 2, &vector)) {
        return CLI_USAGE;
    }
    request->job.output = vector == 0 ? SIGN_VECTOR_PAYLOAD : vector == 1 ? SIGN_VECTOR_DIGEST : SIGN_IMAGE;
    request->job.in = args->positional.words[0];
    request->job.out = args->positional.words[1];
    request->job.signature_out = cli_value(args, "sig-out", NULL);
    request->job.pad_header = cli_given(args, "pad-header");
    request->job.pad = cli_given(args, "pad") || cli_given(args, "test") || cli_given(args, "confirm");
    request->job.mark = cli_given(args, "confirm") ? SLOT_CONFIRMED
                        : cli_given(args, "test")  ? SLOT_TEST
                                                   : SLOT_UNMARKED;
    return CLI_DONE;
}

static int take_signature_options(struct request *request)
{
    static const char *const formats[] = {"hash", "full"};
    static const char *const digests[] = {"auto", "256", "384", "512"};
    static const char *const endians[] = {"little"};
    const struct cli_args *args = &request->args;
    size_t format;
    size_t digest;
    size_t endian;

    if (!cli_choice(args, "public-key-format", formats, 2, 0, &format) ||
        !cli_choice(args, "sha", digests, 4, 0, &digest) || !cli_choice(args, "endian", endians, 1, 0, &endian)) {
        return CLI_USAGE;
    }
    request->params.public_key_full = format == 1;
    request->params.digest = digest == 0 ? NULL : digest_by_name(digests[digest]);
    request->params.pad_signature = cli_given(args, "pad-sig") && !cli_given(args, "no-pad-sig");
    request->params.non_bootable = cli_given(args, "non-bootable");
    request->params.boot_record = cli_value(args, "boot-record", NULL);
    return CLI_DONE;
}

static int take_version(struct request *request)
{
    const struct cli_args *args = &request->args;
    struct image_version *version = &request->params.version;
    const char *counter = cli_value(args, "security-counter", NULL);
    struct failure failure;

    if (version_parse(cli_value(args, "version", ""), version, &failure) != OK) {
        return cli_usage(args->command, "--version: %s", failure.text);
    }
    if (counter == NULL) {
        return CLI_DONE;
    }
    request->params.security_counter = &request->security_counter;
    if (strcasecmp(counter, "auto") == 0) {
        request->security_counter =
            ((uint32_t)version->major << 24) + ((uint32_t)version->minor << 16) + version->revision;
        return CLI_DONE;
    }
    return take_u32(args, "security-counter", &request->security_counter) ? CLI_DONE : CLI_USAGE;
}

static int take_dependencies(struct request *request)
{
    const struct cli_words *words = cli_words(&request->args, "dependencies");
    struct failure failure;
    int err = OK;
    size_t i;

    for (i = 0; i < words->count && err == OK; i++) {
        err = dependency_parse(words->words[i], &request->dependencies, &request->params.dependency_count, &failure);
    }
    request->params.dependencies = request->dependencies;
    return err == OK ? CLI_DONE : cli_usage(request->args.command, "--dependencies: %s", failure.text);
}

/* "0x" and pairs of hex digits, or text that stands for itself. */
static int parse_tlv_value(const char *text, struct buffer *out, struct failure *failure)
{
    size_t i;
    size_t len = strlen(text);

    if (strncmp(text, "0x", 2) != 0) {
        buffer_append(out, text, len);
        return OK;
    }
    if (len % 2 != 0 || strspn(text + 2, "0123456789abcdefABCDEF") != len - 2) {
        return failure_set(failure, ERR_HOST_INPUT, "'%s' is not 0x and pairs of hex digits", text);
    }
    for (i = 2; i < len; i += 2) {
        const char digits[3] = {text[i], text[i + 1], 0};

        buffer_fill(out, (uint8_t)strtoul(digits, NULL, 16), 1);
    }
    return OK;
}

static int take_tlv(struct request *request, const char *tag, const char *value, bool is_file)
{
    size_t index = request->params.custom_count++;
    struct buffer *data = &request->tlv_data[index];
    struct failure failure;
    uint64_t type;
    int err;

    if (!cli_parse_number(tag, UINT16_MAX, &type)) {
        return cli_usage(request->args.command, "'%s' is not a TLV type from 0x%x to 0x%x", tag, IMAGE_TLV_VENDOR_MIN,
                         IMAGE_TLV_VENDOR_MAX);
    }
    err = is_file ? file_read(value, data, &failure) : parse_tlv_value(value, data, &failure);
    request->tlvs[index] = (struct sign_tlv){(uint16_t)type, data->data, data->len};
    return err == OK ? CLI_DONE : cli_failed(request->args.command, &failure);
}

static int take_tlvs(struct request *request)
{
    static const char *const names[] = {"custom-tlv", "custom-tlv-file"};
    size_t count = (cli_words(&request->args, names[0])->count + cli_words(&request->args, names[1])->count) / 2;
    int status = CLI_DONE;
    size_t kind;
    size_t i;

    request->tlvs = host_alloc(count * sizeof(*request->tlvs));
    request->tlv_data = host_alloc(count * sizeof(*request->tlv_data));
    for (kind = 0; kind < 2; kind++) {
        const struct cli_words *words = cli_words(&request->args, names[kind]);

        for (i = 0; i < words->count && status == CLI_DONE; i += 2) {
            status = take_tlv(request, words->words[i], words->words[i + 1], kind == 1);
        }
    }
    request->params.custom = request->tlvs;
    return status;
}

static int load_fixed_signature(struct request *request, const char *path, struct failure *failure)
{
    struct buffer text = {0};
    int err = file_read(path, &text, failure);

    if (err == OK) {
        err = base64_parse(buffer_text(&text), &request->fixed_signature, failure);
        if (err != OK) {
            (void)failure_prefix(failure, err, path);
        }
    }
    request->params.fixed_signature = &request->fixed_signature;
    buffer_free(&text);
    return err;
}

static int take_key(struct request *request)
{
    const struct cli_args *args = &request->args;
    const char *key = cli_value(args, "key", NULL);
    const char *fixed = cli_value(args, "fix-sig", NULL);
    const char *fixed_key = cli_value(args, "fix-sig-pubkey", NULL);
    struct failure failure;
    int err = OK;

    if (fixed != NULL && (fixed_key == NULL || key != NULL)) {
        return cli_usage(args->command, "--fix-sig goes with --fix-sig-pubkey and without --key");
    }
    if (fixed != NULL) {
        err = load_fixed_signature(request, fixed, &failure);
    }
    if (err == OK && (key != NULL || fixed_key != NULL)) {
        err = signing_key_load(key != NULL ? key : fixed_key, key_passphrase_from_terminal, &request->key, &failure);
    }
    return err == OK ? CLI_DONE : cli_failed(args->command, &failure);
}

typedef int (*take_step)(struct request *request);

static int take_all(struct request *request)
{
    static const char *const required[] = {"version", "header-size", "slot-size"};
    static const take_step steps[] = {take_sizes,   take_addresses,    take_output, take_signature_options,
                                      take_version, take_dependencies, take_tlvs,   take_key};
    int status = CLI_DONE;
    size_t i;

    for (i = 0; i < sizeof(required) / sizeof(required[0]) && status == CLI_DONE; i++) {
        status = require(&request->args, required[i]);
    }
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == CLI_DONE; i++) {
        status = steps[i](request);
    }
    return status;
}

int cmd_imgtool_sign(int argc, char **argv)
{
    struct request request = {0};
    struct failure failure;
    int status;

    if (cli_parse(&command, argc, argv, &request.args, &status)) {
        status = take_all(&request);
        if (status == CLI_DONE && sign_file(&request.job, &request.params, request.key, &failure) != OK) {
            status = cli_failed(&command, &failure);
        }
    }
    request_free(&request);
    return status;
}
