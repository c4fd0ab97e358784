/*
 * What the application core of an nRF5340 needs before anything else runs: the factory's trim values, the debug port,
 * and no reset reason that did not happen. Values are those of nrfx 4.2.1's system_nrf5340_application.c; errata that
 * only engineering samples have are left out.
 *
 * The core runs at 64 MHz and secure, as after reset: every peripheral, pin and memory is secure until the SPU is told
 * otherwise, which is the application's business.
 */
#include <farboot/devicetree.h>
#include <farboot/util.h>

#include "soc/arm/cortex_m.h"
#include "soc/arm/internal.h"
#include "soc/nrf/timer.h"

#define FICR_TRIMCNF          (DT_REG_ADDR(DT_NODELABEL(ficr)) + 0x300u)
#define FICR_TRIMCNF_COUNT    32u
#define RESET_RESETREAS       (DT_REG_ADDR(DT_NODELABEL(reset)) + 0x400u)
#define RESET_RESETREAS_PIN   (1u << 0)
#define CTRLAP_LOCK           (DT_REG_ADDR(DT_NODELABEL(ctrlap)) + 0x540u)
#define CTRLAP_DISABLE        (DT_REG_ADDR(DT_NODELABEL(ctrlap)) + 0x544u)
#define CTRLAP_SECURE_LOCK    (DT_REG_ADDR(DT_NODELABEL(ctrlap)) + 0x548u)
#define CTRLAP_SECURE_DISABLE (DT_REG_ADDR(DT_NODELABEL(ctrlap)) + 0x54cu)
#define UICR_APPROTECT        (DT_REG_ADDR(DT_NODELABEL(uicr)) + 0x000u)
#define UICR_SECUREAPPROTECT  (DT_REG_ADDR(DT_NODELABEL(uicr)) + 0x01cu)
#define ERASED                UINT32_MAX

/* Pairs of address and value, ended by an erased address. */
static void trim(void)
{
    for (uint32_t i = 0; i < FICR_TRIMCNF_COUNT && *reg32(FICR_TRIMCNF + 8 * i) != ERASED; i++) {
        *reg32(*reg32(FICR_TRIMCNF + 8 * i)) = *reg32(FICR_TRIMCNF + 8 * i + 4);
    }
}

/* Anomaly 55: after a pin reset, other bits of RESETREAS may be set too; whoever reads it later must not see them. */
static void anomaly_55(void)
{
    if ((*reg32(RESET_RESETREAS) & RESET_RESETREAS_PIN) != 0) {
        *reg32(RESET_RESETREAS) = ~RESET_RESETREAS_PIN;
    }
}

/* The debug ports, of everything and of secure code, open only if UICR and CTRL-AP both say so; a lock lasts until the
 * next reset. */
static void debug_port(void)
{
    if (IS_ENABLED(CONFIG_NRF_APPROTECT_LOCK)) {
        *reg32(CTRLAP_LOCK) = 1;
        *reg32(CTRLAP_SECURE_LOCK) = 1;
    } else {
        *reg32(CTRLAP_DISABLE) = *reg32(UICR_APPROTECT);
        *reg32(CTRLAP_SECURE_DISABLE) = *reg32(UICR_SECUREAPPROTECT);
    }
}

void soc_early_init(void)
{
    trim();
    anomaly_55();
    debug_port();
    timer_start();
}
