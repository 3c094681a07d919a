/* robot.yaml → CtlRobot: what a file may hold stands in the schema, what its parts owe each other in the
 * checks below it. Everything is copied into one arena; libcyaml's tree is freed before returning. */
#include "control/robot.h"

#include "base/config.h"
#include "base/hash.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the file holds -------------------------------------------------------------------------- */

typedef struct {
    const char *quat, *gyro, *acc;
} FileImu;

typedef struct {
    const char *body, *push_site;
    double standing_height;
    FileImu imu;
} FileBase;

typedef struct {
    int side;
    const char *sole, *force, *torque;
    double support[4];
} FileFoot;

typedef struct {
    const char *name;
    double *value;
    unsigned nvalue;
} FileClosure;

typedef struct {
    int side;
    const char *wrist, *grasp, *force, *torque;
    const char **touch, **motor;
    unsigned ntouch, nmotor;
    double force_limit;
    FileClosure *closure;
    unsigned nclosure;
} FileHand;

typedef struct {
    const char *joint;
    double value;
} FilePosture;

typedef struct {
    const char *name, *mjcf;
    double height, mass;
    FileBase base;
    FileFoot foot[NSIDE];
    FileHand *hand; /* NSIDE */
    unsigned nhand;
    CtlMotor *motor;
    unsigned nmotor;
    FilePosture *posture;
    unsigned nposture;
    CtlBalanceGains *balance;
    const char **camera;
    unsigned ncamera;
    CtlRealism *realism;
    unsigned nrealism;
} File;

static const cyaml_schema_value_t text_value = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, 128)};
static const cyaml_schema_value_t number_value = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
static const cyaml_strval_t sides[] = {{"left", SIDE_LEFT}, {"right", SIDE_RIGHT}};

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 128)
#define NUMBER(key, type, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_DEFAULT, type, member)
#define NUMBER_OPTIONAL(key, type, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_OPTIONAL, type, member)
#define NUMBERS(key, type, member, n)                                                                        \
    CYAML_FIELD_SEQUENCE_FIXED(key, CYAML_FLAG_DEFAULT, type, member, &number_value, n)
#define SIDE(type) CYAML_FIELD_ENUM("side", CYAML_FLAG_DEFAULT, type, side, sides, NSIDE)
#define LIST(key, flags, type, list, count, entry, min, max)                                                 \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, list, count, entry, min, max)

static const cyaml_schema_field_t imu_fields[] = {
    TEXT("quat", FileImu, quat),
    TEXT("gyro", FileImu, gyro),
    TEXT("acc", FileImu, acc),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t base_fields[] = {
    TEXT("body", FileBase, body),
    NUMBER("standing_height_m", FileBase, standing_height),
    CYAML_FIELD_MAPPING("imu", CYAML_FLAG_DEFAULT, FileBase, imu, imu_fields),
    TEXT("push_site", FileBase, push_site),
    CYAML_FIELD_END,
};
static const cyaml_schema_field_t foot_fields[] = {
    SIDE(FileFoot),
    TEXT("sole", FileFoot, sole),
    TEXT("force", FileFoot, force),
    TEXT("torque", FileFoot, torque),
    NUMBERS("support_m", FileFoot, support, 4),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t foot_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileFoot, foot_fields)};

static const cyaml_schema_field_t closure_fields[] = {
    TEXT("name", FileClosure, name),
    LIST("value", 0, FileClosure, value, nvalue, &number_value, 1, MAX_HAND_MOTORS),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t closure_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileClosure, closure_fields)};
static const cyaml_schema_field_t hand_fields[] = {
    SIDE(FileHand),
    TEXT("wrist", FileHand, wrist),
    TEXT("grasp", FileHand, grasp),
    TEXT("force", FileHand, force),
    TEXT("torque", FileHand, torque),
    LIST("touch", CYAML_FLAG_OPTIONAL, FileHand, touch, ntouch, &text_value, 0, CTL_MAX_TOUCH),
    LIST("motors", 0, FileHand, motor, nmotor, &text_value, 1, MAX_HAND_MOTORS),
    NUMBER_OPTIONAL("force_limit_n", FileHand, force_limit),
    LIST("closures", 0, FileHand, closure, nclosure, &closure_value, 1, CTL_MAX_CLOSURES),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t hand_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FileHand, hand_fields)};

static const cyaml_schema_field_t motor_fields[] = {
    TEXT("name", CtlMotor, name),
    TEXT("group", CtlMotor, group),
    NUMBER("kp", CtlMotor, kp),
    NUMBER("kd", CtlMotor, kd),
    NUMBER("peak_torque_nm", CtlMotor, peak_torque),
    NUMBER_OPTIONAL("knee_speed", CtlMotor, knee_speed),
    NUMBER_OPTIONAL("no_load_speed", CtlMotor, no_load_speed),
    NUMBERS("friction_nm", CtlMotor, friction, 2),
    NUMBERS("range", CtlMotor, range, 2),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t motor_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, CtlMotor, motor_fields)};

static const cyaml_schema_field_t posture_fields[] = {
    TEXT("joint", FilePosture, joint),
    NUMBER("value", FilePosture, value),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t posture_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, FilePosture, posture_fields)};

static const cyaml_schema_field_t balance_fields[] = {
    NUMBER_OPTIONAL("dcm", CtlBalanceGains, dcm),
    NUMBER_OPTIONAL("height", CtlBalanceGains, height),
    NUMBER_OPTIONAL("height_rate", CtlBalanceGains, height_rate),
    NUMBER_OPTIONAL("tilt", CtlBalanceGains, tilt),
    NUMBER_OPTIONAL("tilt_rate", CtlBalanceGains, tilt_rate),
    NUMBER_OPTIONAL("leg_damping", CtlBalanceGains, leg_damping),
    NUMBER_OPTIONAL("friction", CtlBalanceGains, friction),
    NUMBER_OPTIONAL("inset_m", CtlBalanceGains, inset),
    NUMBER_OPTIONAL("hip", CtlBalanceGains, hip),
    NUMBER_OPTIONAL("lean", CtlBalanceGains, lean),
    CYAML_FIELD_END,
};

static const cyaml_schema_field_t realism_fields[] = {
    TEXT("name", CtlRealism, name),
    NUMBER_OPTIONAL("command_delay_s", CtlRealism, command_delay),
    NUMBER_OPTIONAL("state_delay_s", CtlRealism, state_delay),
    NUMBER_OPTIONAL("torque_error", CtlRealism, torque_error),
    NUMBER_OPTIONAL("kp_error", CtlRealism, kp_error),
    NUMBER_OPTIONAL("encoder_offset_rad", CtlRealism, encoder_offset),
    NUMBER_OPTIONAL("encoder_resolution_rad", CtlRealism, encoder_resolution),
    NUMBER_OPTIONAL("velocity_noise", CtlRealism, velocity_noise),
    NUMBER_OPTIONAL("gyro_noise", CtlRealism, gyro_noise),
    NUMBER_OPTIONAL("acc_noise", CtlRealism, acc_noise),
    NUMBER_OPTIONAL("imu_tilt_rad", CtlRealism, imu_tilt),
    NUMBER_OPTIONAL("wrench_noise_n", CtlRealism, wrench_noise),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t realism_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, CtlRealism, realism_fields)};

enum { MAX_CAMERAS = 8, MAX_REALISM = 4 };

static const cyaml_schema_field_t file_fields[] = {
    TEXT("name", File, name),
    TEXT("mjcf", File, mjcf),
    NUMBER("height_m", File, height),
    NUMBER("mass_kg", File, mass),
    CYAML_FIELD_MAPPING("base", CYAML_FLAG_DEFAULT, File, base, base_fields),
    CYAML_FIELD_SEQUENCE_FIXED("feet", CYAML_FLAG_DEFAULT, File, foot, &foot_value, NSIDE),
    LIST("hands", 0, File, hand, nhand, &hand_value, NSIDE, NSIDE),
    LIST("motors", 0, File, motor, nmotor, &motor_value, 1, CTL_MAX_MOTORS),
    LIST("posture", 0, File, posture, nposture, &posture_value, 1, CTL_MAX_MOTORS),
    CYAML_FIELD_MAPPING_PTR("balance", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, File, balance,
                            balance_fields),
    LIST("cameras", CYAML_FLAG_OPTIONAL, File, camera, ncamera, &text_value, 0, MAX_CAMERAS),
    LIST("realism", 0, File, realism, nrealism, &realism_value, 1, MAX_REALISM),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, File, file_fields)};

/* ---- copy and check ------------------------------------------------------------------------------- */

/* Defaults for what robot.yaml leaves out: measured on a 73 kg humanoid, scaled by the quantities they act on. */
static const CtlBalanceGains default_balance = {
    .dcm = 1.52,
    .height = 80,
    .height_rate = 18,
    .tilt = 14.2,
    .tilt_rate = 1.9,
    .leg_damping = 2,
    .friction = 0.55,
    .inset = 0.004,
    .hip = 1,
    .lean = 0.6,
};
static const double default_force_limit = 60; /* N */

typedef struct {
    CtlRobot *robot;
    bool full; /* an allocation failed */
    Err *err;
} Copy;

static const char *keep(Copy *c, const char *s) {
    char *copy = s ? arena_strdup(c->robot->arena, s) : NULL;
    c->full |= s && !copy;
    return copy;
}

static Status out_of_memory(const Copy *c) {
    return err_set(c->err, STATUS_MEMORY, "%s: out of memory", c->robot->path);
}

static Status refuse(const Copy *c, const char *what, const char *name) {
    return err_set(c->err, STATUS_MISMATCH, "%s: %s '%s'", c->robot->path, what, name);
}

static const char *const groups[] = {"left_leg",  "right_leg", "waist",     "left_arm",
                                     "right_arm", "left_hand", "right_hand"};
enum { NGROUP = sizeof groups / sizeof *groups, FIRST_HAND_GROUP = 5 };

static int group_index(const char *name) {
    for (int i = 0; i < NGROUP; i++)
        if (strcmp(groups[i], name) == 0)
            return i;
    return -1;
}

static Status copy_motors(Copy *c, const File *file) {
    CtlRobot *r = c->robot;
    for (unsigned i = 0; i < file->nmotor; i++) {
        CtlMotor m = file->motor[i];
        const int group = group_index(m.group);
        if (group < 0) {
            err_set(c->err, STATUS_UNKNOWN_NAME, "%s: motor '%s' has an unknown group '%s'", r->path, m.name,
                    m.group);
            err_known(c->err, groups, NGROUP);
            return STATUS_UNKNOWN_NAME;
        }
        if (ctl_robot_motor(r, m.name) >= 0)
            return refuse(c, "two motors are called", m.name);
        if (!(m.range[0] < m.range[1]))
            return refuse(c, "range is not [low, high] for motor", m.name);
        if (!(m.kp >= 0 && m.kd >= 0 && m.peak_torque > 0 && m.friction[0] >= 0 && m.friction[1] >= 0))
            return refuse(c, "gains, friction and peak torque must be positive for motor", m.name);
        if (m.no_load_speed != 0 && !(m.knee_speed >= 0 && m.knee_speed < m.no_load_speed))
            return refuse(c, "knee_speed must be below no_load_speed for motor", m.name);
        if (group < FIRST_HAND_GROUP && r->nbody_motor != r->nmotor)
            return refuse(c, "motors of the hands come last, but this body motor follows them:", m.name);
        m.name = keep(c, m.name);
        if (!m.name)
            return out_of_memory(c);
        m.group = groups[group];
        r->motor[r->nmotor++] = m;
        r->nbody_motor += group < FIRST_HAND_GROUP;
        r->nwaist += strcmp(m.group, "waist") == 0;
    }
    if (r->nwaist > MAX_WAIST)
        return err_set(c->err, STATUS_LIMIT, "%s: more than %d waist motors", r->path, MAX_WAIST);
    return STATUS_OK;
}

static Status copy_feet(Copy *c, const File *file) {
    for (int i = 0; i < NSIDE; i++) {
        const FileFoot *f = &file->foot[i];
        if (f->side != i)
            return refuse(c, "feet must be listed left, right; the one out of place is", f->sole);
        if (!(f->support[0] < f->support[1] && f->support[2] < f->support[3]))
            return refuse(c, "support_m is not [x_min, x_max, y_min, y_max] for foot", f->sole);
        CtlFoot *out = &c->robot->foot[i];
        out->sole = keep(c, f->sole);
        out->force = keep(c, f->force);
        out->torque = keep(c, f->torque);
        memcpy(out->support, f->support, sizeof out->support);
    }
    return STATUS_OK;
}

static Status copy_closures(Copy *c, const FileHand *h, CtlHand *out) {
    for (unsigned i = 0; i < h->nclosure; i++) {
        const FileClosure *from = &h->closure[i];
        if (from->nvalue != h->nmotor)
            return err_set(c->err, STATUS_MISMATCH, "%s: closure '%s' has %u values for %u motors",
                           c->robot->path, from->name, from->nvalue, h->nmotor);
        if (ctl_hand_closure(out, from->name))
            return refuse(c, "two closures of one hand are called", from->name);
        CtlClosure *to = &out->closure[out->nclosure++];
        to->name = keep(c, from->name);
        if (!to->name)
            return out_of_memory(c);
        for (unsigned k = 0; k < from->nvalue; k++) {
            if (!(from->value[k] >= 0 && from->value[k] <= 1))
                return refuse(c, "values must lie in [0, 1] in closure", from->name);
            to->value[k] = from->value[k];
        }
    }
    return STATUS_OK;
}

static Status copy_hands(Copy *c, const File *file) {
    for (int i = 0; i < NSIDE; i++) {
        const FileHand *h = &file->hand[i];
        CtlHand *out = &c->robot->hand[i];
        if (h->side != i)
            return refuse(c, "hands must be listed left, right; the one out of place is", h->wrist);
        out->wrist = keep(c, h->wrist);
        out->grasp = keep(c, h->grasp);
        out->force = keep(c, h->force);
        out->torque = keep(c, h->torque);
        out->force_limit = h->force_limit > 0 ? h->force_limit : default_force_limit;
        out->ntouch = (int)h->ntouch;
        for (unsigned k = 0; k < h->ntouch; k++)
            out->touch[k] = keep(c, h->touch[k]);
        for (unsigned k = 0; k < h->nmotor; k++) {
            const int index = ctl_robot_motor(c->robot, h->motor[k]);
            if (index < 0 || strcmp(c->robot->motor[index].group, i ? "right_hand" : "left_hand") != 0)
                return refuse(c, "a hand lists a motor that is not in its group:", h->motor[k]);
            out->motor[out->nmotor++] = index;
        }
        TRY(copy_closures(c, h, out));
    }
    if (c->robot->hand[0].nmotor != c->robot->hand[1].nmotor)
        return err_set(c->err, STATUS_MISMATCH, "%s: the hands have different numbers of motors",
                       c->robot->path);
    return STATUS_OK;
}

static Status copy_posture(Copy *c, const File *file) {
    CtlRobot *r = c->robot;
    for (unsigned i = 0; i < file->nposture; i++) {
        const int index = ctl_robot_motor(r, file->posture[i].joint);
        if (index < 0 || index >= r->nbody_motor)
            return refuse(c, "posture names a joint without a body motor:", file->posture[i].joint);
        const CtlMotor *m = &r->motor[index];
        if (!(file->posture[i].value >= m->range[0] && file->posture[i].value <= m->range[1]))
            return refuse(c, "posture is outside the range of motor", m->name);
        r->posture[r->nposture].joint = m->name;
        r->posture[r->nposture++].value = file->posture[i].value;
    }
    return STATUS_OK;
}

static void copy_balance(CtlRobot *r, const CtlBalanceGains *given) {
    r->balance = default_balance;
    if (!given)
        return;
    double *to = &r->balance.dcm;
    const double *from = &given->dcm;
    for (size_t i = 0; i < sizeof *given / sizeof(double); i++)
        if (from[i] != 0)
            to[i] = from[i];
}

static Status copy(Copy *c, const File *file) {
    CtlRobot *r = c->robot;
    r->name = keep(c, file->name);
    r->mjcf =
        file->mjcf[0] == '/' ? keep(c, file->mjcf) : arena_printf(r->arena, "%s/%s", r->dir, file->mjcf);
    c->full |= !r->mjcf;
    r->height = file->height;
    r->mass = file->mass;
    r->base_body = keep(c, file->base.body);
    r->imu_quat = keep(c, file->base.imu.quat);
    r->imu_gyro = keep(c, file->base.imu.gyro);
    r->imu_acc = keep(c, file->base.imu.acc);
    r->push_site = keep(c, file->base.push_site);
    r->standing_height = file->base.standing_height;
    if (!(r->height > 0 && r->mass > 0 && r->standing_height > 0))
        return err_set(c->err, STATUS_MISMATCH, "%s: height, mass and standing height must be positive",
                       r->path);
    TRY(copy_motors(c, file));
    TRY(copy_feet(c, file));
    TRY(copy_hands(c, file));
    TRY(copy_posture(c, file));
    copy_balance(r, file->balance);
    for (unsigned i = 0; i < file->ncamera; i++)
        r->camera[r->ncamera++] = keep(c, file->camera[i]);
    for (unsigned i = 0; i < file->nrealism; i++) {
        r->realism[r->nrealism] = file->realism[i];
        r->realism[r->nrealism++].name = keep(c, file->realism[i].name);
    }
    return c->full ? out_of_memory(c) : STATUS_OK;
}

/* SHA-256 over both files' digests. */
static Status hash_files(CtlRobot *robot, Err *err) {
    char both[130];
    TRY(sha256_file(robot->path, both, err));
    TRY(sha256_file(robot->mjcf, both + 64, err));
    sha256_hex(both, 128, robot->hash);
    return STATUS_OK;
}

/* ---- public --------------------------------------------------------------------------------------- */

static CtlRobot *robot_create(const char *path) {
    Arena *arena = arena_create(0);
    CtlRobot *robot = arena ? arena_alloc(arena, sizeof *robot) : NULL;
    if (!robot) {
        arena_destroy(arena);
        return NULL;
    }
    robot->arena = arena;
    char *real = realpath(path, NULL);
    robot->path = arena_strdup(arena, real ? real : path);
    char *dir = arena_strdup(arena, real ? real : path);
    free(real);
    char *slash = dir ? strrchr(dir, '/') : NULL;
    if (slash)
        *slash = '\0';
    robot->dir = slash ? dir : ".";
    if (!robot->path || !dir) {
        arena_destroy(arena);
        return NULL;
    }
    return robot;
}

Status ctl_robot_load(const char *path, CtlRobot **out, Err *err) {
    void *data = NULL;
    TRY(config_load(path, &schema, &data, err));
    CtlRobot *robot = robot_create(path);
    Status status = STATUS_OK;
    if (robot) {
        Copy c = {.robot = robot, .err = err};
        status = copy(&c, data);
        if (status == STATUS_OK)
            status = hash_files(robot, err);
    } else {
        status = err_set(err, STATUS_MEMORY, "%s: out of memory", path);
    }
    config_free(&schema, data);
    if (status != STATUS_OK) {
        ctl_robot_destroy(robot);
        return status;
    }
    *out = robot;
    return STATUS_OK;
}

void ctl_robot_destroy(CtlRobot *robot) {
    if (robot)
        arena_destroy(robot->arena);
}

int ctl_robot_motor(const CtlRobot *robot, const char *name) {
    for (int i = 0; i < robot->nmotor; i++)
        if (strcmp(robot->motor[i].name, name) == 0)
            return i;
    return -1;
}

const double *ctl_hand_closure(const CtlHand *hand, const char *name) {
    for (int i = 0; i < hand->nclosure; i++)
        if (strcmp(hand->closure[i].name, name) == 0)
            return hand->closure[i].value;
    return NULL;
}

const CtlRealism *ctl_robot_realism(const CtlRobot *robot, const char *name, Err *err) {
    const char *known[MAX_REALISM];
    for (int i = 0; i < robot->nrealism; i++) {
        if (strcmp(robot->realism[i].name, name) == 0)
            return &robot->realism[i];
        known[i] = robot->realism[i].name;
    }
    err_set(err, STATUS_UNKNOWN_NAME, "%s: no realism profile '%s'", robot->path, name);
    err_known(err, known, robot->nrealism);
    return NULL;
}
