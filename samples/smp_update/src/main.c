#include <farboot/console.h>
#include <farboot/log.h>
#include <farboot/soc.h>

int main(void)
{
    console_init();
    LOG_INF("smp_update");
    for (;;) {
        soc_idle();
    }
}
