/* Deadlines, over whichever clock the SoC has: their unit is the microsecond. */
#include <farboot/timer.h>

struct deadline deadline_in(uint32_t us)
{
    return (struct deadline){.start = timer_now_us(), .length = us};
}

bool deadline_passed(const struct deadline *deadline)
{
    return timer_now_us() - deadline->start > deadline->length;
}
