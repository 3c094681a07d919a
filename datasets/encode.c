/* Encoding: rows to compressed chunks, in the worker's thread.
 *
 *   rows (N, D) ──cut into chunks of whole rows──► shuffle bytes by significance ──► zlib stream (libdeflate)
 *
 * which is exactly what HDF5's own shuffle and deflate filters would have made of them, so any HDF5 reads it. A dataset
 * below a few kilobytes stays contiguous: the index of one chunk would be larger than what compression saves. */
#include "datasets/blob_priv.h"

#include "datasets/json_priv.h"

#include <libdeflate.h>
#include <math.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20, CONTIGUOUS_BELOW = 4096, LEVEL = 1 };

struct Encoder {
    const DataMeta *meta;
    DataBlob *blob;
    struct libdeflate_compressor *compressor;
    bool allow_nan;
    unsigned char *scratch[2]; /* shuffled; compressed */
    size_t room[2];
    void *rows; /* converted rows */
    size_t rows_room;
};

static Status no_memory(Err *err) {
    return err_set(err, STATUS_MEMORY, "encoding an episode: out of memory");
}

Status blob_begin(const DataMeta *meta, int nrow, DataMode mode, Encoder **out, Err *err) {
    if (nrow < 1)
        return err_set(err, STATUS_FORMAT, "an episode without rows can't be stored");
    Arena *arena = arena_create(256 * 1024);
    Encoder *encoder = mem_calloc(1, sizeof *encoder);
    DataBlob *blob = arena ? arena_alloc(arena, sizeof *blob) : NULL;
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(LEVEL);
    if (!encoder || !blob || !compressor) {
        libdeflate_free_compressor(compressor);
        mem_free(encoder);
        arena_destroy(arena);
        return no_memory(err);
    }
    *blob = (DataBlob){.arena = arena, .mode = mode, .nrow = nrow, .fps = meta->rate_hz};
    *encoder = (Encoder){.meta = meta, .blob = blob, .compressor = compressor};
    *out = encoder;
    return STATUS_OK;
}

DataBlob *blob_of(Encoder *encoder) {
    return encoder->blob;
}

void blob_allow_nan(Encoder *encoder) {
    encoder->allow_nan = true;
}

DataBlob *blob_end(Encoder *encoder, bool discard) {
    if (!encoder)
        return NULL;
    DataBlob *blob = encoder->blob;
    libdeflate_free_compressor(encoder->compressor);
    mem_free(encoder->scratch[0]);
    mem_free(encoder->scratch[1]);
    mem_free(encoder->rows);
    mem_free(encoder);
    if (!discard)
        return blob;
    data_blob_destroy(blob);
    return NULL;
}

void data_blob_destroy(DataBlob *blob) {
    if (blob)
        arena_destroy(blob->arena);
}

size_t data_blob_bytes(const DataBlob *blob) {
    return blob->bytes;
}

static bool reserve(unsigned char **buffer, size_t *room, size_t size) {
    if (*room >= size)
        return true;
    unsigned char *larger = mem_realloc(*buffer, size);
    if (!larger)
        return false;
    *buffer = larger;
    *room = size;
    return true;
}

/* Byte k of every element, for k = 0, 1, …: HDF5's shuffle filter. */
static void shuffle(const unsigned char *in, size_t n, size_t size, unsigned char *out) {
    for (size_t k = 0; k < size; k++)
        for (size_t i = 0; i < n; i++)
            out[k * n + i] = in[i * size + k];
}

static Status compress_chunk(Encoder *encoder, const unsigned char *bytes, size_t size, size_t element,
                             BlobChunk *chunk, Err *err) {
    const size_t bound = libdeflate_zlib_compress_bound(encoder->compressor, size);
    if (!reserve(&encoder->scratch[0], &encoder->room[0], size) ||
        !reserve(&encoder->scratch[1], &encoder->room[1], bound))
        return no_memory(err);
    if (element > 1) {
        shuffle(bytes, size / element, element, encoder->scratch[0]);
        bytes = encoder->scratch[0];
    }
    const size_t packed =
        libdeflate_zlib_compress(encoder->compressor, bytes, size, encoder->scratch[1], bound);
    ASSERT(packed > 0); /* the bound is large enough by libdeflate's contract */
    unsigned char *copy = arena_alloc(encoder->blob->arena, packed);
    if (!copy)
        return no_memory(err);
    memcpy(copy, encoder->scratch[1], packed);
    *chunk = (BlobChunk){copy, packed};
    encoder->blob->bytes += packed;
    return STATUS_OK;
}

static Status compress_item(Encoder *encoder, BlobItem *item, const unsigned char *rows, size_t row_bytes,
                            size_t element, Err *err) {
    const size_t n = item->dim[0];
    item->nchunk = (int)((n + item->chunk_rows - 1) / item->chunk_rows);
    item->chunk = arena_alloc(encoder->blob->arena, (size_t)item->nchunk * sizeof *item->chunk);
    const size_t full = item->chunk_rows * row_bytes;
    unsigned char *edge = NULL; /* a last chunk that the rows don't fill is padded with zeros */
    if (n % item->chunk_rows && !(edge = mem_calloc(1, full)))
        return no_memory(err);
    Status status = item->chunk ? STATUS_OK : no_memory(err);
    for (int c = 0; status == STATUS_OK && c < item->nchunk; c++) {
        const size_t first = (size_t)c * item->chunk_rows;
        const unsigned char *bytes = rows + first * row_bytes;
        if (first + item->chunk_rows > n) {
            memcpy(edge, bytes, (n - first) * row_bytes);
            bytes = edge;
        }
        status = compress_chunk(encoder, bytes, full, element, &item->chunk[c], err);
    }
    mem_free(edge);
    return status;
}

/* Rows per chunk: all of them up to a megabyte, else equal parts of about a megabyte. */
static size_t choose_chunk_rows(size_t n, size_t row_bytes) {
    const size_t most = CHUNK_BYTES / row_bytes ? CHUNK_BYTES / row_bytes : 1;
    const size_t parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

static Status add_item(Encoder *encoder, const char *path, DataType type, int text_size, const int *dims,
                       int ndim, const void *rows, Err *err) {
    DataBlob *blob = encoder->blob;
    const size_t element = type == DATA_TEXT ? (size_t)text_size : data_type_size(type);
    ASSERT(blob->nitem < BLOB_MAX_ITEMS && ndim < DATA_MAX_RANK);
    BlobItem item = {
        .path = arena_strdup(blob->arena, path), .type = type, .text_size = text_size, .rank = 1 + ndim};
    size_t row_bytes = element;
    item.dim[0] = (size_t)blob->nrow;
    for (int d = 0; d < ndim; d++) {
        item.dim[1 + d] = (size_t)dims[d];
        row_bytes *= (size_t)dims[d];
    }
    if (row_bytes == 0)
        return STATUS_OK; /* nothing of it in this robot or task */
    const size_t total = row_bytes * item.dim[0];
    if (total >= CONTIGUOUS_BELOW)
        item.chunk_rows = choose_chunk_rows(item.dim[0], row_bytes);
    const bool direct = item.chunk_rows > 0 && blob->mode == DATA_DIRECT;
    if (!item.path)
        return no_memory(err);
    if (direct)
        TRY(compress_item(encoder, &item, rows, row_bytes, type == DATA_TEXT ? 1 : element, err));
    if (!direct) {
        unsigned char *copy = arena_alloc(blob->arena, total);
        if (!copy)
            return no_memory(err);
        memcpy(copy, rows, total);
        item.raw = copy;
        blob->bytes += total;
    }
    blob->item[blob->nitem++] = item;
    return STATUS_OK;
}

static Status check_finite(const Encoder *encoder, const char *path, DataType type, size_t per_row,
                           const void *rows, Err *err) {
    const size_t n = (size_t)encoder->blob->nrow * per_row;
    const float *f = rows;
    const double *d = rows;
    if (encoder->allow_nan)
        return STATUS_OK;
    for (size_t i = 0; i < n; i++) {
        const double x = type == DATA_F4 ? (double)f[i] : d[i];
        if (!isfinite(x))
            return err_set(err, STATUS_FORMAT, "%s: row %zu, column %zu is not finite", path, i / per_row,
                           i % per_row);
    }
    return STATUS_OK;
}

Status blob_rows(Encoder *encoder, const char *path, int ncolumn, const void *rows, Err *err) {
    int dims[DATA_MAX_RANK];
    const DataField *field = data_field(path);
    ASSERT(field && field->type != DATA_TEXT);
    const int ndim = data_field_dims(field, encoder->meta, dims);
    if (ndim == 1 && dims[0] == 0)
        dims[0] = ncolumn;
    size_t per_row = 1;
    for (int d = 0; d < ndim; d++)
        per_row *= (size_t)dims[d];
    if (per_row > 0 && (field->type == DATA_F4 || field->type == DATA_F8))
        TRY(check_finite(encoder, path, field->type, per_row, rows, err));
    return add_item(encoder, path, field->type, 0, dims, ndim, rows, err);
}

static void *row_buffer(Encoder *encoder, size_t row_bytes) {
    unsigned char *buffer = encoder->rows;
    if (!reserve(&buffer, &encoder->rows_room, row_bytes * (size_t)encoder->blob->nrow))
        return NULL;
    encoder->rows = buffer;
    return buffer;
}

Status blob_poses(Encoder *encoder, const char *path, const Pose *pose, size_t stride, Err *err) {
    double *rows = row_buffer(encoder, 7 * sizeof *rows);
    if (!rows)
        return no_memory(err);
    for (size_t i = 0; i < (size_t)encoder->blob->nrow; i++) {
        memcpy(rows + 7 * i, pose[i * stride].pos, 3 * sizeof *rows);
        memcpy(rows + 7 * i + 3, pose[i * stride].quat, 4 * sizeof *rows);
    }
    return blob_rows(encoder, path, 7, rows, err);
}

Status blob_matrices(Encoder *encoder, const char *path, const Pose *pose, size_t stride, Err *err) {
    float *rows = row_buffer(encoder, 16 * sizeof *rows);
    if (!rows)
        return no_memory(err);
    for (size_t i = 0; i < (size_t)encoder->blob->nrow; i++) {
        double matrix[16];
        pose_to_matrix(pose[i * stride], matrix);
        for (int k = 0; k < 16; k++)
            rows[16 * i + (size_t)k] = (float)matrix[k];
    }
    return blob_rows(encoder, path, 16, rows, err);
}

static Status add_flags(Encoder *encoder, const char *path, int first, int last, Err *err) {
    unsigned char *rows = row_buffer(encoder, 1);
    if (!rows)
        return no_memory(err);
    for (int i = 0; i < encoder->blob->nrow; i++)
        rows[i] = i >= first && i <= last;
    return blob_rows(encoder, path, 0, rows, err);
}

static Status add_instruction(Encoder *encoder, const char *instruction, Err *err) {
    const size_t size = strlen(instruction) ? strlen(instruction) : 1;
    unsigned char *rows = row_buffer(encoder, size);
    if (!rows)
        return no_memory(err);
    for (size_t i = 0; i < (size_t)encoder->blob->nrow; i++)
        memcpy(rows + i * size, instruction, size);
    return add_item(encoder, "rlds:language_instruction", DATA_TEXT, (int)size, NULL, 0, rows, err);
}

Status blob_rlds(Encoder *encoder, const char *instruction, const uint8_t *done, Err *err) {
    const int n = encoder->blob->nrow;
    const bool terminal = done[n - 1] != 0;
    float *discount = row_buffer(encoder, sizeof *discount);
    if (!discount)
        return no_memory(err);
    for (int i = 0; i < n; i++)
        discount[i] = i == n - 1 && terminal ? 0.0f : 1.0f;
    TRY(blob_rows(encoder, "rlds:discount", 0, discount, err));
    TRY(add_flags(encoder, "rlds:is_first", 0, 0, err));
    TRY(add_flags(encoder, "rlds:is_last", n - 1, n - 1, err));
    TRY(add_flags(encoder, "rlds:is_terminal", terminal ? n - 1 : n, n, err));
    double *time = row_buffer(encoder, sizeof *time);
    if (!time)
        return no_memory(err);
    for (int i = 0; i < n; i++)
        time[i] = i / encoder->meta->rate_hz;
    TRY(blob_rows(encoder, "rlds:timestamp", 0, time, err));
    return add_instruction(encoder, instruction, err);
}
