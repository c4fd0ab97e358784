#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "devicetree/check.h"
#include "devicetree/emit.h"
#include "host/file.h"
#include "host/random.h"

static const char *const dirs[] = {TESTDATA "/bindings"};

/* dtc's output for `source`, which stands in a file of this test's own. */
static struct buffer compile(const char *source)
{
    char path[] = "/tmp/farboot_devicetree_test_XXXXXX";
    struct buffer blob = {0};
    struct buffer command = {0};
    struct failure failure;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, source, strlen(source)), strlen(source));
    assert_int_equal(close(fd), 0);
    buffer_print(&command, DTC " -q -@ -I dts -O dtb -o %s.dtb %s && mv %s.dtb %s", path, path, path, path);
    assert_int_equal(system(buffer_text(&command)), 0);
    assert_int_equal(file_read(path, &blob, &failure), OK);
    assert_int_equal(unlink(path), 0);
    buffer_free(&command);
    return blob;
}

struct loaded {
    struct dt_tree tree;
    struct bindings bindings;
};

static int load(struct loaded *loaded, struct buffer blob)
{
    struct failure failure;
    int err;

    *loaded = (struct loaded){.bindings = {.dirs = dirs, .dir_count = 1}};
    err = dt_tree_parse(&loaded->tree, blob, "test", &failure);
    return err != OK ? err : bindings_attach(&loaded->bindings, &loaded->tree, &failure);
}

static void unload(struct loaded *loaded)
{
    dt_tree_free(&loaded->tree);
    bindings_free(&loaded->bindings);
}

static struct buffer sample(void)
{
    struct buffer source = {0};
    struct buffer blob;
    struct failure failure;

    assert_int_equal(file_read(TESTDATA "/tree.dts", &source, &failure), OK);
    blob = compile(buffer_text(&source));
    buffer_free(&source);
    return blob;
}

/* The report for one node with `body`, under a root with a controller to refer to. */
static void assert_reported(const char *body, const char *expected)
{
    struct buffer source = {0};
    struct buffer report = {0};
    struct loaded loaded;

    buffer_print(&source, "/dts-v1/; / { n { compatible = \"test,disk\"; a-number = <1>; %s }; };", body);
    assert_int_equal(load(&loaded, compile(buffer_text(&source))), OK);
    assert_int_equal(dt_check(&loaded.tree, &report), expected != NULL && strstr(expected, "error") == expected);
    if (expected == NULL) {
        assert_string_equal(buffer_text(&report), "");
    } else if (strstr(buffer_text(&report), expected) == NULL) {
        fail_msg("'%s' is not in: %s", expected, buffer_text(&report));
    }
    unload(&loaded);
    buffer_free(&source);
    buffer_free(&report);
}

static void test_checks_name_node_property_and_cure(void **state)
{
    (void)state;
    assert_reported("", NULL);
    assert_reported("moed = \"fast\";",
                    "error: /n: property moed is not in the binding of \"test,disk\"; did you mean mode? "
                    "[property_declared]");
    assert_reported("mode = \"quick\";", "error: /n: property mode must be one of slow fast [property_enum]");
    assert_reported("mode = <1>;", "error: /n: property mode does not have the type");
    assert_reported("flag = <1>;", "error: /n: property flag does not have the type");
    assert_reported("friend = <0x77>;", "error: /n: property friend: its entry 0 does not refer");
    assert_reported("m { compatible = \"test,disk\"; };",
                    "error: /n/m: property a-number is required by \"test,disk\" [property_required]");
    assert_reported("m { compatible = \"test,disk\"; status = \"disabled\"; };", NULL);
    assert_reported("m { compatible = \"no,such\"; };", "warning: /n/m: compatible \"no,such\" has no binding");
    assert_reported("x: m { status = \"disabled\"; }; }; chosen { a = &x;",
                    "warning: /chosen: a names /n/m, which is disabled");
}

static void test_ordinals_are_document_order(void **state)
{
    struct loaded loaded;
    size_t i;

    (void)state;
    assert_int_equal(load(&loaded, sample()), OK);
    for (i = 0; i < loaded.tree.count; i++) {
        const struct dt_node *node = &loaded.tree.nodes[i];

        assert_int_equal(node->ordinal, i);
        assert_true(node->parent == NULL || node->parent->ordinal < i);
        assert_null(strstr(node->path, "__symbols__"));
    }
    unload(&loaded);
}

static void assert_has(const struct buffer *text, const char *expected)
{
    if (strstr(buffer_text(text), expected) == NULL) {
        fail_msg("'%s' is not in:\n%s", expected, buffer_text(text));
    }
}

static void test_cmake_and_json_carry_the_same_values(void **state)
{
    struct buffer out = {0};
    struct loaded loaded;

    (void)state;
    assert_int_equal(load(&loaded, sample()), OK);
    emit_cmake(&loaded.tree, &out);
    assert_has(&out, "set(DT_CHOSEN_test_disk \"/bus@1,0/disk@200\")\n");
    assert_has(&out, "set(DT_NODELABEL_primary \"/bus@1,0/disk@200\")\n");
    assert_has(&out, "set(\"DT_PROP_/bus@1,0/disk@200_numbers\" \"1;2;3\")\n");
    assert_has(&out, "set(\"DT_PROP_/bus@1,0/disk@200_bytes\" \"222;173\")\n");
    assert_has(&out, "set(\"DT_PROP_/bus@1,0/disk@200_text\" \"say \\\"hi\\\"\")\n");
    assert_has(&out, "set(\"DT_REG_ADDRESS_/bus@1,0/disk@200\" \"5368709632;5368709888\")\n");
    assert_has(&out, "set(\"DT_STATUS_/bus@1,0/disk@400\" disabled)\n");
    buffer_free(&out);
    emit_json(&loaded.tree, &out);
    assert_has(&out, "\"chosen\": {\"test,disk\": \"/bus@1,0/disk@200\"}");
    assert_has(&out, "\"friends\": [\"/bus@1,0/disk@400\", \"/bus@1,0/disk@200\"]");
    assert_has(&out, "\"fallback\": 17");
    buffer_free(&out);
    unload(&loaded);
}

/* Whatever the bytes, the answer is a tree or an error; sanitizers watch. */
static void test_damaged_blobs_do_no_harm(void **state)
{
    struct buffer good = sample();
    struct random random = {1};
    size_t parsed = 0;
    int run;

    (void)state;
    for (run = 0; run < 3000; run++) {
        struct buffer blob = {0};
        struct buffer out = {0};
        struct loaded loaded;
        uint32_t changes = 1 + random_below(&random, 4);

        buffer_append(&blob, good.data, good.len);
        while (changes-- > 0) {
            blob.data[random_below(&random, (uint32_t)blob.len)] ^= (uint8_t)(1 + random_below(&random, 255));
        }
        if (load(&loaded, blob) == OK && dt_check(&loaded.tree, &out) == 0) {
            emit_header(&loaded.tree, &out);
            emit_cmake(&loaded.tree, &out);
            emit_json(&loaded.tree, &out);
            parsed++;
        }
        buffer_free(&out);
        unload(&loaded);
    }
    assert_in_range(parsed, 1, 2999); /* both outcomes were seen */
    buffer_free(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks_name_node_property_and_cure),
        cmocka_unit_test(test_ordinals_are_document_order),
        cmocka_unit_test(test_cmake_and_json_carry_the_same_values),
        cmocka_unit_test(test_damaged_blobs_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
