#include "drivers/log_format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How one conversion wants its text. */
struct field {
    size_t width;
    bool is_left;
    bool is_zeroed; /* padded with zeros */
    bool is_long;
    bool is_negative;
};

static void pad(void (*put)(char c), size_t len, size_t width, char c)
{
    for (; len < width; len++) {
        put(c);
    }
}

static void put_text(void (*put)(char c), const struct field *field, const char *text, size_t len)
{
    if (!field->is_left) {
        pad(put, len, field->width, ' ');
    }
    for (size_t i = 0; i < len; i++) {
        put(text[i]);
    }
    if (field->is_left) {
        pad(put, len, field->width, ' ');
    }
}

/* `letters` is 'a' or 'A' for the digits above 9. */
static void put_number(void (*put)(char c), struct field *field, uintptr_t value, unsigned base, char letters)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        unsigned digit = (unsigned)(value % base);

        digits[--at] = (char)(digit < 10 ? '0' + digit : (unsigned)letters + digit - 10);
        value /= base;
    } while (value != 0);
    if (field->is_negative && field->is_zeroed && !field->is_left) {
        put('-');
        field->width = field->width > 0 ? field->width - 1 : 0;
    } else if (field->is_negative) {
        digits[--at] = '-';
    }
    if (field->is_zeroed && !field->is_left) {
        pad(put, sizeof(digits) - at, field->width, '0');
        field->width = 0;
    }
    put_text(put, field, digits + at, sizeof(digits) - at);
}

static size_t text_len(const char *text)
{
    size_t len = 0;

    while (text[len] != '\0') {
        len++;
    }
    return len;
}

static const char *parse_field(const char *format, struct field *field)
{
    for (; *format == '-' || *format == '0'; format++) {
        field->is_left |= *format == '-';
        field->is_zeroed |= *format == '0';
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        field->width = field->width * 10 + (size_t)(*format - '0');
    }
    for (; *format == 'l'; format++) {
        field->is_long = true;
    }
    return format;
}

/* `value` is the argument, as wide as a pointer; signed numbers are sign-extended. */
static void convert(void (*put)(char c), char conversion, struct field *field, uintptr_t value)
{
    char one = conversion;
    const char *text = &one;
    size_t len = 1;

    switch (conversion) {
    case 'd':
    case 'i':
        field->is_negative = (intptr_t)value < 0;
        put_number(put, field, field->is_negative ? 0 - value : value, 10, 'a');
        return;
    case 'u':
        put_number(put, field, value, 10, 'a');
        return;
    case 'p':
        put('0');
        put('x');
        put_number(put, field, value, 16, 'a');
        return;
    case 'x':
    case 'X':
        put_number(put, field, value, 16, conversion == 'X' ? 'A' : 'a');
        return;
    case 's':
        text = (const char *)value; /* NOLINT(performance-no-int-to-ptr): it came as one */
        len = text_len(text);
        break;
    case 'c':
        one = (char)value;
        break;
    default: /* %% and what is not known */
        break;
    }
    put_text(put, field, text, len);
}

/* Which type the argument of a conversion has. */
enum argument { ARGUMENT_NONE, ARGUMENT_INT, ARGUMENT_UNSIGNED, ARGUMENT_LONG, ARGUMENT_POINTER };

static enum argument argument_of(char conversion, const struct field *field)
{
    switch (conversion) {
    case 'd':
    case 'i':
    case 'c':
        return field->is_long ? ARGUMENT_LONG : ARGUMENT_INT;
    case 'u':
    case 'x':
    case 'X':
        return field->is_long ? ARGUMENT_LONG : ARGUMENT_UNSIGNED;
    case 's':
    case 'p':
        return ARGUMENT_POINTER;
    default:
        return ARGUMENT_NONE;
    }
}

void log_format(void (*put)(char c), const char *format, va_list arguments)
{
    for (; *format != '\0'; format++) {
        struct field field = {0};
        uintptr_t value = 0;

        if (*format != '%') {
            put(*format);
            continue;
        }
        format = parse_field(format + 1, &field);
        if (*format == '\0') {
            return;
        }
        switch (argument_of(*format, &field)) {
        case ARGUMENT_INT:
            value = (uintptr_t)(intptr_t)va_arg(arguments, int);
            break;
        case ARGUMENT_UNSIGNED:
            value = va_arg(arguments, unsigned);
            break;
        case ARGUMENT_LONG:
            value = va_arg(arguments, unsigned long);
            break;
        case ARGUMENT_POINTER:
            value = (uintptr_t)va_arg(arguments, void *);
            break;
        default:
            break;
        }
        convert(put, *format, &field, value);
    }
}
