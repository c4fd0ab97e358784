/*
 * Progress of the update whose next step can be planned. Work is counted in bytes: of a step that copies its `len`,
 * which whoever applies the step adds as it gets done. Without CONFIG_BOOT_PROGRESS (progress_none.c) these do nothing.
 */
#ifndef BOOT_PROGRESS_H
#define BOOT_PROGRESS_H

#include <stdint.h>

struct boot;

void progress_begin(const struct boot *boot);

/* The same where the work ahead is known otherwise, in bytes. */
void progress_begin_bytes(uint32_t bytes);

void progress_add(uint32_t bytes);

#endif
