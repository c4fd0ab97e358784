/* panic() where there is no SoC to reset: the program that simulates one ends. */
#include <stdio.h>
#include <stdlib.h>

#include <farboot/soc.h>

_Noreturn void panic(const char *reason)
{
    (void)fprintf(stderr, "panic: %s\n", reason);
    abort();
}
