/* Import map: how somebody else's recordings become demonstrations for our hands, as data (maps/NAME.yaml).
 *
 *     grasp(t) = world · scale(tool(t)) · grasp_in_tool        object(t) = world · scale(object(t))
 *     closure(t) = open + b(t) · (closed − open), b following the gripper command no faster than close_time
 *
 * then idle rows at the start are cut and the rest is resampled to the task's rate. Pauses later on are data and stay. */
#ifndef DEMOMILL_SIM_IMPORT_MAP_H
#define DEMOMILL_SIM_IMPORT_MAP_H

#include "base/demo.h"
#include "base/recording.h"
#include "base/task.h"
#include "control/robot.h"
#include "sim/import_replay.h"

typedef struct SimMapHand {
    int side;
    const char *tool, *target; /* tracks; target NULL: the measured pose one row later */
    Pose grasp_in_tool;
    const char *gripper;    /* track, NULL: an entry of the action */
    int action;             /* that entry; negative: from the end */
    double command[2];      /* gripper command when open and when closed */
    const char *closure[2]; /* closures of robot.yaml when open and when closed */
    double close_time;      /* s from open to closed; 0: at once */
} SimMapHand;

typedef struct SimMapName {
    const char *name, *source; /* in the task; in the recording */
} SimMapName;

typedef struct SimImportMap {
    Arena *arena;
    const char *path;
    const char *device, *operator_name;
    double rate_hz;              /* 0: as the recordings say */
    double scale;                /* our lengths per source length */
    Pose world;                  /* source's world in ours */
    double idle_pos, idle_angle; /* m, rad: less than this from the first row is idle */
    int nhand;
    SimMapHand hand[NSIDE];
    int nobject, njoint, nsignal;
    SimMapName *object, *joint,
        *signal; /* signal: a subtask of the task and the signal that says it has ended */
} SimImportMap;

/* Load a map; errors name file and line, and what is known. Freed by sim_import_map_destroy (NULL is fine). */
Status sim_import_map_load(const char *path, SimImportMap **out, Err *err);
Status sim_import_map_parse(const char *path, const char *text, size_t size, SimImportMap **out, Err *err);
void sim_import_map_destroy(SimImportMap *map);

/* Replay what needs it and map every recording to a demonstration of the task. Errors name file and demo: UNKNOWN_NAME (a
 * closure, object, tool, subtask … that is not there, with those that are), MISMATCH (rate, an object that a subtask needs
 * is not mapped), FORMAT, LIMIT, MEMORY. Where the map names signals the demos are annotated from them, else Demo.signal is
 * zero and there are no marks. */
Status sim_import_demos(const SimImportMap *map, RecordingSet *recordings, const Task *task,
                        const CtlRobot *robot, DemoSet *out, Err *err);

#endif
