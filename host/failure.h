/*
 * What went wrong, in one line for a person. Host libraries return 0 or a negative code of <farboot/error.h>
 * and put the line here; the command line prints it. A line names the cause, the file and place, and the way
 * out.
 */
#ifndef HOST_FAILURE_H
#define HOST_FAILURE_H

#include <farboot/error.h>

struct failure {
    char text[1024];
};

/* Writes the line (cut at the buffer's end) and returns `code`, so that callers can `return
 * failure_set(...)`. */
int failure_set(struct failure *failure, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of a line that a callee wrote; returns `code`. */
int failure_prefix(struct failure *failure, int code, const char *prefix);

#endif
