#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file.h"

static void test_buffer_grows_and_stays_terminated(void **state)
{
    struct buffer b = {0};
    int i;

    (void)state;
    assert_string_equal(buffer_text(&b), "");
    for (i = 0; i < 1000; i++) {
        buffer_print(&b, "%d,", i % 10);
        assert_int_equal(b.data[b.len], 0);
    }
    buffer_append(&b, "", 0);
    buffer_fill(&b, 0xff, 3);
    assert_int_equal(b.len, 2003);
    assert_int_equal(b.data[2002], 0xff);
    buffer_free(&b);
    assert_int_equal(b.len, 0);
}

static void test_write_replaces_whole_file_and_leaves_no_temporary(void **state)
{
    char dir[] = "/tmp/farboot_host_test_XXXXXX";
    char path[64];
    struct buffer read = {0};
    struct failure failure;
    struct stat st;

    (void)state;
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/out", dir);
    assert_int_equal(file_write(path, "long contents", 13, &failure), OK);
    assert_int_equal(file_write(path, "short", 5, &failure), OK);
    assert_int_equal(file_read(path, &read, &failure), OK);
    assert_string_equal(buffer_text(&read), "short");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0); /* fails if a temporary file is left */
    buffer_free(&read);
}

static void test_failures_name_the_file(void **state)
{
    struct buffer read = {0};
    struct failure failure;

    (void)state;
    assert_int_equal(file_read("/nonexistent/x", &read, &failure), ERR_HOST_FILE);
    assert_non_null(strstr(failure.text, "/nonexistent/x"));
    assert_int_equal(file_write("/nonexistent/x", "", 0, &failure), ERR_HOST_FILE);
    assert_non_null(strstr(failure.text, "/nonexistent/x"));
    assert_int_equal(failure_prefix(&failure, ERR_HOST_FILE, "image"), ERR_HOST_FILE);
    assert_ptr_equal(strstr(failure.text, "image: "), failure.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffer_grows_and_stays_terminated),
        cmocka_unit_test(test_write_replaces_whole_file_and_leaves_no_temporary),
        cmocka_unit_test(test_failures_name_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
