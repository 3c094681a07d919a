/* The schema table and questions to it. */
#include "datasets/schema.h"

#include "datasets/json_priv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REQ FIELD_REQUIRED
#define PRIV FIELD_PRIVILEGED
#define POSE7 "position x y z, quaternion w x y z"

static const DataField fields[] = {
    {"actions", DATA_F4, "A", REQ, "1", "base", "task command, normalised to [-1, 1]: (SI - offset) / scale"},
    {"actions_abs", DATA_F4, "A", REQ, "SI", "base", "task command, clean label"},
    {"actions_exec", DATA_F4, "A", REQ, "SI", "base", "task command as executed, noise included"},
    {"action_dict/left_wrist", DATA_F4, "9", REQ, "m, 1", "base",
     "left wrist: position, first two columns of the rotation matrix"},
    {"action_dict/right_wrist", DATA_F4, "9", REQ, "m, 1", "base",
     "right wrist: position, first two columns of the rotation matrix"},
    {"action_dict/left_hand", DATA_F4, "H", REQ, "1", "", "closure per motor, 0 open, 1 closed"},
    {"action_dict/right_hand", DATA_F4, "H", REQ, "1", "", "closure per motor, 0 open, 1 closed"},
    {"action_dict/waist", DATA_F4, "W", 0, "rad", "", "preferred waist posture"},
    {"action_dict/base_velocity", DATA_F4, "3", REQ, "m/s, rad/s", "base", "vx, vy, wz"},
    {"action_dict/base_height", DATA_F4, "1", REQ, "m", "world", "pelvis above the ground"},
    {"states", DATA_F8, "S", REQ, "SI", "world", "full integration state of the simulator before the action"},
    {"rewards", DATA_F4, "", REQ, "1", "", "1 where success holds after the action"},
    {"dones", DATA_U1, "", REQ, "", "", "1 at the episode's last row"},

    {"obs/joint_pos", DATA_F4, "K", 0, "rad", "",
     "measured joint positions, in the order of joint_names (body first)"},
    {"obs/joint_vel", DATA_F4, "K", 0, "rad/s", "",
     "measured joint velocities, in the order of joint_names (body first)"},
    {"obs/joint_torque", DATA_F4, "K", 0, "N m", "",
     "estimated joint torques, in the order of joint_names (body first)"},
    {"obs/base_quat", DATA_F4, "4", 0, "1", "world", "orientation of the IMU, wxyz"},
    {"obs/base_ang_vel", DATA_F4, "3", 0, "rad/s", "imu", "angular velocity"},
    {"obs/imu_acc", DATA_F4, "3", 0, "m/s^2", "imu", "specific force"},
    {"obs/hand_pos", DATA_F4, "K", 0, "1", "",
     "measured closure per hand motor, left then right: 0 open, 1 closed"},
    {"obs/left_hand_pose", DATA_F4, "7", 0, "m, 1", "base", "left grasp frame: " POSE7},
    {"obs/right_hand_pose", DATA_F4, "7", 0, "m, 1", "base", "right grasp frame: " POSE7},
    {"obs/foot_wrench", DATA_F4, "K", 0, "N, N m", "foot", "force and torque, left then right foot"},
    {"obs/wrist_wrench", DATA_F4, "K", 0, "N, N m", "wrist", "force and torque, left then right wrist"},
    {"obs/touch", DATA_F4, "K", 0, "N", "", "normal force per touch sensor, left then right hand"},
    {"obs/left_hand_pose", DATA_F4, "7", 0, "m, 1", "base", "left grasp frame, measured: " POSE7},
    {"obs/right_hand_pose", DATA_F4, "7", 0, "m, 1", "base", "right grasp frame, measured: " POSE7},
    {"obs/left_eef_pose", DATA_F8, "7", REQ, "m, 1", "world", "left grasp frame, measured: " POSE7},
    {"obs/right_eef_pose", DATA_F8, "7", REQ, "m, 1", "world", "right grasp frame, measured: " POSE7},
    {"obs/base_pose", DATA_F8, "7", REQ | PRIV, "m, 1", "world", "base_footprint: " POSE7},
    {"obs/scene_joint", DATA_F8, "J", PRIV, "rad or m", "", "joints of the scene"},
    {"obs/object_*", DATA_F8, "7", PRIV, "m, 1", "world", "object: " POSE7},
    {"obs/*", DATA_F4, "K", 0, "SI", "", "observation"},

    {"datagen_info/eef_pose/*", DATA_F4, "44", 0, "m, 1", "world", "grasp frame, homogeneous matrix"},
    {"datagen_info/target_pose/*", DATA_F4, "44", 0, "m, 1", "world",
     "commanded grasp frame, homogeneous matrix"},
    {"datagen_info/target_pose_wxyz/*", DATA_F8, "7", 0, "m, 1", "world", "commanded grasp frame: " POSE7},
    {"datagen_info/object_poses/*", DATA_F4, "44", PRIV, "m, 1", "world", "object, homogeneous matrix"},
    {"datagen_info/gripper_action/*", DATA_F4, "H", 0, "1", "", "closure per motor, 0 open, 1 closed"},
    {"datagen_info/subtask_term_signals/*", DATA_U1, "", PRIV, "", "",
     "1 once the subtask's post-condition has become true"},

    {"rlds:discount", DATA_F4, "", REQ, "1", "", "1, and 0 at a terminal step"},
    {"rlds:is_first", DATA_BOOL, "", REQ, "", "", "true at the first step"},
    {"rlds:is_last", DATA_BOOL, "", REQ, "", "", "true at the last step"},
    {"rlds:is_terminal", DATA_BOOL, "", REQ, "", "", "true at the last step of an episode that ended itself"},
    {"rlds:timestamp", DATA_F8, "", REQ, "s", "", "index / fps"},
    {"rlds:language_instruction", DATA_TEXT, "", REQ, "", "", "what the robot was asked to do"},
};

const DataField *data_schema(int *n) {
    *n = (int)(sizeof fields / sizeof *fields);
    return fields;
}

static bool matches(const char *pattern, const char *path) {
    const size_t n = strlen(pattern);
    if (n == 0 || pattern[n - 1] != '*')
        return strcmp(pattern, path) == 0;
    return strncmp(pattern, path, n - 1) == 0 && path[n - 1] != '\0' && !strchr(path + n - 1, '/');
}

const DataField *data_field(const char *path) {
    int n;
    const DataField *field = data_schema(&n);
    for (int i = 0; i < n; i++)
        if (matches(field[i].path, path))
            return &field[i];
    return NULL;
}

int data_field_dims(const DataField *field, const DataMeta *meta, int *dims) {
    const char *shape = field->shape;
    if (strcmp(shape, "44") == 0) {
        dims[0] = dims[1] = 4;
        return 2;
    }
    switch (shape[0]) {
    case '\0':
        return 0;
    case 'A':
        dims[0] = meta->action.dim;
        return 1;
    case 'S':
        dims[0] = meta->nstate;
        return 1;
    case 'H':
        dims[0] = meta->action.nhand;
        return 1;
    case 'W':
        dims[0] = meta->action.nwaist;
        return 1;
    case 'J':
        dims[0] = meta->njoint;
        return 1;
    case 'K':
        dims[0] = 0;
        return 1;
    default:
        dims[0] = atoi(shape);
        return 1;
    }
}

size_t data_type_size(DataType type) {
    switch (type) {
    case DATA_F4:
        return 4;
    case DATA_F8:
        return 8;
    case DATA_U1:
    case DATA_BOOL:
        return 1;
    case DATA_TEXT:
        break;
    }
    return 0;
}

const char *data_type_name(DataType type) {
    static const char *const names[] = {"f4", "f8", "u1", "bool", "text"};
    return names[type];
}

bool data_name_ok(const char *name) {
    if (!name || !*name || name[0] == '.' || strlen(name) >= 48)
        return false;
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("_-.", *c))
            return false;
    return true;
}

static int column_dim(const DataMeta *meta, const char *name) {
    for (int i = 0; i < meta->ncolumn; i++)
        if (strcmp(meta->column[i], name) == 0)
            return meta->column_dim[i];
    return 0;
}

static json_t *feature(const DataMeta *meta, const DataField *field, const char *path) {
    int dims[DATA_MAX_RANK];
    const int rank = data_field_dims(field, meta, dims);
    json_t *shape = json_pack("[n]");
    for (int d = 0; shape && d < rank; d++) {
        const int dim = field->shape[0] == 'K' ? column_dim(meta, path + strlen("obs/")) : dims[d];
        if (json_array_append_new(shape, json_integer(dim)) < 0) {
            json_decref(shape);
            shape = NULL;
        }
    }
    return json_pack("{s:s, s:o, s:s, s:s, s:s, s:s, s:b}", "name", path, "shape", shape, "dtype",
                     data_type_name(field->type), "unit", field->unit, "frame", field->frame, "description",
                     field->text, "privileged", (field->flags & FIELD_PRIVILEGED) != 0);
}

char *data_features_json(const DataMeta *meta) {
    json_t *list = json_array();
    bool ok = list != NULL;
    for (int i = 0; ok && i < meta->ncolumn; i++) {
        char path[DATA_MAX_PATH];
        snprintf(path, sizeof path, "obs/%s", meta->column[i]);
        const DataField *field = data_field(path);
        ok = field && json_array_append_new(list, feature(meta, field, path)) == 0;
    }
    int n;
    const DataField *field = data_schema(&n);
    for (int i = 0; ok && i < n; i++) {
        if (strncmp(field[i].path, "obs/", 4) == 0 && field[i].type == DATA_F4)
            continue; /* columns: those that there are stand above */
        ok = json_array_append_new(list, feature(meta, &field[i], field[i].path)) == 0;
    }
    char *text = ok ? data_json_text(list) : NULL;
    json_decref(list);
    return text;
}
