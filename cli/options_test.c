#include "tests/unit.h"

#include "cli/options.h"

static const struct cli_option options[] = {
    {"key", 'k', CLI_VALUE, "FILE", "a key"},
    {"pad", 0, CLI_FLAG, NULL, "pad"},
    {"pad-header", 0, CLI_FLAG, NULL, "pad the header"},
    {"files", 0, CLI_LIST, "FILE", "files"},
    {"dep", 'd', CLI_EACH, "DEP", "dependencies"},
    {"size", 'S', CLI_VALUE, "BYTES", "a size"},
    {"tlv", 0, CLI_PAIR, "TAG VALUE", "a pair"},
};
static const struct cli_command command = {
    "test", "a test", "IN [OUT]", 1, 2, options, sizeof(options) / sizeof(options[0]), "  farboot test x",
};

#define ARGV(...)  ((char *[]){(char *)"test", __VA_ARGS__, NULL})
#define ARGC(...)  ((int)(sizeof(ARGV(__VA_ARGS__)) / sizeof(char *)) - 1)
#define PARSE(...) cli_parse(&command, ARGC(__VA_ARGS__), ARGV(__VA_ARGS__), &args, &status)

static void test_every_form_of_a_value(void **state)
{
    struct cli_args args;
    int status;
    uint64_t size;

    (void)state;
    assert_true(PARSE("-kA", "--key=B", "--key", "C", "in", "--pad", "-S", "0x10K", "-d", "1", "-d", "2", "out"));
    assert_string_equal(cli_value(&args, "key", ""), "C");
    assert_true(cli_given(&args, "pad"));
    assert_false(cli_given(&args, "pad-header"));
    assert_true(cli_number(&args, "size", 0, UINT32_MAX, &size));
    assert_int_equal(size, 0x4000);
    assert_int_equal(cli_words(&args, "dep")->count, 2);
    assert_int_equal(args.positional.count, 2);
    cli_args_free(&args);
}

static void test_list_ends_at_next_option(void **state)
{
    struct cli_args args;
    int status;

    (void)state;
    assert_true(PARSE("--files", "a", "b", "--pad-h", "in"));
    assert_int_equal(cli_words(&args, "files")->count, 2);
    assert_true(cli_given(&args, "pad-header"));
    assert_string_equal(args.positional.words[0], "in");
    cli_args_free(&args);
}

static void test_pairs_take_two_words_each_time(void **state)
{
    struct cli_args args;
    int status;

    (void)state;
    assert_true(PARSE("--tlv", "0xa0", "-x", "--tlv=0xa1", "y", "in", "out"));
    assert_int_equal(cli_words(&args, "tlv")->given, 2);
    assert_int_equal(cli_words(&args, "tlv")->count, 4);
    assert_string_equal(cli_words(&args, "tlv")->words[1], "-x");
    assert_string_equal(cli_words(&args, "tlv")->words[2], "0xa1");
    assert_int_equal(args.positional.count, 2);
    cli_args_free(&args);
}

static void test_choices(void **state)
{
    static const char *const choices[] = {"one", "two"};
    struct cli_args args;
    int status;
    size_t choice;

    (void)state;
    assert_true(PARSE("in", "-k", "two"));
    assert_true(cli_choice(&args, "key", choices, 2, 0, &choice));
    assert_int_equal(choice, 1);
    assert_true(cli_choice(&args, "size", choices, 2, 7, &choice));
    assert_int_equal(choice, 7);
    cli_args_free(&args);
    assert_true(PARSE("in", "-k", "three"));
    assert_false(cli_choice(&args, "key", choices, 2, 0, &choice));
    cli_args_free(&args);
}

static void expect_usage(int argc, char **argv)
{
    struct cli_args args;
    int status = -1;

    assert_false(cli_parse(&command, argc, argv, &args, &status));
    assert_int_equal(status, CLI_USAGE);
    cli_args_free(&args);
}

static void test_wrong_usage_is_refused(void **state)
{
    struct cli_args args;
    int status;
    uint64_t size;

    (void)state;
    expect_usage(ARGC("in", "--nope"), ARGV("in", "--nope"));
    expect_usage(ARGC("in", "--pa"), ARGV("in", "--pa"));
    expect_usage(ARGC("in", "--pad=1"), ARGV("in", "--pad=1"));
    expect_usage(ARGC("in", "-k"), ARGV("in", "-k"));
    expect_usage(ARGC("in", "--tlv", "1"), ARGV("in", "--tlv", "1"));
    expect_usage(ARGC("--pad"), ARGV("--pad"));
    expect_usage(ARGC("a", "b", "c"), ARGV("a", "b", "c"));
    assert_true(PARSE("in", "-S", "12z"));
    assert_false(cli_number(&args, "size", 0, UINT32_MAX, &size));
    cli_args_free(&args);
    assert_true(PARSE("in", "-S", "0x100000000"));
    assert_false(cli_number(&args, "size", 0, UINT32_MAX, &size));
    cli_args_free(&args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_form_of_a_value),          cmocka_unit_test(test_list_ends_at_next_option),
        cmocka_unit_test(test_pairs_take_two_words_each_time), cmocka_unit_test(test_choices),
        cmocka_unit_test(test_wrong_usage_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
