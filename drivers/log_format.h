/*
 * Formatting for log lines: a quarter of the size of the C library's printf, which the bootloader can then do without.
 * Understands what <farboot/log.h> promises and nothing else; a conversion it does not know is printed as it stands.
 */
#ifndef DRIVERS_LOG_FORMAT_H
#define DRIVERS_LOG_FORMAT_H

#include <stdarg.h>

void log_format(void (*put)(char c), const char *format, va_list arguments);

#endif
