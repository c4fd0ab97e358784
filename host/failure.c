#include "host/failure.h"

#include <stdarg.h>
#include <stdio.h>

int failure_set(struct failure *failure, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(failure->text, sizeof(failure->text), format, args);
    va_end(args);
    return code;
}

int failure_prefix(struct failure *failure, int code, const char *prefix)
{
    struct failure tail = *failure;

    return failure_set(failure, code, "%.200s: %.800s", prefix, tail.text);
}
