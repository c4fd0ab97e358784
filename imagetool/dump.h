/* An image printed for a person or for a script: header, TLV areas, trailer. */
#ifndef IMAGETOOL_DUMP_H
#define IMAGETOOL_DUMP_H

#include "imagetool/image.h"

/* `name` is the file's name without directories. */
void dump_print_text(const char *name, const struct image_view *view, struct buffer *out);

/* The members and values of `imgtool dumpinfo --format json`. */
void dump_print_json(const char *name, const struct image_view *view, struct buffer *out);

#endif
