/* `farboot board`: virtual boards on the command line. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/load.h"
#include "cli/options.h"
#include "host/buffer.h"
#include "host/file.h"
#include "vboard/store.h"
#include "vboard/uart_host.h"
#include "vboard/vboard.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct cli_option run_options[] = {
    {"load", 'l', CLI_EACH, "FILE[@ADDR]", "put a .hex, .elf or raw file (needs @ADDR) into flash"},
    {"flash-dir", 'd', CLI_VALUE, "DIR", "keep flash contents in DIR (int.bin, ext.bin, uicr.bin)"},
    {"random", 0, CLI_FLAG, NULL, "new files of --flash-dir begin with random contents, not erased"},
    {"uart", 'u', CLI_VALUE, "stdio|pty|log:FILE", "where the console goes (default stdio)"},
    {"uart-link", 0, CLI_VALUE, "PATH", "symbolic link to the pseudo terminal"},
    {"console-log", 0, CLI_VALUE, "FILE", "copy what the console prints"},
    {"ext-flash", 0, CLI_VALUE, "STATE", "present, none, none-low, asleep, busy, 4byte, reading or foreign"},
    {"slow-flash", 0, CLI_FLAG, NULL, "flash takes the data sheets' maximum times"},
    {"watchdog", 0, CLI_VALUE, "MS", "an earlier life of the firmware left the watchdog running"},
    {"button", 0, CLI_EACH, "N", "hold button N (1 to 4) down"},
    {"cut", 'c', CLI_VALUE, "[KIND:]N,...",
     "lose power at the Nth flash operation since power-on; KIND is erase, "
     "program, int, ext, int-erase, ..."},
    {"cut-from", 0, CLI_VALUE, "TEXT", "count operations from when the console prints TEXT"},
    {"torn", 't', CLI_FLAG, NULL, "lose power inside the operation, not before it"},
    {"stop-at-cut", 0, CLI_FLAG, NULL, "end at the first cut instead of switching on again"},
    {"until", 0, CLI_VALUE, "TEXT", "end with success when the console prints TEXT"},
    {"timeout", 0, CLI_VALUE, "S", "end with failure after S seconds of the board's time"},
    {"mark", 'm', CLI_EACH, "TEXT", "record when the console prints TEXT (in --stats)"},
    {"stats", 's', CLI_VALUE, "FILE", "write operations, bytes, times, instructions as JSON"},
    {"seed", 0, CLI_VALUE, "N", "of RAM at power-on, random numbers and torn operations (default 1)"},
    {"keep-going", 'k', CLI_FLAG, NULL, "report firmware bugs but do not end at them"},
    {"log", 0, CLI_VALUE, "FILE", "the board's own messages go to FILE, not to standard error"},
    {"trace", 0, CLI_VALUE, "FILE", "write every flash operation with its time"},
};

static const struct cli_command run_command = {
    "board run",
    "Executes firmware on a virtual board until it ends, fails or is interrupted.",
    "BOARD",
    1,
    1,
    run_options,
    COUNT(run_options),
    "  farboot board run nrf52840dk --load merged.hex --until 'Jumping to the first image slot' --timeout 10\n"
    "  farboot board run nrf52840dk --flash-dir flash --uart pty --uart-link /tmp/dk",
};

/* Everything one run needs. */
struct session {
    struct cli_args args;
    struct vboard_config config;
    struct store store;
    struct uart_host uart;
    struct vboard *board;
    FILE *log;
    FILE *trace;
    struct vboard_cut *cuts;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};

    interrupted = 0;
    for (size_t i = 0; i < COUNT(signals); i++) {
        (void)sigaction(signals[i], &action, NULL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
}

static void print_line(void *ctx, enum vboard_channel channel, const char *text)
{
    struct session *session = ctx;
    static const char *const prefixes[] = {
        [VBOARD_NARRATION] = "",
        [VBOARD_WARNING] = "warning: ",
        [VBOARD_FIRMWARE_BUG] = "firmware bug: ",
        [VBOARD_TRACE] = "",
    };

    if (channel == VBOARD_TRACE) {
        (void)fprintf(session->trace, "%s\n", text);
        return;
    }
    (void)fprintf(session->log, "vboard: %s%s\n", prefixes[channel], text);
    (void)fflush(session->log);
}

static void put_byte(void *ctx, uint8_t byte)
{
    struct session *session = ctx;

    uart_host_put(&session->uart, byte);
}

static enum vboard_host_state serve_host(void *ctx, int timeout_ms)
{
    struct session *session = ctx;
    uint8_t data[256];
    size_t len = 0;

    if (interrupted != 0) {
        return VBOARD_HOST_STOP;
    }
    switch (uart_host_get(&session->uart, timeout_ms, data, sizeof(data), &len)) {
    case UART_HOST_DATA:
        vboard_uart_input(session->board, data, len);
        return VBOARD_HOST_ALIVE;
    case UART_HOST_ENDED:
        return VBOARD_HOST_DEAF;
    default:
        return interrupted != 0 ? VBOARD_HOST_STOP : VBOARD_HOST_ALIVE;
    }
}

/* ---- options ---- */

static const struct {
    const char *name;
    enum vboard_ext_flash state;
} ext_states[] = {
    {"present", VBOARD_EXT_PRESENT}, {"none", VBOARD_EXT_NONE},       {"none-low", VBOARD_EXT_NONE_LOW},
    {"asleep", VBOARD_EXT_ASLEEP},   {"busy", VBOARD_EXT_BUSY},       {"4byte", VBOARD_EXT_4BYTE},
    {"reading", VBOARD_EXT_READING}, {"foreign", VBOARD_EXT_FOREIGN},
};

static bool parse_ext_flash(struct session *session)
{
    const char *text = cli_value(&session->args, "ext-flash", "present");

    for (size_t i = 0; i < COUNT(ext_states); i++) {
        if (strcmp(ext_states[i].name, text) == 0) {
            session->config.ext_flash = ext_states[i].state;
            return true;
        }
    }
    (void)cli_usage(&run_command,
                    "--ext-flash: '%s' is none of present, none, none-low, asleep, busy, 4byte, reading, foreign",
                    text);
    return false;
}

static bool parse_cuts(struct session *session)
{
    const char *given = cli_value(&session->args, "cut", NULL);
    char *list = given != NULL ? host_strdup(given) : NULL;
    char *rest = NULL;
    bool good = true;

    for (char *word = list != NULL ? strtok_r(list, ",", &rest) : NULL; word != NULL && good;
         word = strtok_r(NULL, ",", &rest)) {
        size_t count = session->config.cut_count;

        session->cuts = host_realloc(session->cuts, (count + 1) * sizeof(*session->cuts));
        good = vboard_cut_parse(word, &session->cuts[count]);
        session->config.cut_count = count + 1;
        if (!good) {
            (void)cli_usage(&run_command,
                            "--cut: '%s' is not N or KIND:N (erase, program, int, ext, int-erase, "
                            "int-program, ext-erase, ext-program; N from 1)",
                            word);
        }
    }
    free(list);
    session->config.cuts = session->cuts;
    return good;
}

static bool parse_buttons(struct session *session)
{
    const struct cli_words *words = cli_words(&session->args, "button");

    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->words[i];

        if (word[0] < '1' || word[0] > '4' || word[1] != 0) {
            (void)cli_usage(&run_command, "--button: '%s' is not 1, 2, 3 or 4", word);
            return false;
        }
        session->config.pressed_buttons |= 1U << (word[0] - '1');
    }
    return true;
}

static bool parse_seconds(struct session *session, uint64_t *ns)
{
    const char *text = cli_value(&session->args, "timeout", NULL);
    char *end = NULL;
    double seconds;

    *ns = 0;
    if (text == NULL) {
        return true;
    }
    errno = 0;
    seconds = strtod(text, &end);
    if (errno != 0 || end == text || *end != 0 || !(seconds > 0) || seconds > 1e6) {
        (void)cli_usage(&run_command, "--timeout: '%s' is not a number of seconds above 0", text);
        return false;
    }
    *ns = (uint64_t)(seconds * 1e9);
    return true;
}

static bool parse_config(struct session *session)
{
    const struct cli_args *args = &session->args;
    const struct cli_words *marks = cli_words(args, "mark");
    uint64_t seed;
    uint64_t watchdog;

    if (!cli_number(args, "seed", 1, UINT32_MAX, &seed) || !cli_number(args, "watchdog", 0, 3600000, &watchdog) ||
        !parse_ext_flash(session) || !parse_cuts(session) || !parse_buttons(session)) {
        return false;
    }
    session->config.board = args->positional.words[0];
    session->config.seed = (uint32_t)seed;
    session->config.slow_flash = cli_given(args, "slow-flash");
    session->config.watchdog_ms = (uint32_t)watchdog;
    session->config.torn = cli_given(args, "torn");
    session->config.stop_at_cut = cli_given(args, "stop-at-cut");
    session->config.cut_from = cli_value(args, "cut-from", NULL);
    session->config.keep_going = cli_given(args, "keep-going");
    session->config.marks = marks->words;
    session->config.mark_count = marks->count;
    session->config.host =
        (struct vboard_host){session, put_byte, print_line, cli_given(args, "trace"), serve_host, NULL};
    if (!cli_given(args, "load") && !cli_given(args, "flash-dir")) {
        (void)cli_usage(&run_command, "nothing to run: give --load FILE, or --flash-dir of an earlier run");
        return false;
    }
    return true;
}

/* ---- a run ---- */

static int open_output(const char *path, FILE *otherwise, FILE **file, struct failure *failure)
{
    *file = otherwise;
    if (path == NULL) {
        return OK;
    }
    *file = fopen(path, "w");
    return *file != NULL ? OK : failure_set(failure, ERR_HOST_FILE, "cannot write %s: %s", path, strerror(errno));
}

static int open_flash(struct session *session, struct failure *failure)
{
    const char *dir = cli_value(&session->args, "flash-dir", NULL);
    uint32_t seed = cli_given(&session->args, "random") ? session->config.seed : 0;
    int err;

    if (dir == NULL) {
        return OK;
    }
    err = store_open(&session->store, dir, seed, failure);
    session->config.internal = session->store.data[STORE_INTERNAL];
    session->config.external = session->store.data[STORE_EXTERNAL];
    session->config.uicr = session->store.data[STORE_UICR];
    return err;
}

static int load_files(struct session *session, struct failure *failure)
{
    struct memory_image image = {0};
    int err = load_words(&image, cli_words(&session->args, "load"), failure);

    if (err == OK) {
        err = vboard_load(session->board, &image, failure);
    }
    memory_image_free(&image);
    return err;
}

static int open_session(struct session *session, struct failure *failure)
{
    const struct cli_args *args = &session->args;
    char name[128];
    char text[160];
    int err = open_output(cli_value(args, "log", NULL), stderr, &session->log, failure);

    if (err == OK) {
        err = open_output(cli_value(args, "trace", NULL), NULL, &session->trace, failure);
    }
    if (err == OK) {
        err = open_flash(session, failure);
    }
    if (err == OK) {
        err = vboard_create(&session->config, &session->board, failure);
    }
    if (err == OK) {
        err = load_files(session, failure);
    }
    if (err == OK) {
        err = uart_host_open(&session->uart, cli_value(args, "uart", "stdio"), cli_value(args, "uart-link", NULL),
                             cli_value(args, "console-log", NULL), name, sizeof(name), failure);
    }
    if (err == OK && name[0] != 0) {
        (void)snprintf(text, sizeof(text), "uart at %s", name);
        print_line(session, VBOARD_NARRATION, text);
    }
    return err;
}

static void close_session(struct session *session)
{
    uart_host_close(&session->uart);
    vboard_free(session->board);
    store_close(&session->store);
    if (session->log != NULL && session->log != stderr) {
        (void)fclose(session->log);
    }
    if (session->trace != NULL) {
        (void)fclose(session->trace);
    }
    free(session->cuts);
    cli_args_free(&session->args);
}

static int write_stats(struct session *session, struct failure *failure)
{
    const char *path = cli_value(&session->args, "stats", NULL);
    struct buffer text = {0};
    int err;

    if (path == NULL) {
        return OK;
    }
    stats_json(vboard_stats(session->board), &text);
    err = file_write(path, text.data, text.len, failure);
    buffer_free(&text);
    return err;
}

/* The line that ends a run, and whether it counts as success: only what the user waited for does. */
static int verdict(struct session *session, enum vboard_end end, const char *until)
{
    static const char *const ends[] = {
        [VBOARD_UNTIL] = "seen what was waited for",
        [VBOARD_TIMEOUT] = "time is up",
        [VBOARD_BUG] = "ended by a firmware bug",
        [VBOARD_CUT] = "ended at the power cut",
        [VBOARD_IDLE] = "asleep for ever",
        [VBOARD_OFF] = "switched itself off (System OFF)",
        [VBOARD_STOPPED] = "interrupted",
        [VBOARD_BROKEN] = "the emulation failed",
        [VBOARD_ENTERED] = "about to execute an application",
        [VBOARD_CIRCLING] = "reset again and again",
    };
    bool waited_in_vain = until != NULL && end != VBOARD_UNTIL;
    bool good =
        end == VBOARD_UNTIL || end == VBOARD_CUT || end == VBOARD_STOPPED || end == VBOARD_IDLE || end == VBOARD_OFF;
    char text[160];

    (void)snprintf(text, sizeof(text), "%s at %.6f s", ends[end], (double)vboard_now_ns(session->board) / 1e9);
    print_line(session, VBOARD_NARRATION, text);
    return !good || (waited_in_vain && end != VBOARD_CUT) ? CLI_FAILED : CLI_DONE;
}

static int run_session(struct session *session)
{
    const char *until = cli_value(&session->args, "until", NULL);
    struct failure failure = {""};
    enum vboard_end end;
    uint64_t timeout_ns;
    int status;

    if (!parse_config(session) || !parse_seconds(session, &timeout_ns)) {
        return CLI_USAGE;
    }
    if (open_session(session, &failure) != OK) {
        return cli_failed(&run_command, &failure);
    }
    catch_signals();
    end = vboard_run(session->board, until, timeout_ns);
    status = verdict(session, end, until);
    if (write_stats(session, &failure) != OK) {
        return cli_failed(&run_command, &failure);
    }
    return status;
}

static int board_run(int argc, char **argv)
{
    struct session session = {.uart = {.in = -1, .out = -1, .slave = -1}};
    int status;

    if (cli_parse(&run_command, argc, argv, &session.args, &status)) {
        status = run_session(&session);
    }
    close_session(&session);
    return status;
}

static const struct cli_command list_command = {
    "board list", "Lists the virtual boards.", "", 0, 0, NULL, 0, "  farboot board list",
};

static int board_list(int argc, char **argv)
{
    struct cli_args args;
    int status;

    if (cli_parse(&list_command, argc, argv, &args, &status)) {
        for (const char *const *name = vboard_names(); *name != NULL; name++) {
            (void)printf("%-12s %s\n", *name, vboard_summary(*name));
        }
        status = CLI_DONE;
    }
    cli_args_free(&args);
    return status;
}

int cmd_board(int argc, char **argv)
{
    static const struct cli_entry entries[] = {
        {"list", "list the virtual boards", board_list},
        {"run", "execute firmware on one", board_run},
    };

    return cli_dispatch("board", "Virtual boards: the real binary, emulated.", entries, COUNT(entries), argc, argv);
}
