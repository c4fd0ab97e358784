#include "imagetool/openssl.h"

#include <openssl/err.h>

int openssl_failure(struct failure *failure, int code, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    (void)failure_set(failure, code, "%s%s%s", what, reason != NULL ? ": " : "", reason != NULL ? reason : "");
    ERR_clear_error();
    return code;
}
