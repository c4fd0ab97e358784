/* Whether the core's log lines are printed. */
#ifndef TESTS_POWERCUT_LOG_H
#define TESTS_POWERCUT_LOG_H

#include <stdbool.h>

extern bool log_is_shown;

#endif
