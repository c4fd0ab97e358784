/*
 * A map as framed text for a person, a frame per region.
 */
#ifndef PARTITION_PM_REPORT_H
#define PARTITION_PM_REPORT_H

#include "partition/pm_map.h"

/* `colour`: with ANSI escape sequences, for a terminal. */
void pm_report(const struct pm_map *map, bool colour, struct buffer *out);

#endif
