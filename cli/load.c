#include "cli/load.h"

#include <stdlib.h>
#include <string.h>

/* FILE or FILE@ADDR, the address being that of a raw file. */
static int load_file(struct memory_image *image, const char *word, struct failure *failure)
{
    const char *at = strrchr(word, '@');
    char *path = host_strdup(word);
    char *end = NULL;
    uint32_t addr = 0;
    int err;

    if (at != NULL) {
        unsigned long long value = strtoull(at + 1, &end, 0);

        path[at - word] = 0;
        addr = (uint32_t)value;
        if (at[1] == 0 || *end != 0 || value > UINT32_MAX) {
            free(path);
            return failure_set(failure, ERR_HOST_INPUT, "--load %s: what follows @ is not an address", word);
        }
    }
    err = memory_image_load(image, path, at != NULL ? &addr : NULL, MEMORY_OVERLAP_REPLACE, failure);
    free(path);
    return err;
}

int load_words(struct memory_image *image, const struct cli_words *words, struct failure *failure)
{
    int err = OK;

    for (size_t i = 0; i < words->count && err == OK; i++) {
        err = load_file(image, words->words[i], failure);
    }
    return err;
}
