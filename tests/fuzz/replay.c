/* Runs a fuzzer over files: its corpus, or an input that a fuzzer has found. Fails on no file, so that a lost corpus
 * shows. */
#include <stdio.h>

#include "host/file.h"
#include "tests/fuzz/fuzz.h"

int main(int argc, char **argv)
{
    int i;

    for (i = 1; i < argc; i++) {
        struct buffer input = {0};
        struct failure failure;

        if (file_read(argv[i], &input, &failure) != OK) {
            (void)fprintf(stderr, "%s\n", failure.text);
            return 1;
        }
        (void)LLVMFuzzerTestOneInput(input.data, input.len);
        buffer_free(&input);
    }
    (void)printf("%d inputs\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
