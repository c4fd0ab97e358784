/*
 * The processor: executes Arm code on the Unicorn engine until something happens that the engine does not model. It
 * knows memory ranges and two callbacks, nothing of the SoC around it; exceptions, interrupts and sleep are the
 * business of vboard/v7m.h.
 *
 * What it relies on (Unicorn 2.0.1): a stop requested in the block hook takes effect before the block is executed (one
 * requested in a device access does not and is therefore postponed to the next block); a store to write-protected
 * memory is performed after the hook that saw it; on a fault all registers are right but the program counter, which
 * is that of the block (vboard/thumb.h finds the instruction). An engine keeps translated code: after a change of
 * executed memory cpu_renew makes a new one.
 */
#ifndef VBOARD_CPU_H
#define VBOARD_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vboard/clock.h"
#include "vboard/range.h"

enum cpu_stop {
    CPU_STOP_DUE, /* time is up, or a stop was requested */
    CPU_STOP_WFI,
    CPU_STOP_WFE,
    CPU_STOP_SVC,
    CPU_STOP_BKPT,
    CPU_STOP_EXCEPTION_RETURN, /* pc holds the EXC_RETURN value */
    CPU_STOP_UNDEFINED,
    CPU_STOP_STACK_LIMIT,   /* the stack pointer would fall below its limit; pc is the instruction */
    CPU_STOP_INVALID_STATE, /* a branch to an address without the Thumb bit */
    CPU_STOP_FAULT,         /* cpu->fault tells */
    CPU_STOP_ENTERED,       /* before code of cpu->stop_in is executed */
    CPU_STOP_ENGINE,        /* the engine failed in a way that is not the firmware's doing */
};

enum cpu_core { CPU_CORTEX_M4, CPU_CORTEX_M33 };

enum cpu_access { CPU_READ, CPU_WRITE, CPU_FETCH };

enum cpu_verdict { CPU_ALLOWED, CPU_DENIED_BY_MPU, CPU_DENIED_BY_BUS };

struct cpu_fault {
    enum cpu_access access;
    uint32_t addr;
    bool from_mpu; /* a rule of the memory protection unit, otherwise a bus error */
};

enum cpu_memory_kind {
    CPU_ROM, /* stores go to bus->store */
    CPU_RAM,
    CPU_DEVICE, /* reads and writes go to the bus */
};

/* One range of the address map, multiples of 4 KiB. `host` is borrowed; NULL for devices. */
struct cpu_memory {
    enum cpu_memory_kind kind;
    uint32_t base;
    uint32_t size;
    uint8_t *host;
};

struct cpu_bus {
    void *ctx;
    uint32_t (*read)(void *ctx, uint32_t addr, unsigned size);
    void (*write)(void *ctx, uint32_t addr, unsigned size, uint32_t value);
    /* A store to ROM; changes the host memory itself, or not. */
    void (*store)(void *ctx, uint32_t addr, unsigned size, uint32_t value);
    /* May this access to memory happen? Asked only in guarded ranges. */
    enum cpu_verdict (*judge)(void *ctx, enum cpu_access access, uint32_t addr, unsigned size);
    /* Is there something to stop for, now? Asked while cpu_watch is on. */
    bool (*unmasked)(void *ctx);
};

#define CPU_MEMORY_MAX 12

#define CPU_GUARD_SIZE 1024U /* bytes; what guards are made of: the engine's page */

struct cpu_block; /* instruction counts of translated blocks */
struct cpu;

struct cpu_device {
    struct cpu *cpu;
    uint32_t base;
};

struct cpu {
    struct uc_struct *engine;
    enum cpu_core core;
    struct sim_clock *clock;
    struct cpu_bus bus;
    struct cpu_memory memory[CPU_MEMORY_MAX];
    size_t memory_count;
    struct cpu_device devices[CPU_MEMORY_MAX];
    struct cpu_block *blocks[CPU_MEMORY_MAX]; /* per halfword of ROM and RAM */
    uint8_t *executed[CPU_MEMORY_MAX];        /* per 4 KiB: a block was counted here since the engine was made */
    uint8_t *guarded[CPU_MEMORY_MAX];         /* per guard size */
    const struct vboard_range *stop_in;       /* borrowed; the processor stops before it executes code of these */
    size_t stop_in_count;
    uint64_t instructions;
    uint32_t block; /* address of the block being executed */
    uint32_t pc;    /* where execution goes on */
    enum cpu_stop stop;
    struct cpu_fault fault;
    bool fault_pending; /* a device raised cpu->fault */
    bool stopped;       /* `stop` is set */
    bool stale;         /* translated code no longer matches memory */
    bool watching;      /* ask bus.unmasked at each block */
    bool probing;       /* the board's own code runs, not the firmware's */
    uint8_t *undo_at;   /* bytes to put back after a raw store to ROM */
    uint8_t undo[8];
    unsigned undo_len;
};

enum cpu_reg {
    CPU_R0 = 0, /* to R12 */
    CPU_SP = 13,
    CPU_LR = 14,
    CPU_XPSR,
    CPU_IPSR,
    CPU_MSP,
    CPU_PSP,
    CPU_CONTROL,
    CPU_PRIMASK,
    CPU_BASEPRI,
    CPU_FAULTMASK,
};

/* The limit of the main stack pointer; a core without one has 0. */
uint32_t cpu_stack_limit(struct cpu *cpu);

void cpu_init(struct cpu *cpu, enum cpu_core core, struct sim_clock *clock, const struct cpu_bus *bus,
              const struct cpu_memory *memory, size_t count);
void cpu_free(struct cpu *cpu);

/* A new engine with all registers zero, handler mode left; for resets. */
void cpu_restart(struct cpu *cpu); /* libunicorn has a cpu_reset of its own, which ours would replace */

/* A new engine with the same registers; called by cpu_run when code changed. */
void cpu_renew(struct cpu *cpu);

/* Executes from cpu->pc until the clock's stop_at or an event. */
enum cpu_stop cpu_run(struct cpu *cpu);

uint32_t cpu_get(const struct cpu *cpu, enum cpu_reg reg);
void cpu_set(struct cpu *cpu, enum cpu_reg reg, uint32_t value);

/* The host memory behind [addr, addr + len) of ROM or RAM, or NULL. */
uint8_t *cpu_memory_at(const struct cpu *cpu, uint32_t addr, uint32_t len);

/* Tells that memory was changed other than by a store of the processor (DMA, flash). */
void cpu_memory_changed(struct cpu *cpu, uint32_t addr, uint32_t len);

/* Makes [addr, addr + len) of memory (multiples of CPU_GUARD_SIZE) ask bus.judge, or not any more. */
void cpu_guard(struct cpu *cpu, uint32_t addr, uint32_t len, bool guarded);

/* A fault that a device raises for the access it is being asked about. Taken at the next block. */
void cpu_raise_fault(struct cpu *cpu, enum cpu_access access, uint32_t addr);

/* Ask bus.unmasked at every block, because something is pending that masks keep back. */
void cpu_watch(struct cpu *cpu, bool watching);

#endif
