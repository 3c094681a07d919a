/* Reading operator.yaml, and checking its names against the task and the hand. */
#include "base/config.h"
#include "generators/operator.h"

#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 64, MAX_MOVES = 64, MAX_VARIANTS = 16 };

static const cyaml_schema_value_t number_value = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};
static const cyaml_strval_t yaw_names[] = {
    {"fixed", OPERATOR_YAW_FIXED}, {"nearest", OPERATOR_YAW_NEAREST}, {"free", OPERATOR_YAW_FREE}};

#define TEXT(key, type, member) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, MAX_TEXT)
#define TEXT_OPTIONAL(key, type, member)                                                                     \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER_NULL_STR | CYAML_FLAG_OPTIONAL, type, member, 1, MAX_TEXT)
#define NUMBER(key, type, member) CYAML_FIELD_FLOAT(key, CYAML_FLAG_OPTIONAL, type, member)
#define VECTOR(key, type, member)                                                                            \
    CYAML_FIELD_SEQUENCE_FIXED(key, CYAML_FLAG_OPTIONAL, type, member, &number_value, 3)
#define LIST(key, flags, type, member, count, entry, max)                                                    \
    CYAML_FIELD_SEQUENCE_COUNT(key, CYAML_FLAG_POINTER | (flags), type, member, count, entry, 1, max)

static const cyaml_schema_field_t jitter_fields[] = {
    NUMBER("pos_m", OperatorJitter, pos_m), NUMBER("rot_deg", OperatorJitter, rot_deg), CYAML_FIELD_END};

static const cyaml_schema_field_t move_fields[] = {
    TEXT_OPTIONAL("frame", OperatorMove, frame),
    TEXT_OPTIONAL("grasp", OperatorMove, grasp),
    TEXT_OPTIONAL("carry", OperatorMove, carry),
    VECTOR("pos", OperatorMove, pos),
    VECTOR("rpy_deg", OperatorMove, rpy_deg),
    VECTOR("offset", OperatorMove, offset),
    TEXT_OPTIONAL("closure", OperatorMove, closure),
    TEXT_OPTIONAL("closure_to", OperatorMove, closure_to),
    NUMBER("blend", OperatorMove, blend),
    NUMBER("speed", OperatorMove, speed),
    NUMBER("turn", OperatorMove, turn),
    NUMBER("time", OperatorMove, time),
    NUMBER("settle", OperatorMove, settle),
    NUMBER("wait", OperatorMove, wait),
    NUMBER("guarded_n", OperatorMove, guarded_n),
    CYAML_FIELD_BOOL("follow", CYAML_FLAG_OPTIONAL, OperatorMove, follow),
    CYAML_FIELD_MAPPING("jitter", CYAML_FLAG_OPTIONAL, OperatorMove, jitter, jitter_fields),
    CYAML_FIELD_END};
static const cyaml_schema_value_t move_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, OperatorMove, move_fields)};

static const cyaml_schema_field_t variant_fields[] = {
    TEXT("name", OperatorVariant, name), TEXT_OPTIONAL("when", OperatorVariant, when),
    NUMBER("chance", OperatorVariant, chance),
    LIST("moves", 0, OperatorVariant, move, nmove, &move_value, MAX_MOVES), CYAML_FIELD_END};
static const cyaml_schema_value_t variant_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, OperatorVariant, variant_fields)};

static const cyaml_schema_field_t phase_fields[] = {
    TEXT("subtask", OperatorPhase, subtask),
    CYAML_FIELD_ENUM("yaw", CYAML_FLAG_OPTIONAL | CYAML_FLAG_STRICT, OperatorPhase, yaw, yaw_names,
                     CYAML_ARRAY_LEN(yaw_names)),
    LIST("moves", CYAML_FLAG_OPTIONAL, OperatorPhase, move, nmove, &move_value, MAX_MOVES),
    LIST("variants", CYAML_FLAG_OPTIONAL, OperatorPhase, variant, nvariant, &variant_value, MAX_VARIANTS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t phase_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, OperatorPhase, phase_fields)};

static const cyaml_schema_field_t grasp_fields[] = {
    TEXT("name", OperatorGrasp, name), TEXT("object", OperatorGrasp, object),
    VECTOR("pos", OperatorGrasp, pos), VECTOR("rpy_deg", OperatorGrasp, rpy_deg), CYAML_FIELD_END};
static const cyaml_schema_value_t grasp_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, OperatorGrasp, grasp_fields)};

static const cyaml_schema_field_t habit_fields[] = {
    NUMBER("speed_spread", OperatorHabits, speed_spread),
    NUMBER("pause_chance", OperatorHabits, pause_chance),
    NUMBER("pause_s", OperatorHabits, pause_s),
    NUMBER("correction_chance", OperatorHabits, correction_chance),
    NUMBER("correction_m", OperatorHabits, correction_m),
    NUMBER("correction_deg", OperatorHabits, correction_deg),
    CYAML_FIELD_END};

static const cyaml_schema_field_t operator_fields[] = {
    TEXT("name", Operator, name),
    NUMBER("speed", Operator, speed),
    NUMBER("turn", Operator, turn),
    CYAML_FIELD_MAPPING("habits", CYAML_FLAG_OPTIONAL, Operator, habits, habit_fields),
    LIST("grasps", CYAML_FLAG_OPTIONAL, Operator, grasp, ngrasp, &grasp_value, 64),
    LIST("phases", 0, Operator, phase, nphase, &phase_value, MAX_SUBTASKS),
    CYAML_FIELD_END};
static const cyaml_schema_value_t operator_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, Operator, operator_fields)};

/* ---- checks ---- */

typedef struct Check {
    const char *path;
    const Operator *operator_;
    const Task *task;
    OperatorClosure *closure;
    void *user;
    Err *err;
} Check;

static Status unknown_object(const Check *c, const char *place, const char *name) {
    const char *known[MAX_OBJECTS];
    for (int i = 0; i < c->task->nobject; i++)
        known[i] = c->task->object[i].name;
    err_set(c->err, STATUS_UNKNOWN_NAME, "%s: %s: unknown object '%s'", c->path, place, name);
    err_known(c->err, known, c->task->nobject);
    return STATUS_UNKNOWN_NAME;
}

static bool is_special_frame(const char *name) {
    return strcmp(name, "hand") == 0 || strcmp(name, "here") == 0 || strcmp(name, "base") == 0 ||
           strcmp(name, "home") == 0;
}

static Status check_closure(const Check *c, const char *place, int side, const char *name) {
    double values[MAX_HAND_MOTORS];
    if (name && c->closure && !c->closure(c->user, side, name, values))
        return err_set(c->err, STATUS_UNKNOWN_NAME, "%s: %s: the %s hand has no closure '%s'", c->path, place,
                       side == SIDE_LEFT ? "left" : "right", name);
    return STATUS_OK;
}

static Status check_grasp(const Check *c, const char *place, const char *name) {
    const char *known[64];
    for (unsigned i = 0; i < c->operator_->ngrasp; i++) {
        known[i] = c->operator_->grasp[i].name;
        if (strcmp(known[i], name) == 0)
            return STATUS_OK;
    }
    err_set(c->err, STATUS_UNKNOWN_NAME, "%s: %s: unknown grasp '%s'", c->path, place, name);
    err_known(c->err, known, (int)c->operator_->ngrasp);
    return STATUS_UNKNOWN_NAME;
}

static Status check_move(const Check *c, const char *place, int side, const OperatorMove *m) {
    if (m->frame && !is_special_frame(m->frame) && task_object_index(c->task, m->frame) < 0)
        return unknown_object(c, place, m->frame);
    if (m->carry && task_object_index(c->task, m->carry) < 0)
        return unknown_object(c, place, m->carry);
    if (m->grasp)
        TRY(check_grasp(c, place, m->grasp));
    TRY(check_closure(c, place, side, m->closure));
    TRY(check_closure(c, place, side, m->closure_to));
    if (m->closure_to && !m->closure)
        return err_set(c->err, STATUS_FORMAT, "%s: %s: closure_to needs closure", c->path, place);
    if (m->speed < 0 || m->turn < 0 || m->time < 0 || m->settle < 0 || m->wait < 0 || m->guarded_n < 0)
        return err_set(c->err, STATUS_FORMAT, "%s: %s: speeds, times and forces must not be negative",
                       c->path, place);
    return STATUS_OK;
}

static Status check_moves(const Check *c, const char *subtask, int side, const OperatorMove *move,
                          unsigned n) {
    char place[MAX_TEXT + 64];
    for (unsigned i = 0; i < n; i++) {
        snprintf(place, sizeof place, "subtask %.64s, move %u", subtask, i + 1);
        TRY(check_move(c, place, side, &move[i]));
    }
    return STATUS_OK;
}

static Status check_phase(const Check *c, const OperatorPhase *phase) {
    const int index = task_subtask_index(c->task, phase->subtask);
    if (index < 0) {
        const char *known[MAX_SUBTASKS];
        for (int i = 0; i < c->task->nsubtask; i++)
            known[i] = c->task->subtask[i].name;
        err_set(c->err, STATUS_UNKNOWN_NAME, "%s: unknown subtask '%s'", c->path, phase->subtask);
        err_known(c->err, known, c->task->nsubtask);
        return STATUS_UNKNOWN_NAME;
    }
    if ((phase->nmove > 0) == (phase->nvariant > 0))
        return err_set(c->err, STATUS_FORMAT, "%s: subtask %s: either moves or variants", c->path,
                       phase->subtask);
    const int side = c->task->subtask[index].hand;
    for (unsigned i = 0; i < phase->nvariant; i++)
        TRY(check_moves(c, phase->subtask, side, phase->variant[i].move, phase->variant[i].nmove));
    return check_moves(c, phase->subtask, side, phase->move, phase->nmove);
}

static Status check(const Check *c) {
    const Operator *o = c->operator_;
    for (unsigned i = 0; i < o->ngrasp; i++) {
        if (task_object_index(c->task, o->grasp[i].object) < 0)
            return unknown_object(c, o->grasp[i].name, o->grasp[i].object);
    }
    if (o->speed < 0 || o->turn < 0)
        return err_set(c->err, STATUS_FORMAT, "%s: speed and turn must be positive", c->path);
    for (unsigned i = 0; i < o->nphase; i++)
        TRY(check_phase(c, &o->phase[i]));
    for (int k = 0; k < c->task->nsubtask; k++) {
        int n = 0;
        for (unsigned i = 0; i < o->nphase; i++)
            n += strcmp(o->phase[i].subtask, c->task->subtask[k].name) == 0;
        if (n != 1)
            return err_set(c->err, STATUS_FORMAT, "%s: subtask %s has %d phases; every subtask needs one",
                           c->path, c->task->subtask[k].name, n);
    }
    return STATUS_OK;
}

static Status accept(const char *path, void *data, const Task *task, OperatorClosure *closure, void *user,
                     Operator **out, Err *err) {
    Operator *o = data;
    const Check c = {path, o, task, closure, user, err};
    const Status status = check(&c);
    if (status != STATUS_OK) {
        operator_destroy(o);
        return status;
    }
    o->speed = o->speed > 0 ? o->speed : 0.25;
    o->turn = o->turn > 0 ? o->turn : 1.2;
    *out = o;
    return STATUS_OK;
}

Status operator_load(const char *path, const Task *task, OperatorClosure *closure, void *user, Operator **out,
                     Err *err) {
    void *data = NULL;
    TRY(config_load(path, &operator_schema, &data, err));
    return accept(path, data, task, closure, user, out, err);
}

Status operator_parse(const char *name, const char *text, size_t size, const Task *task,
                      OperatorClosure *closure, void *user, Operator **out, Err *err) {
    void *data = NULL;
    TRY(config_parse(name, text, size, &operator_schema, &data, err));
    return accept(name, data, task, closure, user, out, err);
}

void operator_destroy(Operator *operator_) {
    config_free(&operator_schema, operator_);
}
