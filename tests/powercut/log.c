/* The core's log lines, shown in replays only. */
#include "tests/powercut/log.h"

#include <stdarg.h>
#include <stdio.h>

#include <farboot/log.h>

bool log_is_shown;

void log_line(char level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (log_is_shown) {
        (void)printf("    %c: ", level);
        /* The analyzer overlooks va_start above. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
        (void)vprintf(format, args);
        (void)putchar('\n');
    }
    va_end(args);
}
