/* What the files that call OpenSSL share. */
#ifndef IMAGETOOL_OPENSSL_H
#define IMAGETOOL_OPENSSL_H

#include "host/failure.h"

/* Puts "WHAT: OpenSSL's reason" into `failure`, empties OpenSSL's error queue and returns `code`. */
int openssl_failure(struct failure *failure, int code, const char *what);

#endif
