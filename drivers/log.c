/* Log lines on the console. */
#include <stdarg.h>

#include <farboot/log.h>

#include "drivers/console_text.h"
#include "drivers/log_format.h"

void log_line(char level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    console_put(level);
    console_put(':');
    console_put(' ');
    log_format(console_put, format, arguments);
    console_put('\n');
    va_end(arguments);
}
