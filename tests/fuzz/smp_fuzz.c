/*
 * SMP from the wire to the slot: the first byte chooses between bytes of the serial line and packets (two bytes of
 * length, big endian, in front of each), the rest reaches server and update code over NOR models. Every response is
 * well formed; the models report what flash would not take.
 */
#include <stdlib.h>
#include <string.h>

#include "flash/model/nor_device.h"
#include "smp/cbor.h"
#include "smp/message.h"
#include "smp/service.h"
#include "tests/fuzz/fuzz.h"
#include "update/server_images.h"

enum { SECTOR = 512, SLOT_SECTORS = 12, SLOT_SIZE = SECTOR * SLOT_SECTORS, PACKET_SIZE = 512 };

static struct nor_device devices[2];
const struct flash_area flash_map[] = {
    {.dev = &devices[0].flash, .size = SLOT_SIZE, .id = 1},
    {.dev = &devices[1].flash, .size = SLOT_SIZE, .id = 2},
};
const size_t flash_map_count = 2;

static void check_response(const uint8_t *response, size_t len)
{
    struct message_header header;
    struct cbor_value body;

    if (len > 0 && (message_parse(response, len, &header) != OK ||
                    cbor_parse(response + MESSAGE_HEADER_SIZE, header.len, &body) != OK || body.type != CBOR_MAP)) {
        abort();
    }
}

static void ignore(void *context, const void *data, size_t len)
{
    (void)context;
    (void)data;
    (void)len;
}

static void run_line(const struct server_config *config, const uint8_t *data, size_t size)
{
    uint8_t request[PACKET_SIZE];
    uint8_t response[PACKET_SIZE];
    struct service service;

    service_init(&service, config, request, response, sizeof(response), ignore, NULL);
    (void)service_receive(&service, data, size);
}

static void run_packets(const struct server_config *config, const uint8_t *data, size_t size)
{
    struct server server;

    server_init(&server, config);
    while (size >= 2) {
        size_t len = (size_t)data[0] << 8 | data[1];
        uint8_t response[PACKET_SIZE];

        data += 2;
        size -= 2;
        len = len < size ? len : size;
        check_response(response, server_handle(&server, data, len, response, sizeof(response)));
        data += len;
        size -= len;
    }
}

static void open_devices(struct nor_power *power, struct nor_config configs[2], uint8_t data[2][SLOT_SIZE])
{
    static const struct flash_range ranges[] = {{0, SECTOR, SLOT_SECTORS}};
    int i;

    memset(data, 0xff, sizeof(data[0]) * 2);
    for (i = 0; i < 2; i++) {
        configs[i] = i == 0 ? nor_part_nrf52840 : nor_part_mx25r6435f;
        configs[i].geometry = (struct flash_geometry){SLOT_SIZE, 4, 0xff, 1, ranges};
        nor_device_init(&devices[i], power, &configs[i], data[i]);
    }
    nor_power_on(power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct server_group *const groups[] = {&server_group_os, &server_group_image};
    static const struct server_info info[] = {{'s', "fuzz"}};
    static uint8_t flash[2][SLOT_SIZE];
    struct nor_power power = {0};
    struct nor_config configs[2];
    struct update update;
    const struct server_config config = {groups, 2,           &update_server_images, &update, 1, info,
                                         1,      PACKET_SIZE, MESSAGE_BOOT_UNKNOWN};
    const struct update_config slots = {
        {1, 2, 3}, size > 0 ? (enum update_mode)(data[0] / 2 % (UPDATE_CHOOSE_WITH_REVERT + 1)) : 0, 0, 0, NULL};

    open_devices(&power, configs, flash);
    if (update_open(&update, &slots) != OK) {
        abort();
    }
    if (size > 1) {
        ((data[0] & 1) != 0 ? run_packets : run_line)(&config, data + 1, size - 1);
    }
    if (devices[0].model.violation[0] != 0 || devices[1].model.violation[0] != 0) {
        abort();
    }
    nor_device_free(&devices[0]);
    nor_device_free(&devices[1]);
    return 0;
}
