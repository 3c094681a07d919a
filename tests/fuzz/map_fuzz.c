/* Import maps. */
#include "sim/import_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    SimImportMap *map = NULL;
    Err err = {""};
    const Status status = sim_import_map_parse("map.yaml", (const char *)data, size, &map, &err);
    ASSERT((status == STATUS_OK) == (map != NULL));
    ASSERT(status == STATUS_OK || err.message[0]);
    sim_import_map_destroy(map);
    return 0;
}
