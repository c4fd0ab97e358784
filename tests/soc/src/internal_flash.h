/* Checks internal flash with one-byte writes emulated, in its last page. Prints PASS or FAIL lines. */
#ifndef INTERNAL_FLASH_H
#define INTERNAL_FLASH_H

void internal_flash_check(void);

#endif
