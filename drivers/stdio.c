/* The C library's stdout on the console, for applications that print with it. */
#include <stdio.h>

#include "drivers/console_text.h"

static int put(char c, FILE *file)
{
    (void)file;
    console_put(c);
    return (unsigned char)c;
}

static FILE stdout_file = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
__attribute__((used)) FILE *const stdout = &stdout_file;
