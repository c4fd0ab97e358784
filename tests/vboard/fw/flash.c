/* Internal flash: what the NVMC does, and what it must not be asked to do. */
#include "fw.h"

#define PAGE     0x40000U
#define CODE     0x41000U
#define RETURN_1 0x47702001U /* movs r0, #1; bx lr */
#define RETURN_2 0x47702002U

static void ready(void)
{
    while (NVMC_READY == 0) {
    }
}

static void program(uint32_t addr, uint32_t value)
{
    NVMC_CONFIG = 1;
    REG(addr) = value;
    ready();
    NVMC_CONFIG = 0;
}

static void erase(uint32_t addr)
{
    NVMC_CONFIG = 2;
    NVMC_ERASEPAGE = addr;
    ready();
    NVMC_CONFIG = 0;
}

static void by_the_rules(void)
{
    uint32_t start = fw_now_us();

    erase(PAGE);
    fw_hex("erase_us", fw_now_us() - start);
    start = fw_now_us();
    program(PAGE, 0x12345678);
    fw_hex("program_us", fw_now_us() - start);
    fw_hex("word", REG(PAGE));
    program(PAGE + 4, 0xffffff00); /* one byte of a word, then the next: nWRITE is 2 */
    program(PAGE + 4, 0xffff11ff);
    fw_hex("bytes", REG(PAGE + 4));
    NVMC_CONFIG = 1;
    REG(PAGE + 8) = 0x01020304;
    REG(PAGE + 8) = 0xffffff00; /* the engine stores this raw; the word must be 01020300 all the same */
    NVMC_CONFIG = 0;
    fw_hex("anded", REG(PAGE + 8));
}

static void many_words_at_once(void)
{
    uint32_t start;

    erase(PAGE);
    NVMC_CONFIG = 1;
    start = fw_now_us();
    __asm volatile("mov r4, #1\n mov r5, #2\n mov r6, #3\n mov r7, #4\n stm %0, {r4-r7}" ::"r"(PAGE)
                   : "r4", "r5", "r6", "r7", "memory");
    fw_hex("stm_us", fw_now_us() - start);
    NVMC_CONFIG = 0;
    fw_hex("first", REG(PAGE));
    fw_hex("last", REG(PAGE + 12));
}

static uint32_t call(uint32_t addr)
{
    return ((uint32_t(*)(void))(uintptr_t)(addr | 1))();
}

/* New code at an address where other code ran before, without a reset and over one. */
static void swap_code(void)
{
    if (GPREGRET == 0) {
        erase(CODE);
        program(CODE, RETURN_1);
        fw_hex("first_code", call(CODE));
        erase(CODE);
        program(CODE, RETURN_2);
        fw_hex("second_code", call(CODE));
        erase(CODE);
        program(CODE, RETURN_1);
        GPREGRET = 1;
        fw_reset();
    }
    fw_hex("after_reset", call(CODE));
}

/* The same in RAM, by stores of the processor. */
static void swap_ram_code(void)
{
    static volatile uint32_t code[2] __attribute__((aligned(8)));

    for (uint32_t i = 1; i <= 3; i++) {
        code[0] = 0x47702000U + i;
        fw_hex("ram_code", call((uint32_t)(uintptr_t)code));
    }
}

__attribute__((section(".ramfunc"), noinline, long_call)) static uint32_t erase_from_ram(bool then_program)
{
    uint32_t polls = 0;

    NVMC_CONFIG = 2;
    NVMC_ERASEPAGE = PAGE;
    if (then_program) {
        NVMC_CONFIG = 1;
        REG(PAGE) = 0;
    }
    while (NVMC_READY == 0) {
        polls++;
    }
    NVMC_CONFIG = 0;
    return polls;
}

static void on_bus_fault(void)
{
    fw_hex("bus fault cfsr", CFSR);
    fw_print("end\n");
    for (;;) {
    }
}

static void protect(uint32_t permission)
{
    fw_vectors[5] = on_bus_fault;
    SHCSR |= 1U << 17;
    REG(0x4001e800) = PAGE;
    REG(0x4001e804) = 0x1000;
    REG(0x4001e808) = permission;
    fw_hex("neighbour", REG(PAGE + 0x1000));
}

static void uicr_after_reset(void)
{
    if (GPREGRET == 0) {
        program(0x10001084, 0xcafe0001);
        GPREGRET = 1;
        fw_reset();
    }
    fw_hex("uicr", REG(0x10001084));
}

static void violations(uint32_t which)
{
    erase(PAGE);
    NVMC_CONFIG = 1;
    switch (which) {
    case 10:
        NVMC_CONFIG = 0;
        REG(PAGE) = 0;
        break;
    case 11:
        *(volatile uint8_t *)PAGE = 0;
        break;
    case 12:
        REG(PAGE + 1) = 0;
        break;
    case 13:
        REG(PAGE) = 0xfffffffe;
        REG(PAGE) = 0xfffffffc;
        REG(PAGE) = 0xfffffff8;
        break;
    case 14:
        REG(PAGE) = 0xffff0000;
        REG(PAGE) = 0xffffff55;
        break;
    case 15:
        NVMC_ERASEPAGE = PAGE;
        break;
    case 16:
        NVMC_CONFIG = 2;
        NVMC_ERASEPAGE = PAGE + 4;
        break;
    case 17:
        (void)erase_from_ram(true);
        break;
    case 18:
        *(volatile uint16_t *)PAGE = 0;
        break;
    default:
        break;
    }
    fw_print("got away with it\n");
}

int main(void)
{
    fw_cycles_on();
    switch (FW_CASE) {
    case 0:
        by_the_rules();
        break;
    case 1:
        many_words_at_once();
        break;
    case 2:
        swap_code();
        break;
    case 3:
        swap_ram_code();
        break;
    case 4:
        fw_hex("polls", erase_from_ram(false) > 100);
        break;
    case 5:
        protect(2);
        NVMC_CONFIG = 1;
        REG(PAGE) = 0;
        break;
    case 6:
        protect(2);
        NVMC_CONFIG = 2;
        NVMC_ERASEPAGE = PAGE;
        break;
    case 7:
        protect(4);
        fw_hex("read", REG(PAGE));
        break;
    case 8:
        uicr_after_reset();
        break;
    default:
        violations(FW_CASE);
        break;
    }
    return 0;
}
