/*
 * Progress of a long transfer on standard error: a bar with bytes, percent and rate on a terminal, and a line at each
 * quarter otherwise, so that logs stay readable.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "uploading" */
    bool terminal;
    bool started;
    int64_t start_ms; /* the rate counts from the first report, which may be far into a resumed transfer */
    uint32_t start_off;
    unsigned quarters; /* already printed */
};

void progress_start(struct progress *progress, const char *what);

/* `off` of `len` bytes are done. Called as often as one likes. */
void progress_report(struct progress *progress, uint32_t off, uint32_t len);

/* Ends the bar's line. */
void progress_end(struct progress *progress);

#endif
