/* `farboot imgtool`: keys and images, with the commands and options of imgtool 2.4. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "host/file.h"
#include "imagetool/dump.h"
#include "imagetool/source.h"
#include "imagetool/verify.h"
#include "imagetool/version.h"

/* The version of imgtool whose options and outputs these commands have. */
#define IMGTOOL_VERSION "2.4.0"

/* A command that has parsed its arguments. Returns an exit status; errors go to `failure` as one line. */
typedef int (*run_command)(const struct cli_args *args, struct failure *failure);

static int run(const struct cli_command *command, run_command body, int argc, char **argv)
{
    struct cli_args args;
    struct failure failure = {0};
    int status;

    if (cli_parse(command, argc, argv, &args, &status)) {
        status = body(&args, &failure);
        if (status == CLI_FAILED) {
            (void)cli_failed(command, &failure);
        }
    }
    cli_args_free(&args);
    return status;
}

/* The file named by --key; NULL when the option was not given. Returns an exit status. */
static int load_key(const struct cli_args *args, struct signing_key **key, struct failure *failure)
{
    const char *path = cli_value(args, "key", NULL);

    *key = NULL;
    if (path == NULL) {
        return CLI_DONE;
    }
    return signing_key_load(path, key_passphrase_from_terminal, key, failure) == OK ? CLI_DONE : CLI_FAILED;
}

static const struct cli_option keygen_options[] = {
    {"key", 'k', CLI_VALUE, "FILE", "where to write the private key (required; an old file is replaced)"},
    {"type", 't', CLI_VALUE, "TYPE", "kind of key: ecdsa-p256 (required)"},
    {"password", 'p', CLI_FLAG, NULL, "ask for a passphrase that protects the file"},
};

static const struct cli_command keygen_command = {
    .name = "imgtool keygen",
    .summary = "Makes a key pair. The file holds the private key: keep it where the device's images are signed.",
    .positional = "",
    .options = keygen_options,
    .option_count = sizeof(keygen_options) / sizeof(keygen_options[0]),
    .example = "  farboot imgtool keygen -k key.pem -t ecdsa-p256",
};

static int write_key(const struct key_type *type, const char *path, const char *passphrase, struct failure *failure)
{
    struct signing_key *key = NULL;
    struct buffer pem = {0};
    int err = signing_key_generate(type, &key, failure);

    if (err == OK) {
        err = signing_key_private_pem(key, passphrase, &pem, failure);
    }
    if (err == OK) {
        err = file_write_private(path, pem.data, pem.len, failure);
        OPENSSL_cleanse(pem.data, pem.len);
    }
    buffer_free(&pem);
    signing_key_free(key);
    return err == OK ? CLI_DONE : CLI_FAILED;
}

static int keygen(const struct cli_args *args, struct failure *failure)
{
    const struct key_type *type = key_type_by_name(cli_value(args, "type", ""));
    const char *path = cli_value(args, "key", NULL);
    bool protect = cli_given(args, "password");
    char passphrase[256] = "";
    int status;

    if (path == NULL || !cli_given(args, "type")) {
        return cli_usage(args->command, "options --key and --type are required");
    }
    if (type == NULL) {
        struct buffer names = {0};

        key_type_names(&names);
        status =
            cli_usage(args->command, "--type: '%s' is none of: %s", cli_value(args, "type", ""), buffer_text(&names));
        buffer_free(&names);
        return status;
    }
    if (protect && key_passphrase_from_terminal(passphrase, sizeof(passphrase), true) < 0) {
        (void)failure_set(failure, ERR_HOST_INPUT, "no passphrase (it is asked for on the terminal, twice)");
        return CLI_FAILED;
    }
    status = write_key(type, path, protect ? passphrase : NULL, failure);
    OPENSSL_cleanse(passphrase, sizeof(passphrase));
    return status;
}

static int cmd_keygen(int argc, char **argv)
{
    return run(&keygen_command, keygen, argc, argv);
}

/* How a public key, or its digest, is printed; `name` is that of the C array. */
typedef int (*key_printer)(const struct signing_key *key, const char *name, const struct buffer *bytes,
                           struct buffer *out, struct failure *failure);

static int print_c(const struct signing_key *key, const char *name, const struct buffer *bytes, struct buffer *out,
                   struct failure *failure)
{
    (void)key;
    (void)failure;
    source_print_c(name, bytes->data, bytes->len, out);
    return OK;
}

static int print_rust(const struct signing_key *key, const char *name, const struct buffer *bytes, struct buffer *out,
                      struct failure *failure)
{
    (void)key;
    (void)failure;
    source_print_rust(name, bytes->data, bytes->len, out);
    return OK;
}

static int print_raw(const struct signing_key *key, const char *name, const struct buffer *bytes, struct buffer *out,
                     struct failure *failure)
{
    (void)key;
    (void)name;
    (void)failure;
    buffer_append(out, bytes->data, bytes->len);
    return OK;
}

static int print_pem(const struct signing_key *key, const char *name, const struct buffer *bytes, struct buffer *out,
                     struct failure *failure)
{
    (void)name;
    (void)bytes;
    return signing_key_public_pem(key, out, failure);
}

/* What --encoding names: the first two rows are those that a digest of the key can have. */
static const char *const encodings[] = {"lang-c", "raw", "lang-rust", "pem"};
static const key_printer printers[] = {print_c, print_raw, print_rust, print_pem};

/* Prints to --output or standard output; `suffix` is what the array's name ends in. */
static int print_public(const struct cli_args *args, const struct signing_key *key, size_t encoding, const char *suffix,
                        const struct buffer *bytes, struct failure *failure)
{
    struct buffer name = {0};
    struct buffer out = {0};
    int err;

    buffer_print(&name, "%s%s", signing_key_type(key)->short_name, suffix);
    err = printers[encoding](key, buffer_text(&name), bytes, &out, failure);
    if (err == OK) {
        err = file_write(cli_value(args, "output", "-"), out.data, out.len, failure);
    }
    buffer_free(&name);
    buffer_free(&out);
    return err == OK ? CLI_DONE : CLI_FAILED;
}

static const struct cli_option getpub_options[] = {
    {"key", 'k', CLI_VALUE, "FILE", "private or public key in PEM form (required)"},
    {"encoding", 'e', CLI_VALUE, "HOW", "lang-c (default), lang-rust, pem, or raw (DER)"},
    {"lang", 'l', CLI_VALUE, "LANG", "older form of --encoding: c or rust"},
    {"output", 'o', CLI_VALUE, "FILE", "write here instead of to standard output"},
};

static const struct cli_command getpub_command = {
    .name = "imgtool getpub",
    .summary = "Prints the public half of a key, for example as the C source that a bootloader is built with.",
    .positional = "",
    .options = getpub_options,
    .option_count = sizeof(getpub_options) / sizeof(getpub_options[0]),
    .example = "  farboot imgtool getpub -k key.pem -o root_key.c",
};

static int getpub(const struct cli_args *args, struct failure *failure)
{
    static const char *const langs[] = {"c", "raw", "rust"}; /* in the order of `encodings` */
    struct signing_key *key = NULL;
    struct buffer der = {0};
    size_t encoding;
    size_t lang;
    int status;

    if (!cli_given(args, "key") || (cli_given(args, "encoding") && cli_given(args, "lang"))) {
        return cli_usage(args->command, "pass --key, and at most one of --encoding and --lang");
    }
    if (!cli_choice(args, "encoding", encodings, 4, 0, &encoding) || !cli_choice(args, "lang", langs, 3, 0, &lang)) {
        return CLI_USAGE;
    }
    encoding = cli_given(args, "lang") ? lang : encoding;
    status = load_key(args, &key, failure);
    if (status == CLI_DONE) {
        status = signing_key_public_der(key, &der, failure) == OK
                     ? print_public(args, key, encoding, "_pub_key", &der, failure)
                     : CLI_FAILED;
    }
    buffer_free(&der);
    signing_key_free(key);
    return status;
}

static int cmd_getpub(int argc, char **argv)
{
    return run(&getpub_command, getpub, argc, argv);
}

static const struct cli_option getpubhash_options[] = {
    {"key", 'k', CLI_VALUE, "FILE", "private or public key in PEM form (required)"},
    {"encoding", 'e', CLI_VALUE, "HOW", "lang-c (default) or raw"},
    {"output", 'o', CLI_VALUE, "FILE", "write here instead of to standard output"},
};

static const struct cli_command getpubhash_command = {
    .name = "imgtool getpubhash",
    .summary = "Prints the SHA-256 digest of the public half of a key.",
    .positional = "",
    .options = getpubhash_options,
    .option_count = sizeof(getpubhash_options) / sizeof(getpubhash_options[0]),
    .example = "  farboot imgtool getpubhash -k key.pem -e raw -o key_hash.bin",
};

static int print_public_hash(const struct cli_args *args, const struct signing_key *key, size_t encoding,
                             struct failure *failure)
{
    const struct digest *digest = digest_by_name("256");
    struct buffer der = {0};
    struct buffer hash = {0};
    int err = signing_key_public_der(key, &der, failure);
    int status = CLI_FAILED;

    buffer_fill(&hash, 0, DIGEST_SIZE_MAX);
    if (err == OK && digest_compute(digest, der.data, der.len, hash.data, failure) == OK) {
        hash.len = digest->size;
        status = print_public(args, key, encoding, "_pub_key_hash", &hash, failure);
    }
    buffer_free(&der);
    buffer_free(&hash);
    return status;
}

static int getpubhash(const struct cli_args *args, struct failure *failure)
{
    struct signing_key *key = NULL;
    size_t encoding;
    int status;

    if (!cli_given(args, "key")) {
        return cli_usage(args->command, "option --key is required");
    }
    if (!cli_choice(args, "encoding", encodings, 2, 0, &encoding)) {
        return CLI_USAGE;
    }
    status = load_key(args, &key, failure);
    if (status == CLI_DONE) {
        status = print_public_hash(args, key, encoding, failure);
    }
    signing_key_free(key);
    return status;
}

static int cmd_getpubhash(int argc, char **argv)
{
    return run(&getpubhash_command, getpubhash, argc, argv);
}

static const struct cli_option verify_options[] = {
    {"key", 'k', CLI_VALUE, "FILE", "private or public key in PEM form; without it only the digest is checked"},
};

static const struct cli_command verify_command = {
    .name = "imgtool verify",
    .summary = "Checks an image's sizes, digest and signature.",
    .positional = "IMGFILE",
    .positional_min = 1,
    .positional_max = 1,
    .options = verify_options,
    .option_count = sizeof(verify_options) / sizeof(verify_options[0]),
    .example = "  farboot imgtool verify -k key.pem app_update.bin",
};

static void print_verified(const struct image_view *view, const struct verify_result *result)
{
    char version[VERSION_TEXT_SIZE];
    size_t i;

    (void)printf("Image was correctly validated\nImage version: %s\nImage digest: ",
                 version_print(&view->header.version, version));
    for (i = 0; i < result->digest->size; i++) {
        (void)printf("%02x", result->value[i]);
    }
    (void)printf("\n");
}

static int verify_image(const struct buffer *file, const struct signing_key *key, struct failure *failure)
{
    struct image_view view;
    struct verify_result result;

    if (image_parse(file->data, file->len, &view, failure) != OK) {
        return CLI_FAILED;
    }
    if (image_verify(&view, key, &result, failure) != OK) {
        image_view_free(&view);
        return CLI_FAILED;
    }
    print_verified(&view, &result);
    if (key == NULL && result.is_signed) {
        (void)fputs("farboot imgtool verify: note: the signature was not checked; pass --key\n", stderr);
    }
    image_view_free(&view);
    return CLI_DONE;
}

static int verify(const struct cli_args *args, struct failure *failure)
{
    struct signing_key *key = NULL;
    struct buffer file = {0};
    int status = load_key(args, &key, failure);

    if (status == CLI_DONE) {
        status = image_file_read(args->positional.words[0], &file, failure) == OK ? verify_image(&file, key, failure)
                                                                                  : CLI_FAILED;
    }
    buffer_free(&file);
    signing_key_free(key);
    return status;
}

static int cmd_verify(int argc, char **argv)
{
    return run(&verify_command, verify, argc, argv);
}

static const struct cli_option dumpinfo_options[] = {
    {"format", 'f', CLI_VALUE, "HOW", "human (default) or json"},
    {"json", 0, CLI_FLAG, NULL, "the same as --format json"},
    {"outfile", 'o', CLI_VALUE, "FILE", "write here instead of to standard output"},
    {"silent", 's', CLI_FLAG, NULL, "accepted for compatibility; does nothing"},
};

static const struct cli_command dumpinfo_command = {
    .name = "imgtool dumpinfo",
    .summary = "Prints an image's header, TLVs and trailer. It checks sizes, but neither digest nor signature.",
    .positional = "IMGFILE",
    .positional_min = 1,
    .positional_max = 1,
    .options = dumpinfo_options,
    .option_count = sizeof(dumpinfo_options) / sizeof(dumpinfo_options[0]),
    .example = "  farboot imgtool dumpinfo --json app_update.bin",
};

static int dump_image(const struct cli_args *args, const struct buffer *file, bool json, struct failure *failure)
{
    const char *path = args->positional.words[0];
    const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
    struct image_view view;
    struct buffer out = {0};
    int err = image_parse(file->data, file->len, &view, failure);

    if (err != OK) {
        return CLI_FAILED;
    }
    (json ? dump_print_json : dump_print_text)(name, &view, &out);
    err = file_write(cli_value(args, "outfile", "-"), out.data, out.len, failure);
    buffer_free(&out);
    image_view_free(&view);
    return err == OK ? CLI_DONE : CLI_FAILED;
}

static int dumpinfo(const struct cli_args *args, struct failure *failure)
{
    static const char *const formats[] = {"human", "json"};
    struct buffer file = {0};
    size_t format;
    int status = CLI_FAILED;

    if (!cli_choice(args, "format", formats, 2, 0, &format)) {
        return CLI_USAGE;
    }
    if (image_file_read(args->positional.words[0], &file, failure) == OK) {
        status = dump_image(args, &file, format == 1 || cli_given(args, "json"), failure);
    }
    buffer_free(&file);
    return status;
}

static int cmd_dumpinfo(int argc, char **argv)
{
    return run(&dumpinfo_command, dumpinfo, argc, argv);
}

static int cmd_imgtool_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    (void)printf("%s\n", IMGTOOL_VERSION);
    return CLI_DONE;
}

static const struct cli_entry entries[] = {
    {"create", "make an image (the same as sign)", cmd_imgtool_sign},
    {"dumpinfo", "print header, TLVs and trailer of an image", cmd_dumpinfo},
    {"getpub", "print the public half of a key", cmd_getpub},
    {"getpubhash", "print the digest of the public half of a key", cmd_getpubhash},
    {"keygen", "make a key pair", cmd_keygen},
    {"max-size", "print the size of the largest image that an update mode can install", cmd_imgtool_max_size},
    {"sign", "make an image, signed or with a digest only", cmd_imgtool_sign},
    {"verify", "check an image's digest and signature", cmd_verify},
    {"version", "print the version of imgtool that these commands follow", cmd_imgtool_version},
};

int cmd_imgtool(int argc, char **argv)
{
    return cli_dispatch("imgtool", "Keys and images, with the commands and options of imgtool.", entries,
                        sizeof(entries) / sizeof(entries[0]), argc, argv);
}
