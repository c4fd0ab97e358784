/* For tests of the server: slots that are arrays in memory, a server over them, and a client's part of the talk. */
#ifndef SMP_SERVER_BENCH_H
#define SMP_SERVER_BENCH_H

#include "tests/unit.h"

#include "smp/cbor.h"
#include "smp/message.h"
#include "smp/server.h"

enum { SLOT_SIZE = 5000, PACKET_SIZE = 1024, BENCH_IMAGES = 2 };

/* A secondary slot in memory; what the server asked for is recorded. */
struct fake {
    struct image_slot slots[SERVER_SLOT_COUNT];
    int slot_error[SERVER_SLOT_COUNT];
    uint8_t data[SLOT_SIZE];
    uint32_t len;
    uint32_t announced;
    unsigned begins;
    unsigned finishes;
    bool upgrade;
    bool sha_given;
    int error; /* returned by everything that changes something */
    int finish_error;
    unsigned requests;
    unsigned requested; /* slot of the last one */
    bool permanent;
    unsigned confirms;
    unsigned erases;
};

struct bench {
    struct fake fake;  /* image 0 */
    struct fake other; /* image 1 */
    struct server_config config;
    struct server server;
    uint8_t response[PACKET_SIZE];
    size_t response_len;
    struct cbor_value body;
};

/* An empty device that serves both groups. */
void bench_start(struct bench *bench);

/* Version 1.2.3 runs, the highest possible version is in the secondary slot. */
void bench_two_images(struct fake *fake);

struct request {
    uint8_t packet[PACKET_SIZE];
    struct cbor_writer body;
};

void request_open(struct request *request);

/* Closes the map, sends the request, checks what every response must fulfil. */
void ask(struct bench *bench, struct request *request, uint8_t version, uint8_t op, uint16_t group, uint8_t command);

uint64_t number(const struct cbor_value *map, const char *key);
bool flag(const struct cbor_value *map, const char *key);
void expect_text(const struct cbor_value *map, const char *key, const char *text);

/* The group's error code in a version 2 response, 0 when there is no error. */
unsigned group_rc(const struct bench *bench);

#endif
