/* YAML configuration by libcyaml.
 *
 * A schema says what a file may hold; an unknown key, a missing key or a wrong type is an error that names the file, the
 * line and the keys that are known there. Numbers are finite and nothing follows them; a boolean is true, false, yes or
 * no; aliases and second documents are refused. */
#ifndef DEMOMILL_BASE_CONFIG_H
#define DEMOMILL_BASE_CONFIG_H

#include "base/status.h"

#include <cyaml/cyaml.h>

/* Load path by schema (a mapping value, CYAML_FLAG_POINTER) into *data, to be freed by config_free with the same
 * schema. Errors: NOT_FOUND, IO, LIMIT (too large or too deep), FORMAT (with "path:line: …"), UNKNOWN_NAME (unknown key or
 * enumeration value, with the known ones), MEMORY. */
Status config_load(const char *path, const cyaml_schema_value_t *schema, void **data, Err *err);
/* The same from memory; name stands for the file in messages. */
Status config_parse(const char *name, const char *text, size_t size, const cyaml_schema_value_t *schema,
                    void **data, Err *err);
void config_free(const cyaml_schema_value_t *schema, void *data); /* NULL data is fine */

/* Read a file of at most 256 KiB; *text has a final NUL beyond *size and is freed by mem_free. */
Status config_read(const char *path, char **text, size_t *size, Err *err);
/* Line, from 1, of the value at path in YAML text, for messages about what a schema cannot say: "subtasks/2/until/on" (numbers
 * index lists). 0 if there is no such place. */
int config_line(const char *text, size_t size, const char *path);

#endif
