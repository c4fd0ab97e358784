/* Between the files of update/. */
#ifndef UPDATE_STATE_H
#define UPDATE_STATE_H

#include "update/update.h"

/* What the trailers say. */
struct update_state {
    bool unconfirmed; /* the running image is on trial; the secondary slot holds the one to fall back to */
    bool pending;     /* the secondary slot's image was requested */
    bool permanent;   /* for good */
};

/* Returns OK; what trailer_read returns; what keeps the secondary slot from being used. */
int update_state_read(const struct update *update, struct update_state *state) ERROR_MUST_CHECK;

/* Whether the secondary slot may be erased. Returns OK; ERR_UPDATE_STATE; what keeps the slot from being used. */
int update_state_check_free(const struct update *update) ERROR_MUST_CHECK;

#endif
