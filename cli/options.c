#include "cli/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/buffer.h"

static void add_word(struct cli_words *words, const char *word)
{
    words->words = host_realloc(words->words, (words->count + 1) * sizeof(*words->words));
    words->words[words->count++] = word;
}

static int usage_line(const char *name, const char *text)
{
    (void)fprintf(stderr, "farboot %s: error: %s (see farboot %s --help)\n", name, text, name);
    return CLI_USAGE;
}

int cli_usage(const struct cli_command *command, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return usage_line(command->name, text);
}

int cli_failed(const struct cli_command *command, const struct failure *failure)
{
    (void)fprintf(stderr, "farboot %s: error: %s\n", command->name, failure->text);
    return CLI_FAILED;
}

static void print_option(const struct cli_option *option)
{
    char left[64];
    char letter[8] = "    ";

    if (option->letter != 0) {
        (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    }
    (void)snprintf(left, sizeof(left), "%s--%s%s%s%s", letter, option->name, option->value != NULL ? " " : "",
                   option->value != NULL ? option->value : "", option->kind == CLI_LIST ? "..." : "");
    (void)printf("  %-38s %s\n", left, option->help);
}

static void print_help(const struct cli_command *command)
{
    size_t i;

    (void)printf("usage: farboot %s%s%s%s\n\n%s\n", command->name, command->option_count > 0 ? " [options]" : "",
                 command->positional[0] != 0 ? " " : "", command->positional, command->summary);
    (void)printf("\noptions:\n");
    for (i = 0; i < command->option_count; i++) {
        print_option(&command->options[i]);
    }
    (void)printf("  %-38s %s\n", "-h, --help", "this text");
    (void)printf("\nexample:\n%s\n", command->example);
}

/* The row with this long name, or the only one that begins with it. Returns -1 for none, -2 for several. */
static long find_long(const struct cli_command *command, const char *name, size_t len)
{
    long found = -1;
    size_t i;

    for (i = 0; i < command->option_count; i++) {
        const char *candidate = command->options[i].name;

        if (strncmp(candidate, name, len) != 0) {
            continue;
        }
        if (candidate[len] == 0) {
            return (long)i;
        }
        found = found == -1 ? (long)i : -2;
    }
    return found;
}

static long find_letter(const struct cli_command *command, char letter)
{
    size_t i;

    for (i = 0; i < command->option_count; i++) {
        if (command->options[i].letter == letter) {
            return (long)i;
        }
    }
    return -1;
}

struct cursor {
    int argc;
    char **argv;
    int at;
};

static bool looks_like_option(const char *word)
{
    return word[0] == '-' && word[1] != 0;
}

/* Takes the next word as a value; a list ends at the next option. */
static bool take_next(struct cli_words *words, enum cli_kind kind, struct cursor *cursor)
{
    if (cursor->at + 1 >= cursor->argc || (kind == CLI_LIST && looks_like_option(cursor->argv[cursor->at + 1]))) {
        return false;
    }
    add_word(words, cursor->argv[++cursor->at]);
    return true;
}

/* Takes the values that row `index` wants. `attached` is the text after "=" or after the letter, or NULL. */
static bool take_values(struct cli_args *args, size_t index, const char *attached, struct cursor *cursor)
{
    const struct cli_option *option = &args->command->options[index];
    struct cli_words *words = &args->options[index];
    bool taken = true;

    words->given++;
    if (option->kind == CLI_FLAG) {
        if (attached != NULL) {
            (void)cli_usage(args->command, "option --%s takes no value", option->name);
        }
        return attached == NULL;
    }
    if (option->kind == CLI_VALUE) {
        words->count = 0;
    }
    if (attached != NULL) {
        add_word(words, attached);
    } else {
        taken = take_next(words, option->kind, cursor);
    }
    if (taken && option->kind == CLI_PAIR) {
        taken = take_next(words, option->kind, cursor);
    }
    if (!taken) {
        (void)cli_usage(args->command, "option --%s needs a value (%s)", option->name, option->value);
        return false;
    }
    while (option->kind == CLI_LIST && attached == NULL && take_next(words, option->kind, cursor)) {
    }
    return true;
}

static bool take_option(struct cli_args *args, struct cursor *cursor)
{
    const char *word = cursor->argv[cursor->at];
    const char *attached = NULL;
    long index;

    if (word[1] == '-') {
        size_t len = strcspn(word + 2, "=");

        attached = word[2 + len] == '=' ? word + 2 + len + 1 : NULL;
        index = find_long(args->command, word + 2, len);
    } else {
        attached = word[2] != 0 ? word + 2 : NULL;
        index = find_letter(args->command, word[1]);
    }
    if (index < 0) {
        (void)cli_usage(args->command, index == -1 ? "unknown option %s" : "ambiguous option %s", word);
        return false;
    }
    return take_values(args, (size_t)index, attached, cursor);
}

static bool parse_words(struct cli_args *args, struct cursor *cursor)
{
    bool options_ended = false;

    for (; cursor->at < cursor->argc; cursor->at++) {
        const char *word = cursor->argv[cursor->at];

        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
        } else if (!options_ended && looks_like_option(word)) {
            if (!take_option(args, cursor)) {
                return false;
            }
        } else {
            add_word(&args->positional, word);
        }
    }
    return true;
}

static bool wants_help(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

bool cli_parse(const struct cli_command *command, int argc, char **argv, struct cli_args *args, int *status)
{
    struct cursor cursor = {argc, argv, 1};

    *args = (struct cli_args){.command = command};
    args->options = host_alloc(command->option_count * sizeof(*args->options));
    *status = CLI_USAGE;
    if (wants_help(argc, argv)) {
        print_help(command);
        *status = CLI_DONE;
        return false;
    }
    if (!parse_words(args, &cursor)) {
        return false;
    }
    if (args->positional.count < command->positional_min) {
        (void)cli_usage(command, "missing argument: expected %s", command->positional);
        return false;
    }
    if (args->positional.count > command->positional_max) {
        (void)cli_usage(command, "unexpected argument %s", args->positional.words[command->positional_max]);
        return false;
    }
    return true;
}

void cli_args_free(struct cli_args *args)
{
    size_t i;

    for (i = 0; i < args->command->option_count; i++) {
        free(args->options[i].words);
    }
    free(args->options);
    free(args->positional.words);
}

const struct cli_words *cli_words(const struct cli_args *args, const char *name)
{
    size_t i;

    for (i = 0; i < args->command->option_count; i++) {
        if (strcmp(args->command->options[i].name, name) == 0) {
            return &args->options[i];
        }
    }
    (void)fprintf(stderr, "farboot %s: no option named %s in the table\n", args->command->name, name);
    abort();
}

bool cli_given(const struct cli_args *args, const char *name)
{
    return cli_words(args, name)->given > 0;
}

const char *cli_value(const struct cli_args *args, const char *name, const char *otherwise)
{
    const struct cli_words *words = cli_words(args, name);

    return words->count > 0 ? words->words[words->count - 1] : otherwise;
}

bool cli_parse_number(const char *text, uint64_t max, uint64_t *number)
{
    char *end = NULL;
    uint64_t scale = 1;

    errno = 0;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    *number = strtoull(text, &end, strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0 ? 16 : 10);
    if (*end == 'K' || *end == 'M') {
        scale = *end == 'K' ? 1024 : 1024 * 1024;
        end++;
    }
    if (errno != 0 || *end != 0 || *number > max / scale) {
        return false;
    }
    *number *= scale;
    return true;
}

bool cli_number(const struct cli_args *args, const char *name, uint64_t otherwise, uint64_t max, uint64_t *number)
{
    const char *text = cli_value(args, name, NULL);

    *number = otherwise;
    if (text == NULL || cli_parse_number(text, max, number)) {
        return true;
    }
    (void)cli_usage(args->command, "--%s: '%s' is not a number from 0 to 0x%llx", name, text, (unsigned long long)max);
    return false;
}

bool cli_choice(const struct cli_args *args, const char *name, const char *const *choices, size_t count,
                size_t otherwise, size_t *choice)
{
    const char *text = cli_value(args, name, NULL);
    struct buffer list = {0};
    size_t i;

    *choice = otherwise;
    for (i = 0; i < count; i++) {
        if (text == NULL || strcmp(text, choices[i]) == 0) {
            *choice = text == NULL ? otherwise : i;
            buffer_free(&list);
            return true;
        }
        buffer_print(&list, "%s%s", i > 0 ? ", " : "", choices[i]);
    }
    (void)cli_usage(args->command, "--%s: '%s' is none of: %s", name, text, buffer_text(&list));
    buffer_free(&list);
    return false;
}

static void print_entries(const char *name, const char *summary, const struct cli_entry *entries, size_t count)
{
    size_t i;

    (void)printf("usage: farboot%s%s COMMAND ...\n\n%s\n\ncommands:\n", name[0] != 0 ? " " : "", name, summary);
    for (i = 0; i < count; i++) {
        (void)printf("  %-12s %s\n", entries[i].name, entries[i].summary);
    }
    (void)printf("\nfarboot%s%s COMMAND --help tells about one of them.\n", name[0] != 0 ? " " : "", name);
}

int cli_dispatch(const char *name, const char *summary, const struct cli_entry *entries, size_t count, int argc,
                 char **argv)
{
    size_t i;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_entries(name, summary, entries, count);
        return argc < 2 ? CLI_USAGE : CLI_DONE;
    }
    for (i = 0; i < count; i++) {
        if (strcmp(entries[i].name, argv[1]) == 0) {
            return entries[i].run(argc - 1, argv + 1);
        }
    }
    (void)fprintf(stderr, "farboot%s%s: error: unknown command '%s' (see --help)\n", name[0] != 0 ? " " : "", name,
                  argv[1]);
    return CLI_USAGE;
}
