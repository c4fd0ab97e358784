#include "drivers/log_format.h"

#include <stddef.h>

static void put_text(void (*put)(char c), const char *text)
{
    while (*text != '\0') {
        put(*text++);
    }
}

/* At least `width` characters, with `fill` in front. */
static void put_number(void (*put)(char c), unsigned value, unsigned base, size_t width, char fill)
{
    char digits[10]; /* of 2^32 - 1 */
    size_t len = 0;

    do {
        digits[len++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (; width > len; width--) {
        put(fill);
    }
    while (len > 0) {
        put(digits[--len]);
    }
}

static void put_signed(void (*put)(char c), int value)
{
    if (value < 0) {
        put('-');
    }
    put_number(put, value < 0 ? 0 - (unsigned)value : (unsigned)value, 10, 0, ' ');
}

void log_format(void (*put)(char c), const char *format, va_list arguments)
{
    for (; *format != '\0'; format++) {
        size_t width = 0;
        char fill;

        if (*format != '%') {
            put(*format);
            continue;
        }
        fill = *++format == '0' ? '0' : ' ';
        for (; *format >= '0' && *format <= '9'; format++) {
            width = width * 10 + (size_t)(*format - '0');
        }
        switch (*format) {
        case 's':
            put_text(put, va_arg(arguments, const char *));
            break;
        case 'c':
            put((char)va_arg(arguments, int));
            break;
        case 'd':
            put_signed(put, va_arg(arguments, int));
            break;
        case 'u':
        case 'x':
            put_number(put, va_arg(arguments, unsigned), *format == 'u' ? 10 : 16, width, fill);
            break;
        case '\0':
            return;
        default: /* %% and what is not known */
            put(*format);
            break;
        }
    }
}
