#include "partition/pm_test.h"

#include "partition/pm_yaml.h"

static int parse(struct pm_test *test, const char *text, struct pm_node **root)
{
    struct buffer buffer = {0};
    int err;

    buffer_append(&buffer, text, strlen(text));
    err = pm_yaml_parse(&test->pool, "pm.yml", &buffer, root, &test->failure);
    buffer_free(&buffer);
    return err;
}

static void test_what_is_nothing(void **state)
{
    static const char *const texts[] = {"", "\n", "# only a comment\n", "...\n", "# 1 \"pm.yml\"\n"};
    struct pm_test test;
    struct pm_node *root;
    size_t i;

    (void)state;
    pm_test_begin(&test);
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(&test, texts[i], &root), OK);
        assert_null(root);
    }
    pm_test_end(&test);
}

static void test_kinds_and_positions(void **state)
{
    struct pm_test test;
    struct pm_node *root;
    const struct pm_node *node;

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(parse(&test,
                           "a: 0x10\n"
                           "b:\n"
                           "  - x\n"
                           "  - [y]\n"
                           "# 70 \"include/pm.yml.size\" 1\n"
                           "c: '0x10'\n"
                           "\n"
                           "d: {e: ~}\n",
                           &root),
                     OK);
    node = root->first;
    assert_string_equal(node->key, "a");
    assert_int_equal(node->where.line, 1);
    assert_string_equal(node->where.file, "pm.yml");
    node = node->next;
    assert_int_equal(node->kind, PM_NODE_LIST);
    assert_int_equal(node->where.line, 2);
    assert_int_equal(node->first->where.line, 3);
    assert_int_equal(node->first->next->kind, PM_NODE_LIST);
    node = node->next;
    assert_true(node->quoted);
    assert_int_equal(node->where.line, 70);
    assert_string_equal(node->where.file, "include/pm.yml.size");
    node = node->next;
    assert_int_equal(node->where.line, 72);
    assert_int_equal(node->kind, PM_NODE_MAP);
    assert_int_equal(node->first->kind, PM_NODE_NULL);
    pm_test_end(&test);
}

static void test_other_alphabets_are_text(void **state)
{
    struct pm_test test;
    struct pm_node *root;

    (void)state;
    pm_test_begin(&test);
    assert_int_equal(parse(&test, "# \xc3\xa5\r\na: \xe2\x82\xac\xf0\x9f\x92\xbe\t# tab\r\n", &root), OK);
    assert_string_equal(root->first->text, "\xe2\x82\xac\xf0\x9f\x92\xbe");
    pm_test_end(&test);
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        int64_t number; /* -1: none */
    } rows[] = {
        {"a: 0", 0},
        {"a: 4096", 4096},
        {"a: 0x1000", 4096},
        {"a: 0XfF", 255},
        {"a: 010", 8},
        {"a: -1", -1},
        {"a: 0xffffffff", 0xffffffff},
        {"a: 0x100000000", -1},
        {"a: '12'", -1},
        {"a: 12k", -1},
        {"a: 0x", -1},
        {"a: 99999999999999999999", -1},
        {"a: CONFIG_SIZE", -1},
        {"a: [1]", -1},
        {"a: 1.5", -1},
        {"a:", -1},
    };
    struct pm_test test;
    size_t i;

    (void)state;
    pm_test_begin(&test);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pm_node *root;
        int64_t number = -1;

        assert_int_equal(parse(&test, rows[i].text, &root), OK);
        assert_int_equal(pm_yaml_number(root->first, &number), rows[i].number != -1);
        assert_int_equal(rows[i].number != -1 ? number : -1, rows[i].number);
    }
    pm_test_end(&test);
}

static void test_errors_tell_the_line(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"a: [1\nb: 2\n", "pm.yml:"},
        {"a: b: c\n", "pm.yml:1: not valid YAML"},
        {"# 5 \"x.yml\"\n\tx: 1\n", "x.yml:5: not valid YAML"},
        {"a: 1\n---\nb: 2\n", "more than one YAML document"},
        {"a: 1\nb: *nowhere\n", "pm.yml:2: an alias"},
        {"a: &a [*a]\n", "nested too deeply"},
        {"? [x]\n: 1\n", "a key is not a name"},
        {"a: 1\n%: \xcd\n", "pm.yml:2: a line begins with %"},
        {"a: 1\n%YAML 1.2\n", "pm.yml:2: a line begins with %"},
        {"a: 1\nb: \xcd\n", "pm.yml:2: not text: a byte 0xcd"},
        {"a: \x01\n", "pm.yml:1: not text: a byte 0x01"},
        {"a: \xe2\x82", "not text: a byte 0xe2"},
        {"a: \xc0\x80", "not text: a byte 0xc0"},
        {"a: \x80", "not text: a byte 0x80"},
        {"a: \xf5\x80\x80\x80", "not text: a byte 0xf5"},
    };
    struct pm_test test;
    size_t i;

    (void)state;
    pm_test_begin(&test);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pm_node *root;

        assert_int_equal(parse(&test, rows[i].text, &root), ERR_HOST_INPUT);
        if (strstr(test.failure.text, rows[i].message) == NULL) {
            fail_msg("'%s' is not in: %s", rows[i].message, test.failure.text);
        }
    }
    pm_test_end(&test);
}

/* Ten aliases of ten aliases of ten aliases ...: ten lines that would make 10^9 nodes. */
static void test_aliases_do_not_explode(void **state)
{
    struct pm_test test;
    struct buffer text = {0};
    struct pm_node *root;
    int i;

    (void)state;
    pm_test_begin(&test);
    buffer_print(&text, "a0: &a0 x\n");
    for (i = 1; i < 10; i++) {
        buffer_print(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i, i - 1, i - 1,
                     i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
    }
    assert_int_equal(parse(&test, buffer_text(&text), &root), ERR_HOST_INPUT);
    assert_non_null(strstr(test.failure.text, "too large"));
    buffer_free(&text);
    pm_test_end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_nothing),
        cmocka_unit_test(test_kinds_and_positions),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_errors_tell_the_line),
        cmocka_unit_test(test_aliases_do_not_explode),
        cmocka_unit_test(test_other_alphabets_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
