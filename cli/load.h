/* The option --load FILE[@ADDR], as every command that fills a virtual board's flash has it. */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "cli/options.h"
#include "host/memory_image.h"

/* Adds the files, later ones over earlier ones. Returns OK, ERR_HOST_FILE, ERR_HOST_INPUT (line in `failure`). */
int load_words(struct memory_image *image, const struct cli_words *words, struct failure *failure) ERROR_MUST_CHECK;

#endif
