/* Between the files of soc/ only. */
#ifndef SOC_ARM_INTERNAL_H
#define SOC_ARM_INTERNAL_H

/* Also read by soc/linker.ld.in: the guard below the stack is wide enough that a frame with a 256-byte buffer cannot
 * step over it. */
#define STACK_GUARD_LOG2 8

#ifndef LINKER_SCRIPT
/* The image's entry, second word of its vector table. */
_Noreturn void reset_handler(void);

/* Every exception that nobody handles: one line with the fault registers, then reset. */
void fault_entry(void);

/* What the SoC's errata and debug port want before anything else; runs with .data and .bss ready. */
void soc_early_init(void);

/* CONFIG_CORTEX_M_SYSTICK: starts the clock, for soc_early_init; its exception. */
void systick_start(void);
void systick_handler(void);

/* What early init started is as after reset again; no time passes from here on. */
void soc_quiesce(void);
#endif

#endif
