/* An SMP server on the console of an application, with the groups that Kconfig chooses. */
#ifndef SMP_SMP_CONSOLE_H
#define SMP_SMP_CONSOLE_H

#include "smp/server.h"

/*
 * `images`, `context` and `image_count` as in struct server_config; NULL without CONFIG_MCUMGR_GRP_IMG. `boot`: what
 * application info tells about the boot (letter u), as report_text() of update/report.h; "": nothing. Borrowed for
 * good.
 */
void smp_console_init(const struct server_images *images, void *context, unsigned image_count, const char *boot);

/* Sleeps until the console has received something or another interrupt comes; serves the requests that are complete.
 * Does not return from one that asks for a reset. */
void smp_console_serve(void);

#endif
