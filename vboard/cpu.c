#include "vboard/cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "host/buffer.h"
#include "vboard/thumb.h"
#include "host/le.h"

#define PAGE       4096U
#define BLOCK_MAX  1024U       /* bytes: no block of translated code is longer */
#define NOWHERE    0xf0000000U /* an address that is never executed */
#define XPSR_THUMB 0x01000000U
#define XPSR_IT    0x0600fc00U
#define OP_SEV     0xbf40U
#define OP_WFI     0xbf30U
#define OP_WFE     0xbf20U
#define OP_YIELD   0xbf10U

/* The engine forgets some memory when code is overwritten; LeakSanitizer asks this function what is not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libunicorn";
}

/* Numbers that the engine's interrupt hook reports for M-profile (QEMU's EXCP_*). */
enum { ENGINE_SVC = 2, ENGINE_BKPT = 7, ENGINE_EXCEPTION_RETURN = 8, ENGINE_STACK_LIMIT = 19 };

/* The engine has no name for MSPLIM, so instructions of the board's own read and write it. */
#define PROBE_PAGE 0xf1000000U
static const uint16_t probe_code[] = {0xf3ef, 0x800a, 0xf380, 0x880a}; /* mrs r0, msplim; msr msplim, r0 */
enum { PROBE_READ = 0, PROBE_WRITE = 4 };

struct cpu_block {
    uint16_t size;  /* bytes; 0: unknown */
    uint16_t count; /* instructions */
};

static const int engine_reg[] = {
    [0] = UC_ARM_REG_R0,
    [1] = UC_ARM_REG_R1,
    [2] = UC_ARM_REG_R2,
    [3] = UC_ARM_REG_R3,
    [4] = UC_ARM_REG_R4,
    [5] = UC_ARM_REG_R5,
    [6] = UC_ARM_REG_R6,
    [7] = UC_ARM_REG_R7,
    [8] = UC_ARM_REG_R8,
    [9] = UC_ARM_REG_R9,
    [10] = UC_ARM_REG_R10,
    [11] = UC_ARM_REG_R11,
    [12] = UC_ARM_REG_R12,
    [CPU_SP] = UC_ARM_REG_SP,
    [CPU_LR] = UC_ARM_REG_LR,
    [CPU_XPSR] = UC_ARM_REG_XPSR,
    [CPU_IPSR] = UC_ARM_REG_IPSR,
    [CPU_MSP] = UC_ARM_REG_MSP,
    [CPU_PSP] = UC_ARM_REG_PSP,
    [CPU_CONTROL] = UC_ARM_REG_CONTROL,
    [CPU_PRIMASK] = UC_ARM_REG_PRIMASK,
    [CPU_BASEPRI] = UC_ARM_REG_BASEPRI,
    [CPU_FAULTMASK] = UC_ARM_REG_FAULTMASK,
};

static void stop_with(struct cpu *cpu, enum cpu_stop stop)
{
    cpu->stop = stop;
    cpu->stopped = true;
    (void)uc_emu_stop(cpu->engine);
}

static long memory_index(const struct cpu *cpu, uint32_t addr)
{
    for (size_t i = 0; i < cpu->memory_count; i++) {
        if (addr - cpu->memory[i].base < cpu->memory[i].size) {
            return (long)i;
        }
    }
    return -1;
}

uint8_t *cpu_memory_at(const struct cpu *cpu, uint32_t addr, uint32_t len)
{
    long index = memory_index(cpu, addr);
    uint32_t off;

    if (index < 0 || cpu->memory[index].host == NULL) {
        return NULL;
    }
    off = addr - cpu->memory[index].base;
    return len <= cpu->memory[index].size - off ? cpu->memory[index].host + off : NULL;
}

static uint16_t halfword_at(const struct cpu *cpu, uint32_t addr)
{
    const uint8_t *at = cpu_memory_at(cpu, addr, 2);

    return at != NULL ? le16_get(at) : 0;
}

static uint16_t count_instructions(const struct cpu *cpu, uint32_t addr, uint32_t size)
{
    uint16_t count = 0;
    uint32_t at = 0;

    while (at < size) {
        at += 2 * thumb_length(halfword_at(cpu, addr + at));
        count++;
    }
    return count;
}

static uint16_t learn_block(struct cpu *cpu, struct cpu_block *block, size_t index, uint32_t addr, uint32_t size)
{
    uint32_t off = addr - cpu->memory[index].base;

    block->size = (uint16_t)size;
    block->count = count_instructions(cpu, addr, size);
    for (uint32_t page = off / PAGE; page <= (off + size - 1) / PAGE && page < cpu->memory[index].size / PAGE; page++) {
        cpu->executed[index][page] = 1;
    }
    return block->count;
}

static uint16_t block_instructions(struct cpu *cpu, uint32_t addr, uint32_t size)
{
    for (size_t i = 0; i < cpu->memory_count; i++) {
        uint32_t off = addr - cpu->memory[i].base;

        if (off < cpu->memory[i].size && cpu->blocks[i] != NULL) {
            struct cpu_block *block = &cpu->blocks[i][off / 2];

            return block->size == size ? block->count : learn_block(cpu, block, i, addr, size);
        }
    }
    return 1;
}

/* The engine stores raw what the firmware stored to ROM; NOR keeps what it had. */
static void undo_raw_store(struct cpu *cpu)
{
    if (cpu->undo_len != 0) {
        memcpy(cpu->undo_at, cpu->undo, cpu->undo_len);
        cpu->undo_len = 0;
    }
}

static void on_block(uc_engine *engine, uint64_t addr, uint32_t size, void *user)
{
    struct cpu *cpu = user;
    uint16_t count;

    if (cpu->probing) {
        return;
    }
    if (cpu->undo_len != 0) {
        undo_raw_store(cpu);
    }
    if (cpu->clock->now >= cpu->clock->stop_at || (cpu->watching && cpu->bus.unmasked(cpu->bus.ctx))) {
        cpu->stopped = true;
        cpu->stop = CPU_STOP_DUE;
        (void)uc_emu_stop(engine);
        return;
    }
    if (cpu->stop_in_count != 0 && vboard_ranges_contain(cpu->stop_in, cpu->stop_in_count, (uint32_t)addr)) {
        cpu->block = (uint32_t)addr;
        stop_with(cpu, CPU_STOP_ENTERED);
        return;
    }
    count = block_instructions(cpu, (uint32_t)addr, size);
    cpu->block = (uint32_t)addr;
    cpu->clock->now += count;
    cpu->instructions += count;
}

static uint64_t device_read(uc_engine *engine, uint64_t off, unsigned size, void *user)
{
    const struct cpu_device *device = user;
    struct cpu *cpu = device->cpu;

    (void)engine;
    undo_raw_store(cpu);
    return cpu->bus.read(cpu->bus.ctx, device->base + (uint32_t)off, size);
}

static void device_write(uc_engine *engine, uint64_t off, unsigned size, uint64_t value, void *user)
{
    const struct cpu_device *device = user;
    struct cpu *cpu = device->cpu;

    (void)engine;
    undo_raw_store(cpu);
    cpu->bus.write(cpu->bus.ctx, device->base + (uint32_t)off, size, (uint32_t)value);
}

static void fail_access(struct cpu *cpu, enum cpu_access access, uint32_t addr, bool from_mpu)
{
    cpu->fault = (struct cpu_fault){access, addr, from_mpu};
    cpu->stop = CPU_STOP_FAULT;
    cpu->stopped = true;
}

static enum cpu_access access_of(uc_mem_type type)
{
    switch (type) {
    case UC_MEM_WRITE_UNMAPPED:
    case UC_MEM_WRITE_PROT:
        return CPU_WRITE;
    case UC_MEM_FETCH_UNMAPPED:
    case UC_MEM_FETCH_PROT:
        return CPU_FETCH;
    default:
        return CPU_READ;
    }
}

static bool on_unmapped(uc_engine *engine, uc_mem_type type, uint64_t addr, int size, int64_t value, void *user)
{
    (void)engine;
    (void)size;
    (void)value;
    fail_access(user, access_of(type), (uint32_t)addr, false);
    return false;
}

static bool store_to_rom(struct cpu *cpu, uint8_t *host, uint32_t addr, unsigned size, uint32_t value)
{
    undo_raw_store(cpu);
    cpu->bus.store(cpu->bus.ctx, addr, size, value);
    memcpy(cpu->undo, host, size);
    cpu->undo_at = host;
    cpu->undo_len = size;
    return true;
}

/* The engine does not perform an allowed store to a page without any permission, so it is performed here. */
static bool access_guarded(struct cpu *cpu, enum cpu_access access, uint32_t addr, unsigned size, uint32_t value)
{
    uint8_t *host = cpu_memory_at(cpu, addr, size);

    enum cpu_verdict verdict = host != NULL ? cpu->bus.judge(cpu->bus.ctx, access, addr, size) : CPU_DENIED_BY_BUS;

    if (verdict != CPU_ALLOWED) {
        fail_access(cpu, access, addr, verdict == CPU_DENIED_BY_MPU);
        return false;
    }
    if (access == CPU_WRITE) {
        memcpy(host, &value, size);
    }
    return true;
}

static bool on_protected(uc_engine *engine, uc_mem_type type, uint64_t addr, int size, int64_t value, void *user)
{
    struct cpu *cpu = user;
    long index = memory_index(cpu, (uint32_t)addr);
    uint8_t *host = cpu_memory_at(cpu, (uint32_t)addr, (uint32_t)size);

    (void)engine;
    if (index >= 0 && host != NULL && cpu->memory[index].kind == CPU_ROM && access_of(type) == CPU_WRITE) {
        return store_to_rom(cpu, host, (uint32_t)addr, (unsigned)size, (uint32_t)value);
    }
    return access_guarded(cpu, access_of(type), (uint32_t)addr, (unsigned)size, (uint32_t)value);
}

static void on_interrupt(uc_engine *engine, uint32_t number, void *user)
{
    (void)engine;
    switch (number) {
    case ENGINE_SVC:
        stop_with(user, CPU_STOP_SVC);
        break;
    case ENGINE_BKPT:
        stop_with(user, CPU_STOP_BKPT);
        break;
    case ENGINE_EXCEPTION_RETURN:
        stop_with(user, CPU_STOP_EXCEPTION_RETURN);
        break;
    case ENGINE_STACK_LIMIT:
        stop_with(user, CPU_STOP_STACK_LIMIT);
        break;
    default:
        stop_with(user, CPU_STOP_UNDEFINED);
        break;
    }
}

static void must(uc_err err, const char *what)
{
    if (err != UC_ERR_OK) {
        (void)fprintf(stderr, "vboard: the engine refuses to %s: %s\n", what, uc_strerror(err));
        abort();
    }
}

static void map_memory(struct cpu *cpu, size_t index)
{
    const struct cpu_memory *memory = &cpu->memory[index];
    struct cpu_device *device = &cpu->devices[index];

    *device = (struct cpu_device){cpu, memory->base};
    if (memory->kind == CPU_DEVICE) {
        must(uc_mmio_map(cpu->engine, memory->base, memory->size, device_read, device, device_write, device),
             "map a device");
    } else {
        must(uc_mem_map_ptr(cpu->engine, memory->base, memory->size,
                            memory->kind == CPU_ROM ? UC_PROT_READ | UC_PROT_EXEC : UC_PROT_ALL, memory->host),
             "map memory");
    }
}

static void protect(struct cpu *cpu, size_t index, uint32_t off, bool guarded)
{
    uint32_t open = cpu->memory[index].kind == CPU_ROM ? UC_PROT_READ | UC_PROT_EXEC : UC_PROT_ALL;

    must(uc_mem_protect(cpu->engine, cpu->memory[index].base + off, CPU_GUARD_SIZE, guarded ? UC_PROT_NONE : open),
         "protect memory");
}

static void open_memory(struct cpu *cpu, size_t index)
{
    map_memory(cpu, index);
    if (cpu->blocks[index] == NULL) {
        return;
    }
    memset(cpu->executed[index], 0, cpu->memory[index].size / PAGE);
    for (uint32_t i = 0; i < cpu->memory[index].size / CPU_GUARD_SIZE; i++) {
        if (cpu->guarded[index][i] != 0) {
            protect(cpu, index, i * CPU_GUARD_SIZE, true);
        }
    }
}

static void add_hook(struct cpu *cpu, int type, void (*callback)(void))
{
    uc_hook hook;
    void *pointer;

    memcpy(&pointer, &callback, sizeof(pointer));
    must(uc_hook_add(cpu->engine, &hook, type, pointer, cpu, 1, 0), "add a hook");
}

static void open_engine(struct cpu *cpu)
{
    must(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &cpu->engine), "start");
    must(uc_ctl_set_cpu_model(cpu->engine, cpu->core == CPU_CORTEX_M33 ? UC_CPU_ARM_CORTEX_M33 : UC_CPU_ARM_CORTEX_M4),
         "be such a core");
    must(uc_mem_map(cpu->engine, PROBE_PAGE, PAGE, UC_PROT_READ | UC_PROT_EXEC), "map the board's code");
    must(uc_mem_write(cpu->engine, PROBE_PAGE, probe_code, sizeof(probe_code)), "take the board's code");
    for (size_t i = 0; i < cpu->memory_count; i++) {
        open_memory(cpu, i);
    }
    add_hook(cpu, UC_HOOK_BLOCK, (void (*)(void))on_block);
    add_hook(cpu, UC_HOOK_MEM_UNMAPPED, (void (*)(void))on_unmapped);
    add_hook(cpu, UC_HOOK_MEM_PROT, (void (*)(void))on_protected);
    add_hook(cpu, UC_HOOK_INTR, (void (*)(void))on_interrupt);
    cpu->stale = false;
    cpu->undo_len = 0;
}

void cpu_init(struct cpu *cpu, enum cpu_core core, struct sim_clock *clock, const struct cpu_bus *bus,
              const struct cpu_memory *memory, size_t count)
{
    *cpu = (struct cpu){.core = core, .clock = clock, .bus = *bus, .memory_count = count};
    for (size_t i = 0; i < count; i++) {
        cpu->memory[i] = memory[i];
        if (memory[i].kind != CPU_DEVICE) {
            cpu->blocks[i] = host_alloc(memory[i].size / 2 * sizeof(struct cpu_block));
            cpu->executed[i] = host_alloc(memory[i].size / PAGE);
            cpu->guarded[i] = host_alloc(memory[i].size / CPU_GUARD_SIZE);
        }
    }
    open_engine(cpu);
}

static void close_engine(struct cpu *cpu)
{
    undo_raw_store(cpu);
    (void)uc_close(cpu->engine);
}

void cpu_free(struct cpu *cpu)
{
    close_engine(cpu);
    for (size_t i = 0; i < cpu->memory_count; i++) {
        free(cpu->blocks[i]);
        free(cpu->executed[i]);
        free(cpu->guarded[i]);
    }
}

/* RAM may hold other code now; lengths of instructions in ROM are forgotten where ROM changes. */
static void forget_blocks(struct cpu *cpu, size_t index, uint32_t off, uint32_t len)
{
    memset(&cpu->blocks[index][off / 2], 0, (len + 1) / 2 * sizeof(struct cpu_block));
}

void cpu_restart(struct cpu *cpu)
{
    close_engine(cpu);
    for (size_t i = 0; i < cpu->memory_count; i++) {
        if (cpu->blocks[i] != NULL) {
            memset(cpu->guarded[i], 0, cpu->memory[i].size / CPU_GUARD_SIZE);
            if (cpu->memory[i].kind == CPU_RAM) {
                forget_blocks(cpu, i, 0, cpu->memory[i].size);
            }
        }
    }
    open_engine(cpu);
    cpu->watching = false;
}

/* Executes one instruction of the board's own, outside of any IT block, with r0 as given; returns what r0 is then. */
static uint32_t probe(struct cpu *cpu, uint32_t off, uint32_t r0)
{
    uint32_t saved = cpu_get(cpu, CPU_R0);
    uint32_t xpsr = cpu_get(cpu, CPU_XPSR);
    uint32_t result;

    cpu_set(cpu, CPU_R0, r0);
    cpu_set(cpu, CPU_XPSR, xpsr & ~XPSR_IT);
    cpu->probing = true;
    must(uc_emu_start(cpu->engine, (PROBE_PAGE + off) | 1, PROBE_PAGE + off + 4, 0, 0), "execute the board's code");
    cpu->probing = false;
    result = cpu_get(cpu, CPU_R0);
    cpu_set(cpu, CPU_R0, saved);
    cpu_set(cpu, CPU_XPSR, xpsr);
    return result;
}

uint32_t cpu_stack_limit(struct cpu *cpu)
{
    return cpu->core == CPU_CORTEX_M33 ? probe(cpu, PROBE_READ, 0) : 0;
}

/* The stack pointers are banked by mode: control and both pointers first, then the mode, then the rest. */
static const enum cpu_reg renewed[] = {
    CPU_CONTROL, CPU_MSP,    CPU_PSP,    CPU_XPSR,    CPU_R0,      CPU_R0 + 1,    CPU_R0 + 2,  CPU_R0 + 3,
    CPU_R0 + 4,  CPU_R0 + 5, CPU_R0 + 6, CPU_R0 + 7,  CPU_R0 + 8,  CPU_R0 + 9,    CPU_R0 + 10, CPU_R0 + 11,
    CPU_R0 + 12, CPU_SP,     CPU_LR,     CPU_PRIMASK, CPU_BASEPRI, CPU_FAULTMASK,
};
#define RENEWED_COUNT (sizeof(renewed) / sizeof(renewed[0]))
#define DOUBLE_COUNT  16

void cpu_renew(struct cpu *cpu)
{
    uint32_t values[RENEWED_COUNT];
    uint64_t doubles[DOUBLE_COUNT];
    uint32_t fpscr = 0;
    uint32_t limit;

    for (size_t i = 0; i < RENEWED_COUNT; i++) {
        values[i] = cpu_get(cpu, renewed[i]);
    }
    for (int i = 0; i < DOUBLE_COUNT; i++) {
        (void)uc_reg_read(cpu->engine, UC_ARM_REG_D0 + i, &doubles[i]);
    }
    (void)uc_reg_read(cpu->engine, UC_ARM_REG_FPSCR, &fpscr);
    limit = cpu_stack_limit(cpu);
    close_engine(cpu);
    open_engine(cpu);
    for (size_t i = 0; i < RENEWED_COUNT; i++) {
        cpu_set(cpu, renewed[i], values[i]);
    }
    for (int i = 0; i < DOUBLE_COUNT; i++) {
        (void)uc_reg_write(cpu->engine, UC_ARM_REG_D0 + i, &doubles[i]);
    }
    (void)uc_reg_write(cpu->engine, UC_ARM_REG_FPSCR, &fpscr);
    if (limit != 0) {
        (void)probe(cpu, PROBE_WRITE, limit);
    }
}

/* Why the engine came back, where no hook said it: a sleep instruction, or one that it cannot execute. */
static enum cpu_stop classify(const struct cpu *cpu, uc_err err)
{
    uint16_t before = halfword_at(cpu, cpu->pc - 2);

    if (err == UC_ERR_OK) {
        return before == OP_WFI ? CPU_STOP_WFI : CPU_STOP_DUE;
    }
    if (err != UC_ERR_INSN_INVALID && err != UC_ERR_EXCEPTION) {
        return CPU_STOP_ENGINE;
    }
    if ((cpu_get(cpu, CPU_XPSR) & XPSR_THUMB) == 0) {
        return CPU_STOP_INVALID_STATE;
    }
    if (cpu->block == cpu->pc) {
        return CPU_STOP_UNDEFINED;
    }
    if (before == OP_YIELD || (before == OP_WFE && halfword_at(cpu, cpu->pc - 4) == OP_SEV)) {
        return CPU_STOP_DUE;
    }
    return before == OP_WFE ? CPU_STOP_WFE : CPU_STOP_UNDEFINED;
}

/* The first instruction of the block whose load or store meets the fault's address; the block when none does. */
static uint32_t find_faulting(const struct cpu *cpu)
{
    uint32_t regs[16];

    for (unsigned i = 0; i < 15; i++) {
        regs[i] = cpu_get(cpu, CPU_R0 + i);
    }
    for (uint32_t at = cpu->pc; at - cpu->pc < BLOCK_MAX; at += 2 * thumb_length(halfword_at(cpu, at))) {
        struct thumb_access access;

        regs[15] = at;
        access = thumb_access(halfword_at(cpu, at), halfword_at(cpu, at + 2), regs);
        if (cpu->fault.addr - access.addr < access.len) {
            return at;
        }
    }
    return cpu->pc;
}

enum cpu_stop cpu_run(struct cpu *cpu)
{
    uc_err err;

    if (cpu->stale) {
        cpu_renew(cpu);
    }
    cpu->stopped = false;
    err = uc_emu_start(cpu->engine, cpu->pc | 1, NOWHERE, 0, 0);
    undo_raw_store(cpu);
    (void)uc_reg_read(cpu->engine, UC_ARM_REG_PC, &cpu->pc);
    if (!cpu->stopped) {
        cpu->stop = classify(cpu, err);
    } else if (cpu->stop == CPU_STOP_FAULT && cpu->fault.access != CPU_FETCH) {
        cpu->pc = find_faulting(cpu);
    }
    if (cpu->fault_pending) {
        cpu->fault_pending = false;
        cpu->stop = CPU_STOP_FAULT;
    }
    return cpu->stop;
}

uint32_t cpu_get(const struct cpu *cpu, enum cpu_reg reg)
{
    uint32_t value = 0;

    (void)uc_reg_read(cpu->engine, engine_reg[reg], &value);
    return value;
}

void cpu_set(struct cpu *cpu, enum cpu_reg reg, uint32_t value)
{
    (void)uc_reg_write(cpu->engine, engine_reg[reg], &value);
}

void cpu_memory_changed(struct cpu *cpu, uint32_t addr, uint32_t len)
{
    long index = memory_index(cpu, addr);
    uint32_t off;

    if (index < 0 || cpu->blocks[index] == NULL || len == 0) {
        return;
    }
    off = addr - cpu->memory[index].base;
    len = len <= cpu->memory[index].size - off ? len : cpu->memory[index].size - off;
    forget_blocks(cpu, (size_t)index, off & ~1U, len);
    for (uint32_t page = off / PAGE; page <= (off + len - 1) / PAGE; page++) {
        if (cpu->executed[index][page] != 0) {
            cpu->stale = true;
            sim_clock_stop_soon(cpu->clock);
        }
    }
}

void cpu_guard(struct cpu *cpu, uint32_t addr, uint32_t len, bool guarded)
{
    long index = memory_index(cpu, addr);

    if (index < 0 || cpu->blocks[index] == NULL) {
        return;
    }
    for (uint32_t off = addr - cpu->memory[index].base; len > 0 && off < cpu->memory[index].size;
         off += CPU_GUARD_SIZE, len -= CPU_GUARD_SIZE) {
        uint8_t *mark = &cpu->guarded[index][off / CPU_GUARD_SIZE];

        if (*mark != (uint8_t)guarded) {
            *mark = guarded;
            protect(cpu, (size_t)index, off, guarded);
        }
    }
}

void cpu_raise_fault(struct cpu *cpu, enum cpu_access access, uint32_t addr)
{
    cpu->fault = (struct cpu_fault){access, addr, false};
    cpu->fault_pending = true;
    sim_clock_stop_soon(cpu->clock);
}

void cpu_watch(struct cpu *cpu, bool watching)
{
    cpu->watching = watching;
}
