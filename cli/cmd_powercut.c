/* `farboot powercut`: the user's own build, its update, and power that fails at every flash operation of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/powercut_setup.h"
#include "imagetool/image.h"
#include "vboard/campaign.h"
#include "vboard/cut.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define SECONDS       60U /* that a run without --every aims at */
#define SECOND_CUTS   3U
#define BOARD_TIMEOUT 600U
#define SECTOR        0x1000U

static const struct cli_option options[] = {
    {"load", 'l', CLI_EACH, "FILE[@ADDR]", "what the device holds: merged.hex, or bootloader and signed application"},
    {"update", 'u', CLI_VALUE, "FILE", "the signed image that is sent to the device"},
    {"map", 0, CLI_VALUE, "FILE", "the build's partitions.yml (default: found beside --load, or above it)"},
    {"pair", 0, CLI_VALUE, "N", "image pair that is updated (default 0, the one that is started)"},
    {"slot", 0, CLI_VALUE, "NAME", "partition that receives the update (default mcuboot_secondary, of pair N _N)"},
    {"offset", 0, CLI_VALUE, "N", "where in it (default: 0 or one sector, whichever the bootloader takes)"},
    {"permanent", 0, CLI_FLAG, NULL, "ask for a permanent update, not for one that is tried"},
    {"flash-dir", 'd', CLI_VALUE, "DIR",
     "begin with these flash contents (int.bin, ext.bin, uicr.bin), kept as they are"},
    {"every", 'k', CLI_VALUE, "K",
     "one cut in each K flash operations, 1: at each (default: as many as a minute allows)"},
    {"torn", 't', CLI_FLAG, NULL, "cut also inside the operations"},
    {"double", '2', CLI_FLAG, NULL, "cut the recovery from each cut, too"},
    {"pairs", 0, CLI_VALUE, "N", "second cuts in each recovery (default 3)"},
    {"seed", 0, CLI_VALUE, "N", "which operations, what damage, what RAM at power-on (default 1)"},
    {"jobs", 'j', CLI_VALUE, "N", "processes at the same time (default: one per processor)"},
    {"until", 0, CLI_EACH, "TEXT", "an application has started when the console prints TEXT, not when it is jumped to"},
    {"timeout", 0, CLI_VALUE, "S", "the update may take S seconds of the board's time (default 600)"},
    {"replay", 'r', CLI_VALUE, "ID", "play one case with its console"},
    {"json", 0, CLI_FLAG, NULL, "print the result as JSON"},
};

static const struct cli_command command = {
    "powercut",
    "Runs an update of your own build on a virtual board and cuts the power at its flash operations, one case after "
    "the\n"
    "other: a valid image has to start every time, in the end the new one, or the old one again when the update is "
    "not\n"
    "confirmed.",
    "BOARD",
    1,
    1,
    options,
    COUNT(options),
    "  farboot powercut nrf52840dk --load build/merged.hex --update app_v2/app_update.bin --torn --double\n"
    "  farboot powercut nrf52840dk --load build/merged.hex --update app_v2/app_update.bin --replay 1:17T/3C",
};

struct run {
    struct cli_args args;
    struct setup_map map;
    struct buffer update;
    struct campaign *campaign;
    struct campaign_baseline baseline;
    struct campaign_plan plan;
    struct campaign_case replayed;
    bool is_terminal;
    uint32_t off;  /* where in its slot the update is */
    unsigned pair; /* of images, that is updated */
};

/* ---- getting to the start ---- */

/* The last line of the console that complains ("E: ...", "W: ..."), otherwise its last line. */
static void last_words(const char *console, char *out, size_t size)
{
    const char *last = "";
    const char *complaint = NULL;

    while (*console != 0) {
        size_t len = strcspn(console, "\r\n");

        last = len > 0 ? console : last;
        complaint = len > 2 && (console[0] == 'E' || console[0] == 'W') && console[1] == ':' ? console : complaint;
        console += len + strspn(console + len, "\r\n");
    }
    last = complaint != NULL ? complaint : last;
    (void)snprintf(out, size, "%.*s", (int)strcspn(last, "\r\n"), last);
}

static int not_installed(const struct run *run, struct failure *failure)
{
    const struct campaign_boot *first = &run->baseline.first;
    char words[160];

    last_words(run->baseline.console, words, sizeof(words));
    return failure_set(failure, ERR_HOST_INPUT, "even without a cut the update is not installed: %s; console: \"%s\"",
                       first->trouble[0] != 0         ? first->trouble
                       : first->image == CAMPAIGN_OLD ? "the old image runs"
                                                      : "another image runs",
                       words);
}

/* What runs after the first boot is the new image where nobody could know it beforehand. */
static int learn_new(struct run *run, struct failure *failure)
{
    const struct campaign_area *slot = &run->map.areas[run->baseline.first.slot];
    const struct nor_model *model = &campaign_result(run->campaign)->models[slot->device];
    int err = setup_tell_image(run->campaign, CAMPAIGN_NEW, model->data + slot->off, slot->size, failure);

    if (err == OK) {
        campaign_baseline(run->campaign, &run->baseline);
    }
    return err;
}

static int try_update(struct run *run, const struct flash_state *initial, uint32_t off, bool learn,
                      struct failure *failure)
{
    int err = OK;

    flash_state_copy(campaign_start(run->campaign), initial);
    if (run->update.len != 0) {
        err = setup_place(campaign_start(run->campaign), &run->map, &run->update, off,
                          cli_given(&run->args, "permanent"), failure);
    }
    if (err != OK) {
        return err;
    }
    run->off = off;
    campaign_baseline(run->campaign, &run->baseline);
    if (learn && run->baseline.first.image == CAMPAIGN_OTHER) {
        err = learn_new(run, failure);
    }
    if (err == OK && (run->baseline.first.image != CAMPAIGN_NEW || run->baseline.first.trouble[0] != 0)) {
        err = not_installed(run, failure);
    }
    return err;
}

/* At the start of its slot, or a sector further for swap using offset: the bootloader knows. */
static int start_update(struct run *run, bool learn, struct failure *failure)
{
    const struct flash_state *given = campaign_start(run->campaign);
    uint32_t places[] = {0, SECTOR};
    size_t count = run->update.len == 0 ? 1 : 2;
    struct flash_state initial;
    uint64_t off;
    int err = ERR_HOST_INPUT;

    if (cli_given(&run->args, "offset") && cli_number(&run->args, "offset", 0, UINT32_MAX, &off)) {
        places[0] = (uint32_t)off;
        count = 1;
    }
    flash_state_init(&initial);
    flash_state_copy(&initial, given);
    for (size_t i = 0; i < count && err != OK; i++) {
        err = try_update(run, &initial, places[i], learn, failure);
    }
    flash_state_free(&initial);
    return err;
}

static int prepare(struct run *run, struct failure *failure)
{
    const char *update = cli_value(&run->args, "update", NULL);
    struct flash_state *start = campaign_start(run->campaign);
    const struct campaign_area *primary = &run->map.areas[0];
    const struct nor_model *internal = &start->models[FLASH_INTERNAL];
    bool learn = update == NULL;
    int err = setup_read_flash(start, run->args.positional.words[0], cli_value(&run->args, "flash-dir", NULL),
                               cli_words(&run->args, "load"), failure);

    if (err == OK) {
        err = setup_tell_image(run->campaign, CAMPAIGN_OLD, internal->data + primary->off, primary->size, failure);
        if (err != OK) {
            return failure_prefix(failure, err, "the primary slot");
        }
    }
    if (err == OK && update != NULL) {
        err = image_file_read(update, &run->update, failure);
    }
    if (err == OK && update != NULL) {
        err = setup_check_update(&run->update, internal, primary, &learn, failure);
        if (err != OK) {
            return failure_prefix(failure, err, update);
        }
        if (!learn) {
            err = setup_tell_image(run->campaign, CAMPAIGN_NEW, run->update.data, run->update.len, failure);
        }
    }
    return err == OK ? start_update(run, learn, failure) : err;
}

/* ---- options ---- */

static bool parse_plan(struct run *run, struct campaign_config *config)
{
    const struct cli_args *args = &run->args;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t jobs;
    uint64_t pairs;
    uint64_t seed;
    uint64_t seconds;
    uint64_t pair;
    uint64_t off;

    if (!cli_number(args, "every", 0, UINT32_MAX, &run->plan.every) ||
        !cli_number(args, "pairs", SECOND_CUTS, 1U << 20, &pairs) || !cli_number(args, "seed", 1, UINT32_MAX, &seed) ||
        !cli_number(args, "jobs", processors > 0 ? (uint64_t)processors : 1, 64, &jobs) ||
        !cli_number(args, "timeout", BOARD_TIMEOUT, 1000000, &seconds) || !cli_number(args, "pair", 0, 3, &pair) ||
        !cli_number(args, "offset", 0, UINT32_MAX, &off)) {
        return false;
    }
    run->plan.torn = cli_given(args, "torn");
    run->plan.second = cli_given(args, "double") ? (uint32_t)pairs : 0;
    run->plan.processes = jobs > 0 ? (unsigned)jobs : 1;
    run->pair = (unsigned)pair;
    config->seed = (uint32_t)seed;
    config->timeout_ns = seconds * 1000000000U;
    return true;
}

static bool parse_options(struct run *run, struct campaign_config *config)
{
    const struct cli_args *args = &run->args;
    const char *replay = cli_value(args, "replay", NULL);

    if (!parse_plan(run, config)) {
        return false;
    }
    config->board = args->positional.words[0];
    config->untils = cli_words(args, "until")->words;
    config->until_count = cli_words(args, "until")->count;
    if (replay != NULL && !campaign_parse_id(replay, &run->replayed)) {
        (void)cli_usage(&command, "--replay: '%s' is no id such as 1:17T/3C (seed, operation, C before or T inside)",
                        replay);
        return false;
    }
    if (replay != NULL) {
        config->seed = run->replayed.seed;
    }
    if (!cli_given(args, "load") && !cli_given(args, "flash-dir")) {
        (void)cli_usage(&command, "nothing to run: give --load FILE, or --flash-dir of an earlier run");
        return false;
    }
    if (!cli_given(args, "update") && !cli_given(args, "flash-dir")) {
        (void)cli_usage(&command, "no update: give --update FILE, or --flash-dir with one that was requested");
        return false;
    }
    return true;
}

/* ---- the result ---- */

static void print_row(const char *name, uint64_t operations, const struct campaign_tally *tally)
{
    (void)printf("%-12s %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64 " %8" PRIu64
                 "\n",
                 name, operations, tally->tried[CAMPAIGN_CLEAN], tally->tried[CAMPAIGN_TORN],
                 tally->tried[CAMPAIGN_SECOND], tally->new_runs, tally->old_runs, tally->failed);
}

static uint64_t operations(const struct campaign_baseline *baseline)
{
    uint64_t sum = 0;

    for (size_t kind = 0; kind < OP_KINDS; kind++) {
        sum += baseline->count[kind];
    }
    return sum;
}

static uint64_t cases(const struct campaign_tally *tally)
{
    return tally->tried[CAMPAIGN_CLEAN] + tally->tried[CAMPAIGN_TORN] + tally->tried[CAMPAIGN_SECOND];
}

static void print_table(const struct run *run, const struct campaign_report *report)
{
    (void)printf("%-12s %10s %8s %8s %8s %10s %10s %8s\n", "power lost", "operations", "before", "inside", "twice",
                 "new runs", "old runs", "failed");
    for (size_t kind = 0; kind < OP_KINDS; kind++) {
        print_row(cut_kind_names[kind], run->baseline.count[kind], &report->by_kind[kind]);
    }
    print_row("all", operations(&run->baseline), &report->total);
    if (report->total.old_runs != 0) {
        (void)printf(
            "%" PRIu64
            " torn cases gave the update up: the old image runs, whole, and the update can be asked for again\n",
            report->total.old_runs);
    }
    (void)printf("%s", buffer_text(&report->failures));
    (void)printf("%" PRIu64 " cases, %" PRIu64 " failed%s\n", cases(&report->total), report->total.failed,
                 report->total.failed != 0 ? "; the same command with --replay ID shows one" : "");
}

static void json_tally(const char *name, uint64_t count, const struct campaign_tally *tally, const char *end)
{
    (void)printf("    \"%s\": {\"operations\": %" PRIu64 ", \"before\": %" PRIu64 ", \"inside\": %" PRIu64
                 ", \"twice\": %" PRIu64 ", \"new\": %" PRIu64 ", \"old\": %" PRIu64 ", \"failed\": %" PRIu64 "}%s\n",
                 name, count, tally->tried[CAMPAIGN_CLEAN], tally->tried[CAMPAIGN_TORN], tally->tried[CAMPAIGN_SECOND],
                 tally->new_runs, tally->old_runs, tally->failed, end);
}

/* Lines "ID: why" as a list of objects. What firmware printed is not in them, so nothing needs escaping but quotes. */
static void json_failures(const char *text)
{
    const char *between = "";

    while (*text != 0) {
        size_t len = strcspn(text, "\n");
        const char *why = strstr(text, ": ");

        (void)printf("%s\n    {\"id\": \"%.*s\", \"why\": \"", between, (int)(why - text), text);
        for (const char *at = why + 2; at < text + len; at++) {
            (void)printf(*at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
        }
        (void)printf("\"}");
        between = ",";
        text += len + 1;
    }
}

static void print_json(const struct run *run, const struct campaign_report *report)
{
    (void)printf("{\n  \"update_seconds\": %.6f,\n  \"reverts\": %s,\n  \"offset\": %u,\n"
                 "  \"most_resets\": %zu,\n  \"cases\": {\n",
                 (double)run->baseline.first.ns / 1e9, run->baseline.reverts ? "true" : "false", (unsigned)run->off,
                 report->most_resets);
    for (size_t kind = 0; kind < OP_KINDS; kind++) {
        json_tally(cut_kind_names[kind], run->baseline.count[kind], &report->by_kind[kind], ",");
    }
    json_tally("all", operations(&run->baseline), &report->total, "");
    (void)printf("  },\n  \"failures\": [");
    json_failures(buffer_text(&report->failures));
    (void)printf("]\n}\n");
}

static void print_progress(void *ctx, uint64_t done, uint64_t all, uint64_t failed)
{
    const struct run *run = ctx;

    if (run->is_terminal) {
        (void)fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " cuts, %" PRIu64 " failed ", done, all, failed);
    }
}

static void introduce(const struct run *run)
{
    const struct campaign_baseline *baseline = &run->baseline;

    (void)printf("the update takes %" PRIu64 " flash operations and %.2f s of the board's time; unconfirmed it %s\n",
                 operations(baseline), (double)baseline->first.ns / 1e9,
                 baseline->reverts ? "is reverted at the next boot" : "stays");
    (void)printf("%u processes, seed %s\n\n", run->plan.processes, cli_value(&run->args, "seed", "1"));
    (void)fflush(stdout);
}

static int run_campaign(struct run *run, struct failure *failure)
{
    bool json = cli_given(&run->args, "json");
    struct campaign_report report;
    int err;
    int status;

    if (run->plan.every == 0) {
        run->plan.first = campaign_suggest_first(run->campaign, &run->plan, SECONDS);
    }
    if (!json) {
        introduce(run);
    }
    err = campaign_run(run->campaign, &run->plan, &report, print_progress, run, failure);
    if (run->is_terminal) {
        (void)fputs("\r\033[K", stderr);
    }
    if (json) {
        print_json(run, &report);
    } else {
        print_table(run, &report);
    }
    status = report.total.failed != 0 ? CLI_FAILED : CLI_DONE;
    campaign_report_free(&report);
    return err != OK ? cli_failed(&command, failure) : status;
}

/* ---- a replay ---- */

static void show_byte(void *ctx, uint8_t byte)
{
    (void)ctx;
    (void)putchar(byte);
}

static void show_line(void *ctx, enum vboard_channel channel, const char *text)
{
    (void)ctx;
    (void)fflush(stdout);
    (void)fprintf(stderr, "vboard: %s%s\n", channel == VBOARD_FIRMWARE_BUG ? "firmware bug: " : "", text);
}

static int run_replay(struct run *run, struct failure *failure)
{
    const struct vboard_host host = {.output = show_byte, .line = show_line};
    char verdict[CAMPAIGN_TEXT];

    if (campaign_replay(run->campaign, &run->replayed, &host, verdict, failure) != OK) {
        return cli_failed(&command, failure);
    }
    (void)printf("%s %s%s\n", cli_value(&run->args, "replay", ""), verdict[0] == 0 ? "passed" : "failed: ", verdict);
    return verdict[0] == 0 ? CLI_DONE : CLI_FAILED;
}

static int run_command(struct run *run)
{
    struct campaign_config config = {0};
    struct failure failure = {""};
    int err;

    if (!parse_options(run, &config)) {
        return CLI_USAGE;
    }
    run->is_terminal = isatty(STDERR_FILENO) != 0;
    err = setup_read_map(&run->map, cli_value(&run->args, "map", NULL), cli_words(&run->args, "load"), run->pair,
                         cli_value(&run->args, "slot", NULL), &failure);
    config.is_companion = run->pair != 0;
    config.areas = run->map.areas;
    config.area_count = run->map.count;
    if (err == OK) {
        err = campaign_create(&config, &run->campaign, &failure);
    }
    if (err == OK) {
        err = prepare(run, &failure);
    }
    if (err != OK) {
        return cli_failed(&command, &failure);
    }
    return cli_given(&run->args, "replay") ? run_replay(run, &failure) : run_campaign(run, &failure);
}

int cmd_powercut(int argc, char **argv)
{
    struct run run = {0};
    int status;

    if (cli_parse(&command, argc, argv, &run.args, &status)) {
        status = run_command(&run);
    }
    campaign_free(run.campaign);
    buffer_free(&run.update);
    cli_args_free(&run.args);
    return status;
}
