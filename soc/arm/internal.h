/* Between the files of soc/ only. */
#ifndef SOC_ARM_INTERNAL_H
#define SOC_ARM_INTERNAL_H

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
