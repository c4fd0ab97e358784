/*
 * Log lines of bootloader and application: one line per call on the console, prefixed "I: ", "W: ", "E: " or
 * "D: " as MCUboot prints them in its minimal log mode, so that scripts written for its console keep working.
 *
 * log_line formats %s %c %d %u %x %%, and %u and %x with a width, padded with spaces or zeros (%08x); nothing else, so
 * that the bootloader needs no printf. Host tests may supply their own log_line.
 */
#ifndef FARBOOT_LOG_H
#define FARBOOT_LOG_H

void log_line(char level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define LOG_INF(...) log_line('I', __VA_ARGS__)
#define LOG_WRN(...) log_line('W', __VA_ARGS__)
#define LOG_ERR(...) log_line('E', __VA_ARGS__)

#endif
