/* Log lines on the console: the C library's printf does the formatting. */
#include <stdarg.h>
#include <stdio.h>

#include <farboot/log.h>

void log_line(char level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    putchar(level);
    putchar(':');
    putchar(' ');
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}
