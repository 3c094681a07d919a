/* JSON as this room writes and reads it: sorted keys, compact, reals with 17 digits, so that equal values give equal
 * bytes and every double comes back exactly. Private. */
#ifndef DEMOMILL_DATASETS_JSON_PRIV_H
#define DEMOMILL_DATASETS_JSON_PRIV_H

#include "base/arena.h"
#include "base/pose.h"
#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

char *data_json_text(const json_t *json);   /* one line, exact; mem_free; NULL: out of memory */
char *data_json_pretty(const json_t *json); /* for people: indented, reals with 9 digits */

/* Parse text (n bytes) that must be an object; place is for messages. */
Status data_json_parse(const char *place, const char *text, size_t n, json_t **out, Err *err);

json_t *data_json_real(double x); /* null where x is not finite */
json_t *data_json_reals(const double *x, int n);
json_t *data_json_pose(Pose pose); /* [x y z w x y z] */
json_t *data_json_names(const char *const *name, int n);
json_t *data_json_text_or_empty(const char *text); /* NULL counts as "" */

/* Reading, tolerant of absence: the default where the key is missing or of another type. */
double data_json_get_real(const json_t *object, const char *key, double absent); /* null: NaN */
int64_t data_json_get_int(const json_t *object, const char *key, int64_t absent);
const char *data_json_get_text(const json_t *object, const char *key, const char *absent);
bool data_json_get_pose(const json_t *array, Pose *pose);

/* Write text to path by way of path.tmp, fsync and rename. */
Status data_file_replace(const char *path, const char *text, size_t n, Err *err);
/* The whole file as text with a final NUL (mem_free); at most limit bytes. NOT_FOUND if there is none. */
Status data_file_load(const char *path, size_t limit, char **text, size_t *n, Err *err);

#endif
