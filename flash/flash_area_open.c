/* Apart from the other area functions, so that a program that makes its own areas needs no flash map. */
#include <farboot/flash_area.h>

int flash_area_open(uint8_t id, const struct flash_area **area)
{
    for (size_t i = 0; i < flash_map_count; i++) {
        if (flash_map[i].id == id) {
            *area = &flash_map[i];
            return OK;
        }
    }
    return ERR_FLASH_NO_AREA;
}
