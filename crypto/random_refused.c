/*
 * The library's file with P-256 also makes keys and signatures, for which it wants random numbers. Verification wants
 * none, and nothing in this tree makes a key on a device: whoever tries is refused. The linker drops this on targets.
 */
#include <psa/crypto.h>

psa_status_t psa_generate_random(uint8_t *output, size_t output_size)
{
    (void)output;
    (void)output_size;
    return PSA_ERROR_NOT_SUPPORTED;
}
