/*
 * A device that serves SMP, on a pseudo terminal: server and update code as an application links them, over NOR models.
 * Nothing is booted; a reset only opens the slots anew. The line can be told to misbehave.
 *
 *   pty_server LINK PRIMARY [drop=N] [corrupt=N] [seed=S] [delay=MS] [chatter] [overwrite]
 *
 * Makes LINK a symbolic link to the terminal, puts the image file PRIMARY into the primary slot, prints "ready", and
 * runs until it is ended by a signal. drop, corrupt: one in N bytes in either direction.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "flash/model/nor_device.h"
#include "host/file.h"
#include "host/random.h"
#include "smp/message.h"
#include "smp/service.h"
#include "update/server_images.h"

enum { SECTOR = 4096, SLOT_SECTORS = 48, SLOT_SIZE = SECTOR * SLOT_SECTORS, PACKET_SIZE = 1024 };

static struct nor_device devices[2];
const struct flash_area flash_map[] = {
    {.dev = &devices[0].flash, .size = SLOT_SIZE, .id = 1},
    {.dev = &devices[1].flash, .size = SLOT_SIZE, .id = 2},
};
const size_t flash_map_count = 2;

static const struct flash_range ranges[] = {{0, SECTOR, SLOT_SECTORS}};

struct device {
    int master;
    struct random random;
    uint32_t drop;
    uint32_t corrupt;
    uint32_t delay_ms;
    bool chatter;
    struct nor_power power;
    struct nor_config configs[2];
    struct update_config update_config;
    struct update update;
    struct server_config server_config;
    struct service service;
    uint8_t request[PACKET_SIZE];
    uint8_t response[PACKET_SIZE];
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static bool one_in(struct device *device, uint32_t n)
{
    return n > 0 && random_below(&device->random, n) == 0;
}

/* What the line makes of `len` bytes, in place. Returns how many arrive. */
static size_t line_spoil(struct device *device, uint8_t *bytes, size_t len)
{
    size_t kept = 0;
    size_t i;

    for (i = 0; i < len; i++) {
        if (!one_in(device, device->drop)) {
            bytes[kept++] = one_in(device, device->corrupt) ? (uint8_t)random_next(&device->random) : bytes[i];
        }
    }
    return kept;
}

static void send_bytes(void *context, const void *data, size_t len)
{
    struct device *device = context;
    uint8_t bytes[FRAME_LINE_MAX];
    size_t kept;
    size_t sent = 0;

    memcpy(bytes, data, len);
    kept = line_spoil(device, bytes, len);
    while (sent < kept) {
        ssize_t count = write(device->master, bytes + sent, kept - sent);

        if (count < 0) {
            fail("write");
        }
        sent += (size_t)count;
    }
}

static void say(struct device *device, const char *text)
{
    send_bytes(device, text, strlen(text));
}

static int open_terminal(const char *link)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    struct termios settings;
    int slave;

    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) {
        fail("posix_openpt");
    }
    /* Held open, so that the terminal outlives each client. */
    slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0 || tcgetattr(slave, &settings) != 0) {
        fail(ptsname(master));
    }
    cfmakeraw(&settings);
    if (tcsetattr(slave, TCSANOW, &settings) != 0) {
        fail("tcsetattr");
    }
    (void)unlink(link);
    if (symlink(ptsname(master), link) != 0) {
        fail(link);
    }
    return master;
}

static void open_slots(struct device *device, const char *primary)
{
    struct buffer image = {0};
    struct failure failure;
    int i;

    nor_power_on(&device->power, NOR_NO_CUT, NOR_CUT_CLEAN, 0);
    for (i = 0; i < 2; i++) {
        uint8_t *data = host_alloc(SLOT_SIZE);

        memset(data, 0xff, SLOT_SIZE);
        device->configs[i] = i == 0 ? nor_part_nrf52840 : nor_part_mx25r6435f;
        device->configs[i].geometry = (struct flash_geometry){SLOT_SIZE, 4, 0xff, 1, ranges};
        nor_device_init(&devices[i], &device->power, &device->configs[i], data);
    }
    if (file_read(primary, &image, &failure) != OK || image.len > SLOT_SIZE) {
        (void)fprintf(stderr, "%s\n", image.len > SLOT_SIZE ? "image too large" : failure.text);
        exit(1);
    }
    memcpy(devices[0].model.data, image.data, image.len);
    buffer_free(&image);
}

static void start(struct device *device)
{
    static const struct server_group *const groups[] = {&server_group_os, &server_group_image};
    static const struct server_info info[] = {{'s', "Farboot"}, {'i', "pty"}};

    if (update_open(&device->update, &device->update_config) != OK) {
        (void)fputs("update_open failed\n", stderr);
        exit(1);
    }
    device->server_config = (struct server_config){
        groups, 2, &update_server_images, &device->update, 1, info, 2, PACKET_SIZE, MESSAGE_BOOT_SWAP_USING_OFFSET};
    service_init(&device->service, &device->server_config, device->request, device->response, PACKET_SIZE, send_bytes,
                 device);
    say(device, "pty_server started\r\n");
}

static void serve(struct device *device)
{
    for (;;) {
        uint8_t bytes[256];
        ssize_t count = read(device->master, bytes, sizeof(bytes));
        struct timespec delay = {.tv_nsec = (long)device->delay_ms * 1000000L};

        if (count <= 0) {
            fail("read");
        }
        if (device->chatter) {
            say(device, "some console text");
        }
        (void)nanosleep(&delay, NULL);
        if (service_receive(&device->service, bytes, line_spoil(device, bytes, (size_t)count))) {
            start(device);
        }
    }
}

static void take_option(struct device *device, const char *word)
{
    static const char *const names[] = {"drop=", "corrupt=", "delay=", "seed="};
    uint32_t values[4] = {device->drop, device->corrupt, device->delay_ms, (uint32_t)device->random.state};
    size_t i;

    for (i = 0; i < 4; i++) {
        if (strncmp(word, names[i], strlen(names[i])) == 0) {
            values[i] = (uint32_t)strtoul(word + strlen(names[i]), NULL, 0);
        }
    }
    device->drop = values[0];
    device->corrupt = values[1];
    device->delay_ms = values[2];
    device->random.state = values[3];
    device->chatter = device->chatter || strcmp(word, "chatter") == 0;
    if (strcmp(word, "overwrite") == 0) {
        device->update_config.mode = UPDATE_OVERWRITE_ONLY;
    }
}

int main(int argc, char **argv)
{
    static struct device device = {.random = {1}, .update_config = {{1, 2, 0}, UPDATE_SWAP_USING_OFFSET, 0, 0, NULL}};
    int i;

    if (argc < 3) {
        (void)fputs("usage: pty_server LINK PRIMARY [OPTION...]\n", stderr);
        return 2;
    }
    for (i = 3; i < argc; i++) {
        take_option(&device, argv[i]);
    }
    device.master = open_terminal(argv[1]);
    open_slots(&device, argv[2]);
    start(&device);
    (void)puts("ready");
    (void)fflush(stdout);
    serve(&device);
    return 0;
}
