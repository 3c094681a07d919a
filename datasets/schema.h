/* One table of what a shard holds below a demo: the encoder, the reader, the check and /meta all read it. */
#ifndef DEMOMILL_DATASETS_SCHEMA_H
#define DEMOMILL_DATASETS_SCHEMA_H

#include "datasets/dataset.h"

/* Types that may stand below a demo (rule 5), and fixed-length text for /rlds. */
typedef enum DataType { DATA_F4, DATA_F8, DATA_U1, DATA_BOOL, DATA_TEXT } DataType;

enum { DATA_MAX_RANK = 4, DATA_MAX_PATH = 128 };

enum {
    FIELD_REQUIRED = 1,  /* in every episode that this program wrote */
    FIELD_PRIVILEGED = 2 /* simulator's truth: no robot could sense it */
};

/* shape: dimensions after the rows, each a number or a letter: A action, S state, H motors of a hand, W waist, J joints
 * of the scene, K what the column has. path: below demo_<i>, or below steps if it begins with "rlds:"; a final
 * '*' stands for any one name. */
typedef struct DataField {
    const char *path;
    DataType type;
    const char *shape;
    unsigned flags;
    const char *unit, *frame, *text;
} DataField;

/* The table; a more special path stands before a more general one. */
const DataField *data_schema(int *n);
/* The field that describes path; NULL if none does. */
const DataField *data_field(const char *path);
/* Dimensions after the rows; returns their number. dims (DATA_MAX_RANK − 1). A K is 0: anything. */
int data_field_dims(const DataField *field, const DataMeta *meta, int *dims);

size_t data_type_size(DataType type);      /* bytes; 0 for text */
const char *data_type_name(DataType type); /* "f4" */

/* May name be part of a path in a shard, an attribute and a file name: letters, digits, '_', '-', '.', not empty, no
 * leading '.', shorter than 48. */
bool data_name_ok(const char *name);

/* The schema as it applies to meta: JSON text for /meta/features (mem_free); NULL when out of memory. */
char *data_features_json(const DataMeta *meta);

#endif
