/* Our own shards: a good one, edited. */
#include "datasets/dataset.h"
#include "hdf5_edit.h"
#include "input_file.h"
#include "shard.h"
#include "tests/shared/synthetic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_episodes(const char *path) {
    DataReader *reader = NULL;
    Err err = {""};
    const Status status = data_reader_open(path, false, &reader, &err);
    ASSERT((status == STATUS_OK) == (reader != NULL));
    ASSERT(status == STATUS_OK || err.message[0]);
    for (int i = 0; reader && i < data_reader_count(reader); i++) {
        Episode *episode = NULL;
        DataCertificate certificate;
        const Status read = data_reader_read(reader, i, &episode, &certificate, &err);
        ASSERT((read == STATUS_OK) == (episode != NULL));
        data_episode_destroy(episode);
    }
    data_reader_close(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t *shard; /* written once */
    static size_t shard_size;
    if (!shard)
        shard = make_shard(input_folder(), &shard_size);
    const char *path = input_file("shard.hdf5", shard, shard_size);
    ASSERT(hdf5_edit(path, data, size));
    read_episodes(path);
    DemoSet demos = {0};
    Err err = {""};
    const Status status = data_read_demos(path, synthetic_task(), &demos, &err);
    ASSERT(status == STATUS_OK || err.message[0]);
    demo_set_destroy(&demos);
    return 0;
}
