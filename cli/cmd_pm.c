/*
 * `farboot pm`: options and files of the Partition Manager. Everything is computed before the first file is written,
 * and a file whose contents would not change is left alone, so that a build does not start over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "host/file.h"
#include "partition/pm_config.h"
#include "partition/pm_emit.h"
#include "partition/pm_parse.h"
#include "partition/pm_report.h"
#include "partition/pm_resolve.h"

/* What a run holds; `end_run` frees it. */
struct run {
    const struct cli_command *command;
    struct cli_args args;
    struct pm_pool pool;
    struct buffer notes;
    struct failure failure;
};

static void print_notes(struct run *run)
{
    const char *line = buffer_text(&run->notes);

    while (*line != 0) {
        int len = (int)strcspn(line, "\n");

        (void)fprintf(stderr, "farboot %s: note: %.*s\n", run->command->name, len, line);
        line += len + 1;
    }
    buffer_free(&run->notes);
}

static int end_run(struct run *run, int status)
{
    print_notes(run);
    pm_pool_free(&run->pool);
    cli_args_free(&run->args);
    return status;
}

static int end_run_failed(struct run *run)
{
    print_notes(run);
    return end_run(run, cli_failed(run->command, &run->failure));
}

static bool is_unchanged(const char *path, const struct buffer *text)
{
    struct buffer old = {0};
    struct failure ignored;
    bool same = strcmp(path, "-") != 0 && access(path, R_OK) == 0 && file_read(path, &old, &ignored) == OK &&
                old.len == text->len && (text->len == 0 || memcmp(old.data, text->data, text->len) == 0);

    buffer_free(&old);
    return same;
}

static int write_changed(const char *path, const struct buffer *text, struct failure *failure)
{
    return is_unchanged(path, text) ? OK : file_write(path, buffer_text(text), text->len, failure);
}

static int read_partitions(struct run *run, struct pm_map *map, enum pm_source source, const char *path)
{
    struct buffer text = {0};
    int err = file_read(path, &text, &run->failure);

    if (err == OK) {
        err = pm_parse_partitions(map, source, path, &text, &run->notes, &run->failure);
    }
    buffer_free(&text);
    return err;
}

/* --- farboot pm: resolve --------------------------------------------------------------------------------------- */

static const struct cli_option resolve_options[] = {
    {"input-files", 0, CLI_LIST, "FILE", "pm.yml files, preprocessed; missing ones are skipped"},
    {"static-config", 0, CLI_VALUE, "FILE", "partitions that are placed already (pm_static.yml)"},
    {"output-partitions", 0, CLI_VALUE, "FILE", "where to write the map (partitions.yml)"},
    {"output-regions", 0, CLI_VALUE, "FILE", "where to write the regions (regions.yml)"},
    {"regions", 0, CLI_LIST, "REGION", "names of the regions; each has the options below"},
};

/* These exist once for every region, with its name in front. */
static const struct cli_option region_options[] = {
    {"size", 0, CLI_VALUE, "BYTES", "size of the region"},
    {"base-address", 0, CLI_VALUE, "ADDRESS", "where the region starts (default 0)"},
    {"placement-strategy", 0, CLI_VALUE, "STRATEGY", "start_to_end (default), end_to_start or complex"},
    {"device", 0, CLI_VALUE, "TEXT", "devicetree node of the region's flash device"},
    {"default-driver-kconfig", 0, CLI_VALUE, "OPTION", "Kconfig option that is set when an image has the driver"},
    {"dynamic-partition", 0, CLI_VALUE, "NAME", "what takes the rest of a complex region (default app)"},
};

#define RESOLVE_OPTIONS (sizeof(resolve_options) / sizeof(resolve_options[0]))
#define REGION_OPTIONS  (sizeof(region_options) / sizeof(region_options[0]))

static const char resolve_example[] =
    "  farboot pm --input-files app/pm.yml mcuboot/pm.yml --regions flash_primary external_flash \\\n"
    "    --flash_primary-size 0x100000 --flash_primary-placement-strategy complex \\\n"
    "    --external_flash-size 0x800000 --output-partitions partitions.yml --output-regions regions.yml\n"
    "\n"
    "  farboot pm output --help    macros from a map: pm_config.h, pm.config\n"
    "  farboot pm report --help    a map as text";

/* The regions have to be known before the options can be parsed, since they name some of them. */
static void find_regions(struct pm_pool *pool, int argc, char **argv, struct pm_list *regions)
{
    bool inside = false;
    int i;

    for (i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            inside = strcmp(argv[i], "--regions") == 0;
            if (strncmp(argv[i], "--regions=", 10) == 0) {
                pm_list_add(pool, regions, argv[i] + 10, 0);
            }
        } else if (inside) {
            pm_list_add(pool, regions, argv[i], 0);
        }
    }
}

/* Fills in the table of options; --help without regions shows them for REGION. */
static void make_options(struct pm_pool *pool, const struct pm_list *regions, struct cli_command *command)
{
    size_t region_count = regions->count > 0 ? regions->count : 1;
    struct cli_option *options =
        pm_pool_alloc(pool, (RESOLVE_OPTIONS + region_count * REGION_OPTIONS) * sizeof(*options));
    size_t i;
    size_t k;

    memcpy(options, resolve_options, sizeof(resolve_options));
    command->options = options;
    command->option_count = RESOLVE_OPTIONS;
    for (i = 0; i < region_count; i++) {
        for (k = 0; k < REGION_OPTIONS; k++) {
            struct cli_option *option = &options[command->option_count++];

            *option = region_options[k];
            option->name = pm_pool_print(pool, "%s-%s", regions->count > 0 ? regions->refs[i].name : "REGION",
                                         region_options[k].name);
        }
    }
}

static const char *region_value(struct run *run, const char *region, const char *option, const char *otherwise)
{
    return cli_value(&run->args, pm_pool_print(&run->pool, "%s-%s", region, option), otherwise);
}

static bool region_number(struct run *run, const char *region, const char *option, int64_t *number)
{
    uint64_t value = 0;
    bool good = cli_number(&run->args, pm_pool_print(&run->pool, "%s-%s", region, option), 0, PM_NUMBER_MAX, &value);

    *number = (int64_t)value;
    return good;
}

/* Returns false after a usage error. */
static bool make_region(struct run *run, const char *name, struct pm_region *region)
{
    const char *strategy = region_value(run, name, "placement-strategy", "start_to_end");

    region->name = name;
    region->device = region_value(run, name, "device", "");
    region->default_driver_kconfig = region_value(run, name, "default-driver-kconfig", "");
    region->dynamic_partition = region_value(run, name, "dynamic-partition", NULL);
    if (!pm_strategy_parse(strategy, &region->strategy)) {
        (void)cli_usage(run->command, "--%s-placement-strategy: '%s' is not start_to_end, end_to_start or complex",
                        name, strategy);
        return false;
    }
    if (!pm_is_name(name)) {
        (void)cli_usage(run->command, "--regions: '%s' is no name; use letters, digits and underscores", name);
        return false;
    }
    return region_number(run, name, "base-address", &region->base) && region_number(run, name, "size", &region->size);
}

static bool make_regions(struct run *run, const struct pm_list *names, struct pm_map *map)
{
    size_t i;

    map->regions = pm_pool_alloc(&run->pool, names->count * sizeof(*map->regions));
    for (i = 0; i < names->count; i++) {
        if (!make_region(run, names->refs[i].name, &map->regions[map->region_count++])) {
            return false;
        }
    }
    return true;
}

static int read_inputs(struct run *run, struct pm_map *wanted, struct pm_map *fixed)
{
    const struct cli_words *files = cli_words(&run->args, "input-files");
    const char *fixed_path = cli_value(&run->args, "static-config", NULL);
    size_t i;
    int err = OK;

    for (i = 0; i < files->count && err == OK; i++) {
        if (strcmp(files->words[i], "-") == 0 || access(files->words[i], F_OK) == 0) {
            err = read_partitions(run, wanted, PM_SOURCE_WANTED, files->words[i]);
        }
    }
    if (err == OK && fixed_path != NULL) {
        err = read_partitions(run, fixed, PM_SOURCE_STATIC, fixed_path);
    }
    return err;
}

static int write_map(struct run *run, const struct pm_map *map)
{
    struct buffer partitions = {0};
    struct buffer regions = {0};
    int err;

    pm_emit_partitions(map, &partitions);
    pm_emit_regions(map, &regions);
    err = write_changed(cli_value(&run->args, "output-partitions", ""), &partitions, &run->failure);
    if (err == OK) {
        err = write_changed(cli_value(&run->args, "output-regions", ""), &regions, &run->failure);
    }
    buffer_free(&partitions);
    buffer_free(&regions);
    return err;
}

static int missing_option(const struct run *run)
{
    static const char *const required[] = {"input-files", "output-partitions", "output-regions"};
    size_t i;

    for (i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (!cli_given(&run->args, required[i])) {
            return cli_usage(run->command, "option --%s is required", required[i]);
        }
    }
    return CLI_DONE;
}

static int cmd_resolve(int argc, char **argv)
{
    struct cli_command command = {.name = "pm",
                                  .summary = "Places the partitions of all images, as pm.yml files ask for.",
                                  .positional = "",
                                  .example = resolve_example};
    struct run run = {.command = &command};
    struct pm_list regions = {0};
    struct pm_map map = {.pool = &run.pool, .domain = ""};
    struct pm_map wanted = map;
    struct pm_map fixed = map;
    int status;

    find_regions(&run.pool, argc, argv, &regions);
    make_options(&run.pool, &regions, &command);
    if (!cli_parse(&command, argc, argv, &run.args, &status)) {
        return end_run(&run, status);
    }
    status = missing_option(&run);
    if (status != CLI_DONE || !make_regions(&run, &regions, &map)) {
        return end_run(&run, CLI_USAGE);
    }
    if (read_inputs(&run, &wanted, &fixed) != OK ||
        pm_resolve(&map, &wanted.partitions, &fixed.partitions, &run.notes, &run.failure) != OK ||
        write_map(&run, &map) != OK) {
        return end_run_failed(&run);
    }
    return end_run(&run, CLI_DONE);
}

/* --- farboot pm output ----------------------------------------------------------------------------------------- */

static const struct cli_option output_options[] = {
    {"input-partitions", 0, CLI_LIST, "FILE", "partitions.yml, one per domain (partitions_<DOMAIN>.yml)"},
    {"input-regions", 0, CLI_LIST, "FILE", "regions.yml, one per domain (regions_<DOMAIN>.yml)"},
    {"config-file", 0, CLI_VALUE, "FILE", "where to write all macros as PM_X=VALUE lines (pm.config)"},
    {"images", 0, CLI_LIST, "[DOMAIN:]IMAGE", "images that get a header"},
    {"header-files", 0, CLI_LIST, "FILE", "the header of each image, in the same order"},
};

static const struct cli_command output_command = {
    .name = "pm output",
    .summary = "Writes a map as macros: pm_config.h for each image, pm.config for build scripts.",
    .positional = "",
    .options = output_options,
    .option_count = sizeof(output_options) / sizeof(output_options[0]),
    .example = "  farboot pm output --input-partitions partitions.yml --input-regions regions.yml \\\n"
               "    --config-file pm.config --images app mcuboot \\\n"
               "    --header-files app/pm_config.h mcuboot/pm_config.h",
};

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* "CPUNET" of "build/partitions_CPUNET.yml" when `prefix` is "partitions_"; "" for the root domain. */
static const char *domain_of(struct pm_pool *pool, const char *path, const char *prefix)
{
    const char *at = strstr(file_name(path), prefix);
    const char *end = at != NULL ? strstr(at, ".yml") : NULL;

    at = at != NULL ? at + strlen(prefix) : NULL;
    return end != NULL && end >= at ? pm_pool_text(pool, at, (size_t)(end - at)) : "";
}

/* All domains of an output. */
struct domains {
    struct pm_map *maps;
    const struct pm_map **pointers;
    size_t count;
};

static int read_regions(struct run *run, struct pm_map *map)
{
    const struct cli_words *files = cli_words(&run->args, "input-regions");
    struct buffer text = {0};
    size_t i;
    int err = OK;

    for (i = 0; i < files->count; i++) {
        if (strcmp(domain_of(&run->pool, files->words[i], "regions_"), map->domain) == 0) {
            err = file_read(files->words[i], &text, &run->failure);
            if (err == OK) {
                err = pm_parse_regions(map, files->words[i], &text, &run->failure);
            }
            buffer_free(&text);
            return err;
        }
    }
    return failure_set(&run->failure, ERR_HOST_INPUT,
                       "no file of --input-regions belongs to domain '%s'; give its regions%s%s.yml", map->domain,
                       map->domain[0] != 0 ? "_" : "", map->domain);
}

static int read_domains(struct run *run, struct domains *domains)
{
    const struct cli_words *files = cli_words(&run->args, "input-partitions");
    size_t i;
    int err = OK;

    domains->maps = pm_pool_alloc(&run->pool, files->count * sizeof(*domains->maps));
    domains->pointers = pm_pool_alloc(&run->pool, files->count * sizeof(const struct pm_map *));
    for (i = 0; i < files->count && err == OK; i++) {
        struct pm_map *map = &domains->maps[domains->count];

        map->pool = &run->pool;
        map->domain = domain_of(&run->pool, files->words[i], "partitions_");
        domains->pointers[domains->count++] = map;
        err = read_partitions(run, map, PM_SOURCE_RESULT, files->words[i]);
        if (err == OK) {
            err = read_regions(run, map);
        }
    }
    return err;
}

static int make_header(struct run *run, const struct domains *domains, const char *word, const char *path,
                       struct buffer *text)
{
    const char *colon = strchr(word, ':');
    const char *domain = colon != NULL ? pm_pool_text(&run->pool, word, (size_t)(colon - word)) : "";
    size_t i;

    for (i = 0; i < domains->count; i++) {
        if (strcmp(domains->maps[i].domain, domain) == 0) {
            return pm_config_header(domains->pointers, domains->count, i, colon != NULL ? colon + 1 : word,
                                    file_name(path), text, &run->notes, &run->failure);
        }
    }
    return failure_set(&run->failure, ERR_HOST_INPUT,
                       "--images %s: no file of --input-partitions belongs to domain '%s'; give its partitions_%s.yml",
                       word, domain, domain);
}

static int make_outputs(struct run *run, const struct domains *domains, struct buffer *config, struct buffer *headers)
{
    const struct cli_words *images = cli_words(&run->args, "images");
    const struct cli_words *paths = cli_words(&run->args, "header-files");
    size_t i;
    int err = pm_config_file(domains->pointers, domains->count, config, &run->failure);

    for (i = 0; i < paths->count && err == OK; i++) {
        err = make_header(run, domains, images->words[i], paths->words[i], &headers[i]);
    }
    return err;
}

static int write_outputs(struct run *run, const struct buffer *config, const struct buffer *headers)
{
    const struct cli_words *paths = cli_words(&run->args, "header-files");
    const char *config_path = cli_value(&run->args, "config-file", NULL);
    size_t i;
    int err = config_path != NULL ? write_changed(config_path, config, &run->failure) : OK;

    for (i = 0; i < paths->count && err == OK; i++) {
        err = write_changed(paths->words[i], &headers[i], &run->failure);
    }
    return err;
}

static int check_output_options(const struct run *run)
{
    size_t images = cli_words(&run->args, "images")->count;
    size_t headers = cli_words(&run->args, "header-files")->count;

    if (!cli_given(&run->args, "input-partitions") || !cli_given(&run->args, "input-regions")) {
        return cli_usage(run->command, "options --input-partitions and --input-regions are required");
    }
    if (images != headers) {
        return cli_usage(run->command, "--images names %zu and --header-files %zu; each image needs one header", images,
                         headers);
    }
    return CLI_DONE;
}

static int cmd_output(int argc, char **argv)
{
    struct run run = {.command = &output_command};
    struct domains domains = {0};
    struct buffer config = {0};
    struct buffer *headers;
    size_t count;
    size_t i;
    int status;
    int err;

    if (!cli_parse(&output_command, argc, argv, &run.args, &status)) {
        return end_run(&run, status);
    }
    status = check_output_options(&run);
    if (status != CLI_DONE) {
        return end_run(&run, status);
    }
    count = cli_words(&run.args, "header-files")->count;
    headers = pm_pool_alloc(&run.pool, count * sizeof(*headers));
    err = read_domains(&run, &domains);
    if (err == OK) {
        err = make_outputs(&run, &domains, &config, headers);
    }
    if (err == OK) {
        err = write_outputs(&run, &config, headers);
    }
    buffer_free(&config);
    for (i = 0; i < count; i++) {
        buffer_free(&headers[i]);
    }
    return err == OK ? end_run(&run, CLI_DONE) : end_run_failed(&run);
}

/* --- farboot pm report ----------------------------------------------------------------------------------------- */

static const struct cli_option report_options[] = {
    {"input", 'i', CLI_LIST, "FILE", "partitions.yml, one per domain (partitions_<DOMAIN>.yml)"},
    {"quiet", 'q', CLI_FLAG, NULL, "print nothing"},
};

static const struct cli_command report_command = {
    .name = "pm report",
    .summary = "Prints a map as text, in colours on a terminal.",
    .positional = "",
    .options = report_options,
    .option_count = sizeof(report_options) / sizeof(report_options[0]),
    .example = "  farboot pm report --input build/partitions.yml",
};

static bool wants_colour(void)
{
    const char *terminal = getenv("TERM");
    const char *refused = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) == 1 && (refused == NULL || refused[0] == 0) &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static int cmd_report(int argc, char **argv)
{
    struct run run = {.command = &report_command};
    const struct cli_words *files;
    struct buffer text = {0};
    size_t i;
    int status;
    int err = OK;

    if (!cli_parse(&report_command, argc, argv, &run.args, &status)) {
        return end_run(&run, status);
    }
    files = cli_words(&run.args, "input");
    if (cli_given(&run.args, "quiet")) {
        return end_run(&run, CLI_DONE);
    }
    if (files->count == 0) {
        return end_run(&run, cli_usage(&report_command, "option --input is required"));
    }
    for (i = 0; i < files->count && err == OK; i++) {
        struct pm_map map = {.pool = &run.pool, .domain = domain_of(&run.pool, files->words[i], "partitions_")};

        err = read_partitions(&run, &map, PM_SOURCE_RESULT, files->words[i]);
        if (err == OK) {
            pm_report(&map, wants_colour(), &text);
        }
    }
    if (err == OK) {
        (void)fputs(buffer_text(&text), stdout);
    }
    buffer_free(&text);
    return err == OK ? end_run(&run, CLI_DONE) : end_run_failed(&run);
}

int cmd_pm(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "output") == 0) {
        return cmd_output(argc - 1, argv + 1);
    }
    if (argc > 1 && strcmp(argv[1], "report") == 0) {
        return cmd_report(argc - 1, argv + 1);
    }
    return cmd_resolve(argc, argv);
}
