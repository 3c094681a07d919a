/* YAML configuration by libcyaml.
 *
 * A schema says what a file may hold; an unknown key, a missing key or a wrong type is an error that names
 * the file, the line and the keys that are known there. */
#ifndef DEMOMILL_BASE_CONFIG_H
#define DEMOMILL_BASE_CONFIG_H

#include "base/status.h"

#include <cyaml/cyaml.h>

/* Load path by schema (a mapping value, CYAML_FLAG_POINTER) into *data, to be freed by config_free with the
 * same schema. Errors: NOT_FOUND, IO, FORMAT (with "path:line: …"), UNKNOWN_NAME (unknown key, with the known
 * keys). */
Status config_load(const char *path, const cyaml_schema_value_t *schema, void **data, Err *err);
/* The same from memory; name stands for the file in messages. */
Status config_parse(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema,
                    void **data, Err *err);
void config_free(const cyaml_schema_value_t *schema, void *data); /* NULL data is fine */

#endif
