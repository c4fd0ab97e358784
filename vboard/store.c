#include "vboard/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/buffer.h"
#include "host/random.h"
#include "vboard/vboard.h"

#define ERASED 0xff

static const struct {
    const char *name;
    size_t size;
    bool may_be_random;
} files[STORE_FILES] = {
    [STORE_INTERNAL] = {"int.bin", VBOARD_INTERNAL_SIZE, true},
    [STORE_EXTERNAL] = {"ext.bin", VBOARD_EXTERNAL_SIZE, true},
    [STORE_UICR] = {"uicr.bin", VBOARD_UICR_SIZE, false},
};

static void fill(uint8_t *data, size_t index, uint32_t seed)
{
    struct random random = {seed + index};

    if (seed != 0 && files[index].may_be_random) {
        random_fill(&random, data, files[index].size);
    } else {
        memset(data, ERASED, files[index].size);
    }
}

static int map_file(struct store *store, size_t index, int fd, const char *path, uint32_t seed, struct failure *failure)
{
    struct stat status;
    void *data;

    if (fstat(fd, &status) != 0) {
        return failure_set(failure, ERR_HOST_FILE, "cannot examine %s: %s", path, strerror(errno));
    }
    if (status.st_size != 0 && (size_t)status.st_size != files[index].size) {
        return failure_set(failure, ERR_HOST_FILE, "%s has %lld bytes, not %zu: it is not a flash of this board", path,
                           (long long)status.st_size, files[index].size);
    }
    if (ftruncate(fd, (off_t)files[index].size) != 0) {
        return failure_set(failure, ERR_HOST_FILE, "cannot resize %s: %s", path, strerror(errno));
    }
    data = mmap(NULL, files[index].size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED) {
        return failure_set(failure, ERR_HOST_FILE, "cannot map %s: %s", path, strerror(errno));
    }
    store->data[index] = data;
    if (status.st_size == 0) {
        fill(data, index, seed);
    }
    return OK;
}

static int open_file(struct store *store, size_t index, const char *dir, uint32_t seed, struct failure *failure)
{
    struct buffer path = {0};
    int err;
    int fd;

    buffer_print(&path, "%s/%s", dir, files[index].name);
    fd = open(buffer_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        err = failure_set(failure, ERR_HOST_FILE, "cannot open %s: %s", buffer_text(&path), strerror(errno));
    } else {
        err = map_file(store, index, fd, buffer_text(&path), seed, failure);
        (void)close(fd);
    }
    buffer_free(&path);
    return err;
}

int store_open(struct store *store, const char *dir, uint32_t seed, struct failure *failure)
{
    int err = OK;

    *store = (struct store){0};
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        return failure_set(failure, ERR_HOST_FILE, "cannot create %s: %s", dir, strerror(errno));
    }
    for (size_t i = 0; i < STORE_FILES && err == OK; i++) {
        err = open_file(store, i, dir, seed, failure);
    }
    if (err != OK) {
        store_close(store);
    }
    return err;
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < STORE_FILES; i++) {
        if (store->data[i] != NULL) {
            (void)munmap(store->data[i], files[i].size);
        }
        store->data[i] = NULL;
    }
}
