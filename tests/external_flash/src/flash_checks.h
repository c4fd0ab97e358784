/* Checks of a flash area in external flash against the contract of <farboot/flash.h>. They overwrite the area. */
#ifndef FLASH_CHECKS_H
#define FLASH_CHECKS_H

#include <farboot/flash_area.h>

/* Each prints one line, "PASS name" or "FAIL name: why", and returns whether it passed. */
bool flash_checks_run(const struct flash_area *area);

#endif
