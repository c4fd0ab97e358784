#include "boot/records.h"

#include <string.h>

#include "boot/verify.h"

/* The counters' values and the mode's. */
static size_t list_values(struct records *records, const struct journal_value *values, size_t count)
{
    size_t used = 0;

    for (; used < RECORDS_COPIES; used++) {
        records->values[used] = (struct journal_value){records->counters[used], sizeof records->counters[used],
                                                       (uint8_t)(RECORDS_KEY_COUNTERS + used)};
    }
    for (size_t i = 0; i < count && used < RECORDS_VALUES; i++) {
        records->values[used++] = values[i];
    }
    return used;
}

void records_open(struct records *records, const struct flash_area *area, const struct journal_value *values,
                  size_t count)
{
    if (VERIFY_CAN_COUNT) {
        memset(records, 0, sizeof *records);
        count = list_values(records, values, count);
        values = records->values;
    }
    records->journal.error = ERR_FLASH_NO_AREA;
    if (area != NULL) {
        records->journal.error = journal_open(&records->journal, area, values, count);
    }
}

uint32_t records_counter(const struct records *records, uint8_t image)
{
    uint32_t highest = 0;

    for (size_t i = 0; i < RECORDS_COPIES && image < RECORDS_IMAGES; i++) {
        uint32_t found = records->counters[i][image];

        highest = found > highest ? found : highest;
    }
    return highest;
}

int records_raise_counter(struct records *records, uint8_t image, uint32_t value)
{
    int err = records->journal.error;

    for (size_t i = 0; err == OK && i < RECORDS_COPIES && image < RECORDS_IMAGES; i++) {
        /* One copy after the other: power may fail in between, then the next boot finds the higher one and goes on. */
        if (records->counters[i][image] < value) {
            records->counters[i][image] = value;
            err = journal_write(&records->journal, &records->values[i]);
        }
    }
    return err;
}
