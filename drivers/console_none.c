/* For images without CONFIG_CONSOLE: what would be printed is dropped, and nothing is ever received. */
#include <farboot/console.h>
#include <farboot/log.h>

void console_init(void)
{
}

void console_write(const void *data, size_t len)
{
    (void)data;
    (void)len;
}

size_t console_read(void *data, size_t len)
{
    (void)data;
    (void)len;
    return 0;
}

size_t console_wait(void *data, size_t len)
{
    return console_read(data, len);
}

void console_deinit(void)
{
}

void log_line(char level, const char *format, ...)
{
    (void)level;
    (void)format;
}
