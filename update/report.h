/* How the bootloader led to this application, in words. */
#ifndef UPDATE_REPORT_H
#define UPDATE_REPORT_H

#include <stddef.h>

#include <farboot/boot_info.h>

enum { REPORT_SIZE = 128 };

/*
 * "booted in 412 ms", then what was installed ("test update in 16400 ms"), refused ("refused IMAGE-6") or postponed, of
 * each image pair. Cut off at `size` bytes, the final zero included.
 */
void report_format(const struct boot_info *info, char *text, size_t size);

/* The report of this boot, from the area that the Partition Manager placed; "" when there is none. Kept for good. */
const char *report_text(void);

#endif
