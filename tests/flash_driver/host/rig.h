/*
 * A SPI controller and one of the virtual boards' chips behind it, in host programs: time passes when something is
 * transferred or waited for. What silicon would not do is counted.
 */
#ifndef TESTS_FLASH_DRIVER_RIG_H
#define TESTS_FLASH_DRIVER_RIG_H

#include "drivers/spi_nor.h"
#include "tests/flash_driver/suite.h"
#include "vboard/nor_chip.h"

/* Begins with `part`, fresh from the factory but for random contents, behind a controller of `transfer_max` bytes. */
void rig_begin(const struct nor_chip_part *part, uint32_t transfer_max);
void rig_end(void);

extern struct nor_chip rig_chip;
extern const struct spi_controller *rig_controller;

/* What firmware would be blamed for since rig_begin; each is printed. */
unsigned rig_bugs(void);

/* What the driver had to say since rig_begin, in one line. */
#define RIG_LOG_SIZE 512
extern char rig_log[RIG_LOG_SIZE];

/* Erases, programs and reads of the chip since rig_begin. */
const struct stats_device *rig_stats(void);

/* Time passes without the driver. */
void rig_advance_us(uint32_t us);

void rig_set_present(bool is_present);
void rig_set_endless(bool is_endless);

/* As leave_in of struct suite_device, but also for QPI that one line cannot end. */
bool rig_leave_in(enum suite_mode mode);

#endif
