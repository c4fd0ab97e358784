/* `farboot dts`: a devicetree blob and bindings in; C header, CMake variables and JSON out. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "devicetree/check.h"
#include "devicetree/emit.h"
#include "host/file.h"

static const struct cli_option options[] = {
    {"bindings", 'b', CLI_EACH, "DIR", "directory with <compatible>.yaml files; may be repeated, first wins"},
    {"header", 0, CLI_VALUE, "FILE", "write the C header (devicetree_generated.h)"},
    {"cmake", 0, CLI_VALUE, "FILE", "write CMake variables"},
    {"json", 0, CLI_VALUE, "FILE", "write nodes and chosen as JSON"},
};

static const struct cli_command command = {
    .name = "dts",
    .summary = "Checks a devicetree against its bindings and generates what C, CMake and Kconfig see of it.",
    .positional = "DTB",
    .positional_min = 1,
    .positional_max = 1,
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .example = "  dtc -@ -o board.dtb board.dts\n"
               "  farboot dts board.dtb --bindings dts/bindings --header devicetree_generated.h",
};

static int write_output(const struct cli_args *args, const char *option, const struct dt_tree *tree,
                        void (*emit)(const struct dt_tree *tree, struct buffer *out), struct failure *failure)
{
    struct buffer out = {0};
    int err = OK;

    if (cli_given(args, option)) {
        emit(tree, &out);
        err = file_write(cli_value(args, option, NULL), out.data, out.len, failure);
    }
    buffer_free(&out);
    return err;
}

static int write_outputs(const struct cli_args *args, const struct dt_tree *tree, struct failure *failure)
{
    int err = write_output(args, "header", tree, emit_header, failure);

    err = err != OK ? err : write_output(args, "cmake", tree, emit_cmake, failure);
    return err != OK ? err : write_output(args, "json", tree, emit_json, failure);
}

static int check(const struct dt_tree *tree, const char *name, struct failure *failure)
{
    struct buffer report = {0};
    size_t errors = dt_check(tree, &report);

    (void)fputs(buffer_text(&report), stderr);
    buffer_free(&report);
    return errors == 0 ? OK : failure_set(failure, ERR_HOST_INPUT, "%s does not agree with its bindings", name);
}

static int run(const struct cli_args *args, struct failure *failure)
{
    const char *name = args->positional.words[0];
    const struct cli_words *dirs = cli_words(args, "bindings");
    struct bindings bindings = {.dirs = dirs->words, .dir_count = dirs->count};
    struct dt_tree tree = {0};
    struct buffer blob = {0};
    int err = file_read(name, &blob, failure);

    err = err != OK ? err : dt_tree_parse(&tree, blob, name, failure);
    err = err != OK ? err : bindings_attach(&bindings, &tree, failure);
    err = err != OK ? err : check(&tree, name, failure);
    err = err != OK ? err : write_outputs(args, &tree, failure);
    if (tree.blob.data == NULL) {
        buffer_free(&blob); /* it did not get as far as dt_tree_parse, which takes it */
    }
    dt_tree_free(&tree);
    bindings_free(&bindings);
    return err;
}

int cmd_dts(int argc, char **argv)
{
    struct failure failure;
    struct cli_args args;
    int status;

    if (cli_parse(&command, argc, argv, &args, &status)) {
        status = run(&args, &failure) == OK ? CLI_DONE : cli_failed(&command, &failure);
    }
    cli_args_free(&args);
    return status;
}
