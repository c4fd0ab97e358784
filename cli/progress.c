#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_start(struct progress *progress, const char *what)
{
    *progress = (struct progress){.what = what, .terminal = isatty(STDERR_FILENO) != 0};
}

static void print_bar(const struct progress *progress, uint32_t off, uint32_t len)
{
    char bar[BAR_WIDTH + 1];
    int64_t elapsed_ms = now_ms() - progress->start_ms;
    uint32_t filled = (uint32_t)((uint64_t)off * BAR_WIDTH / len);
    double rate = elapsed_ms > 0 ? (off - progress->start_off) / 1.024 / (double)elapsed_ms : 0;

    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', filled);
    bar[BAR_WIDTH] = 0;
    (void)fprintf(stderr, "\r%s [%s] %u of %u bytes, %3u %%, %.1f KiB/s ", progress->what, bar, (unsigned)off,
                  (unsigned)len, (unsigned)((uint64_t)off * 100 / len), rate);
}

void progress_report(struct progress *progress, uint32_t off, uint32_t len)
{
    unsigned quarters = len > 0 ? (unsigned)((uint64_t)off * 4 / len) : 0;

    if (len == 0 || off > len) {
        return;
    }
    if (!progress->started) {
        progress->started = true;
        progress->start_ms = now_ms();
        progress->start_off = off;
    }
    if (progress->terminal) {
        print_bar(progress, off, len);
    } else if (quarters > progress->quarters) {
        (void)fprintf(stderr, "%s: %u of %u bytes\n", progress->what, (unsigned)off, (unsigned)len);
        progress->quarters = quarters;
    }
    (void)fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->terminal && progress->started) {
        (void)fputc('\n', stderr);
    }
}
