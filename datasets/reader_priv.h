/* One HDF5 file being read, and names of files in a dataset folder. Private. */
#ifndef DEMOMILL_DATASETS_READER_PRIV_H
#define DEMOMILL_DATASETS_READER_PRIV_H

#include "datasets/dataset.h"

#include <hdf5.h>
#include <jansson.h>

enum { DATA_MAX_ROWS = 1000000, DATA_MAX_JSON = 64 << 20 };

typedef struct DataFile {
    char *path;
    hid_t file, data;
    int n; /* demos */
} DataFile;

Status data_file_open(const char *path, DataFile *out, Err *err);
void data_file_close(DataFile *file);
/* /meta/run of an open file; FORMAT if it is not ours or of another major version. */
Status data_file_meta(const DataFile *file, Arena *arena, DataMeta *out, Err *err);
/* Group of demo i (H5Gclose), "path demo_i" in place, its rows. */
Status data_file_demo(const DataFile *file, int i, hid_t *demo, char place[512], int *nrow, Err *err);
Status data_file_read(const DataFile *file, int i, const DataMeta *meta, Episode **out,
                      DataCertificate *certificate, Err *err);
/* Attribute ep_meta of an open demo, parsed. */
Status data_file_ep_meta(hid_t demo, const char *place, json_t **out, Err *err);

/* Open demo i of a reader, as data_file_demo does. */
Status data_reader_demo(DataReader *reader, int i, hid_t *demo, char place[512], int *nrow, Err *err);

/* Files in folder whose name ends in .hdf5, or in .hdf5.part where the finished one is absent; sorted, full paths.
 * *list is mem_free'd entry by entry by data_list_free. A folder that is not there gives none. */
Status data_list_shards(const char *folder, char ***list, int *n, Err *err);
void data_list_free(char **list, int n);

#endif
