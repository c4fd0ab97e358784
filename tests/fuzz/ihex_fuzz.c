/* Intel HEX and ELF: any bytes; what was read, printed and read again is the same memory. */
#include <stdlib.h>
#include <string.h>

#include "host/elf.h"
#include "host/ihex.h"
#include "tests/fuzz/fuzz.h"

static void require_same(const struct memory_image *a, const struct memory_image *b)
{
    size_t i;

    if (a->count != b->count) {
        abort();
    }
    for (i = 0; i < a->count; i++) {
        const struct memory_segment *x = &a->segments[i];
        const struct memory_segment *y = &b->segments[i];

        if (x->addr != y->addr || x->bytes.len != y->bytes.len ||
            memcmp(x->bytes.data, y->bytes.data, x->bytes.len) != 0) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory_image image = {0};
    struct memory_image again = {0};
    struct buffer text = {0};
    struct failure failure;
    int err = elf_is(data, size) ? elf_parse(data, size, &image, &failure) : ihex_parse(data, size, &image, &failure);

    if (err == OK) {
        ihex_print(&image, &text);
        if (ihex_parse(text.data, text.len, &again, &failure) != OK) {
            abort();
        }
        require_same(&image, &again);
    }
    memory_image_free(&image);
    memory_image_free(&again);
    buffer_free(&text);
    return 0;
}
