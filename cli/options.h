/*
 * Command-line options from a table: one table per subcommand gives parsing, the checks and the --help text.
 *
 * Accepted: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, lists (--files A B C, ended by the next option or
 * "--"), repeated options, positional arguments anywhere. Long names may be abbreviated while they stay
 * unambiguous, as argparse and click users expect. -h and --help are always there.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/failure.h"

/* Exit statuses of every subcommand. */
enum cli_status { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum cli_kind {
    CLI_FLAG,  /* no value */
    CLI_VALUE, /* one value; the last one given counts */
    CLI_LIST,  /* one or more values up to the next option */
    CLI_EACH,  /* one value each time; all count */
    CLI_PAIR,  /* two values each time; all count, in one row: a, b, a, b */
};

struct cli_option {
    const char *name; /* long name without dashes */
    char letter;      /* short name, or 0 */
    enum cli_kind kind;
    const char *value; /* what to call the value in --help; NULL for flags */
    const char *help;
};

/* How often an option was given and the words it got, in order. Words point into argv. */
struct cli_words {
    size_t given;
    size_t count;
    const char **words;
};

struct cli_command {
    const char *name;       /* "imgtool sign": as the user writes it */
    const char *summary;    /* one line */
    const char *positional; /* "INFILE OUTFILE", "" when there is none */
    size_t positional_min;
    size_t positional_max; /* SIZE_MAX: any number */
    const struct cli_option *options;
    size_t option_count;
    const char *example; /* one line or more, shown by --help */
};

struct cli_args {
    const struct cli_command *command;
    struct cli_words *options; /* one entry per table row */
    struct cli_words positional;
};

/*
 * Parses argv[1..argc). Returns true when the command shall go on; otherwise the caller returns *status:
 * CLI_DONE after --help (printed on stdout), CLI_USAGE after a usage error (one line on stderr). `args` is to
 * be freed with cli_args_free in either case.
 */
bool cli_parse(const struct cli_command *command, int argc, char **argv, struct cli_args *args, int *status);
void cli_args_free(struct cli_args *args);

/* By long name; asking for a name that the table lacks is a programming error and ends the program. */
bool cli_given(const struct cli_args *args, const char *name);
const char *cli_value(const struct cli_args *args, const char *name, const char *otherwise);
const struct cli_words *cli_words(const struct cli_args *args, const char *name);

/*
 * An unsigned number: decimal, 0x hexadecimal, and a K or M suffix (1024, 1048576). Returns false and prints
 * a usage error naming the option when the text is none or exceeds `max`.
 */
bool cli_number(const struct cli_args *args, const char *name, uint64_t otherwise, uint64_t max, uint64_t *number);

/* The same for a word that is not an option's only value; prints nothing. */
bool cli_parse_number(const char *text, uint64_t max, uint64_t *number);

/*
 * Which of `count` words the option's value is; `otherwise` when it was not given. Returns false and prints a usage
 * error that lists the words when it is none of them.
 */
bool cli_choice(const struct cli_args *args, const char *name, const char *const *choices, size_t count,
                size_t otherwise, size_t *choice);

/* Prints "farboot NAME: error: ..." on stderr in one line and returns CLI_FAILED or CLI_USAGE. */
int cli_failed(const struct cli_command *command, const struct failure *failure);
int cli_usage(const struct cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A subcommand that has subcommands of its own, and the top level itself. */
struct cli_entry {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the entry's name */
};

/* Runs the entry named argv[1], or prints the list of entries for --help or none. Returns the exit status. */
int cli_dispatch(const char *name, const char *summary, const struct cli_entry *entries, size_t count, int argc,
                 char **argv);

#endif
