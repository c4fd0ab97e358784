/* Images: any bytes are parsed, verified and printed; the view that comes out lies inside of them. */
#include <stdlib.h>

#include "imagetool/dump.h"
#include "imagetool/verify.h"
#include "tests/fuzz/fuzz.h"

static void require_inside(const struct image_view *view)
{
    size_t i;

    if (view->protected_off > view->unprotected_off || view->unprotected_off > view->end || view->end > view->len) {
        abort();
    }
    for (i = 0; i < view->count; i++) {
        const struct image_entry *entry = &view->entries[i];

        if (entry->data < view->data + view->protected_off || entry->data + entry->len > view->data + view->end) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct signing_key *key;
    struct image_view view;
    struct verify_result result;
    struct buffer out = {0};
    struct failure failure;

    if (key == NULL && signing_key_generate(key_type_by_name("ecdsa-p256"), &key, &failure) != OK) {
        abort();
    }
    if (image_parse(data, size, &view, &failure) == OK) {
        require_inside(&view);
        if (image_verify(&view, key, &result, &failure) == OK) {
            abort(); /* nobody but the key's owner makes this one */
        }
        (void)(image_verify(&view, NULL, &result, &failure) == OK);
        dump_print_text("fuzz", &view, &out);
        dump_print_json("fuzz", &view, &out);
        image_view_free(&view);
    }
    buffer_free(&out);
    return 0;
}
