/* What the files of this room share: the bound model, the running world, and the view that predicates look at. */
#ifndef DEMOMILL_SIM_INTERNAL_H
#define DEMOMILL_SIM_INTERNAL_H

#include "base/rng.h"
#include "sim/world.h"

enum {
    SIM_MAX_TIMERS = 64,
    SIM_MAX_ATOMS = 128,
    SIM_MAX_HISTORY = 16, /* rows that "at rest" looks back over */
    SIM_MAX_DELAY = 32,   /* physics steps a command or a state can be late */
    SIM_MAX_OBJECT_GEOMS = 64,
    SIM_MAX_HAND_GEOMS = 96,
    SIM_MAX_FOOT_CORNERS = 8
};

/* Things that can touch: the task's objects by index, then these. */
enum { SIM_THING_LEFT = MAX_OBJECTS, SIM_THING_RIGHT, SIM_THING_ROBOT, SIM_THING_SCENE, SIM_THINGS };

/* ---- the scene of a task in some mjModel ------------------------------------------------------------------------ */

typedef struct SimObject {
    int body;            /* −1: not in this world (a distractor that the level does not ask for) */
    int qpos, dof;       /* of its free joint; −1: fixed */
    int carrier;         /* object whose part it is (a drawer's cabinet), −1 */
    Pose home;           /* in the scene file, world */
    double lo[3], hi[3]; /* bounding box of what collides, body frame; of what is seen if nothing collides */
    double bottom;       /* lowest point below the body's origin at home, m */
    bool solid;          /* something of it collides */
    bool resizable;      /* no meshes and no joints inside */
    int inside;          /* site that marks its inside, −1 */
    int ngeom;
    int geom[SIM_MAX_OBJECT_GEOMS];
} SimObject;

typedef struct SimSceneBind {
    int nobject;
    SimObject object[MAX_OBJECTS];
    int njoint;
    int joint_qpos[MAX_SCENE_JOINTS], joint_dof[MAX_SCENE_JOINTS];
} SimSceneBind;

/* Bind the task's objects and joints by name; file is named in messages. Absent distractors get body −1. */
Status sim_bind_scene(const mjModel *m, const Task *task, const char *file, SimSceneBind *bind, Err *err);
/* Index of the object that a body belongs to (nearest ancestor), or −1. */
int sim_body_object(const mjModel *m, const SimSceneBind *bind, int body);

/* ---- what predicates look at ------------------------------------------------------------------------------------ */

/* One instant, by value: made from a world once per tick, or from a demonstration per row. */
typedef struct SimView {
    Pose object[MAX_OBJECTS], start[MAX_OBJECTS];
    double lo[MAX_OBJECTS][3], hi[MAX_OBJECTS][3]; /* bounding boxes, body frame */
    Pose inside[MAX_OBJECTS];                      /* frame of the marked inside, world */
    double inside_half[MAX_OBJECTS][3];            /* its half sizes; 0: not marked */
    double speed[MAX_OBJECTS], spin[MAX_OBJECTS];  /* m/s, rad/s, mean over the last 0.1 s */
    double joint[MAX_SCENE_JOINTS];
    Pose hand[NSIDE];
    double clearance[NSIDE][MAX_OBJECTS]; /* m between hand and object, capped at 0.05 */
    bool touch[SIM_THINGS][SIM_THINGS];
    bool grasp[NSIDE][MAX_OBJECTS];
    bool fell;
} SimView;

typedef enum SimArgKind {
    SIM_ARG_OBJECT,
    SIM_ARG_HAND,
    SIM_ARG_THING,
    SIM_ARG_JOINT,
    SIM_ARG_NUMBER
} SimArgKind;
typedef union SimArg {
    int index;
    double number;
} SimArg;

/* A predicate of the table. Optional arguments come last; what is missing gets fallback. */
typedef struct SimPredicate {
    const char *name;
    int nmin, nmax;
    SimArgKind kind[MAX_PRED_ARGS];
    double fallback;
    bool (*holds)(const Task *task, const SimView *view, const SimArg *arg);
    const char *doc;
} SimPredicate;

typedef struct SimAtom {
    const Pred *pred;
    const SimPredicate *predicate;
    SimArg arg[MAX_PRED_ARGS];
} SimAtom;

/* All atoms of a task, bound. */
typedef struct SimAtoms {
    const Task *task;
    int n;
    SimAtom atom[SIM_MAX_ATOMS];
} SimAtoms;

Status sim_atoms_bind(const Task *task, const SimSceneBind *scene, SimAtoms *atoms, Err *err);
/* timer (task->ntimer): seconds that a timed node has been true, negative while it is false. */
bool sim_pred_holds(const SimAtoms *atoms, const Pred *pred, const SimView *view, const double *timer);
/* One tick later: advance every timer of the task. */
void sim_pred_advance(const SimAtoms *atoms, const SimView *view, double dt, double *timer);

/* ---- the model -------------------------------------------------------------------------------------------------- */

typedef enum SimPart {
    SIM_PART_SCENE, /* furniture and floor: bodies that nothing moves */
    SIM_PART_OBJECT,
    SIM_PART_OTHER, /* moving bodies of the scene that the task does not name */
    SIM_PART_FOOT,
    SIM_PART_BODY, /* the rest of the robot */
    SIM_PART_HAND
} SimPart;

typedef struct SimGeom {
    unsigned char part;
    signed char side; /* of a hand, −1 */
    short object;     /* −1 */
    bool fixed;       /* furniture: cannot be carried away */
    bool intended;    /* a hand may touch it: some subtask names it */
    bool floor;
} SimGeom;

typedef struct SimMotor {
    int ctrl, out; /* addresses in ctrl and actuator_length */
    int qpos, dof; /* of its joint; −1 for a tendon */
} SimMotor;

typedef struct SimColumn {
    const char *name;
    int dim;
    int kind, index; /* index: side */
} SimColumn;

struct SimModel {
    Arena *arena;
    const CtlRobot *robot;
    const Task *task;
    const TaskLevel *level;
    const CtlRealism *realism;
    bool real; /* some figure of the realism profile is not zero */
    SimBase base;
    const hc_api *api;
    hc_robot hc_robot;
    const char *controller_config;
    size_t controller_size;
    struct CtlIk *ik; /* for pre-flight */
    mjModel *m;       /* for physics: without what is only seen */
    mjModel *visual;  /* everything; same bodies, joints and states */
    SimSceneBind visual_scene;
    int nstate;
    int control_every;   /* physics steps per control step */
    int control_per_row; /* control steps per row */
    double row_dt;       /* s */
    ActionLayout action;
    const char *scene_file; /* of the task */
    char *xml;
    char hash[65];

    SimSceneBind scene;
    SimAtoms atoms;
    SimGeom *geom; /* (ngeom) */
    SimMotor motor[CTL_MAX_MOTORS];
    int imu_quat, imu_gyro, imu_acc; /* addresses in sensordata */
    int foot_force[NSIDE], foot_torque[NSIDE], wrist_force[NSIDE], wrist_torque[NSIDE];
    int touch[NSIDE][CTL_MAX_TOUCH];
    int base_body, base_qpos, base_dof;                                      /* −1 when pinned */
    int sole[NSIDE], wrist[NSIDE], grasp[NSIDE], wrist_ft[NSIDE], push_site; /* sites */
    int hand_body[NSIDE];                                                    /* root of the hand */
    double hand_mass[NSIDE];
    int nhand_geom[NSIDE], hand_geom[NSIDE][SIM_MAX_HAND_GEOMS];
    Pose pelvis_in_base; /* nominal posture on the ground */
    Pose grasp_in_wrist[NSIDE];
    double *posture; /* (nq) qpos with the robot in its nominal posture at the task's pose */
    TaskCommand home;
    int ncolumn;
    SimColumn column[MAX_COLUMNS];
};

/* Path of the task's scene file; NULL when out of memory. */
const char *sim_scene_file(const Task *task, Arena *arena);
Status sim_compose(const SimModelDef *def, const TaskLevel *level, SimModel *model, Err *err);
Status sim_bind(SimModel *model, Err *err);
/* pelvis_in_base, home command and posture, from the nominal posture. */
Status sim_bind_posture(SimModel *model, Err *err);
void sim_bind_columns(SimModel *model);
/* Id of a named thing, or an error with the file and the names that exist. type: mjOBJ_…, what: "site". */
Status sim_id(const mjModel *m, const char *file, int type, const char *what, const char *name, int *id,
              Err *err);
Pose sim_site_pose(const mjData *d, int site);
Pose sim_body_pose(const mjData *d, int body);
/* base_footprint from the poses of the soles. */
Pose sim_footprint(Pose left, Pose right);

/* ---- the world -------------------------------------------------------------------------------------------------- */

/* What must be carried along to continue bit by bit, besides the engine's integration state and the controller. */
typedef struct SimCarry {
    uint64_t seed, attempt;
    uint64_t
        step; /* physics steps since the robot was set up: the counter of realism's noise and its clock */
    uint32_t command_seq, state_seq;
    uint32_t settling; /* 1 before the start scene is ready */
    uint32_t rows;     /* ticks since reset */
    int32_t status;    /* of the controller's last step */
    int32_t unintended;
    double push_force[3], push_until;
    double timer[SIM_MAX_TIMERS];
    double sole_start[NSIDE][2], foot_slip;
    float tau[CTL_MAX_MOTORS]; /* applied by the drives, friction not counted */
    hc_task task;
    hc_cmd command; /* as the controller gave it last */
    Pose history[SIM_MAX_HISTORY][MAX_OBJECTS];
    SimView view;
} SimCarry;

/* What is late: rings of commands (per physics step) and states (per control step), only as long as the profile asks for. */
typedef struct SimDelay {
    int ncommand, nstate; /* entries late; a ring has one more */
    hc_cmd *command;
    hc_state *state;
} SimDelay;

typedef struct SimRealism {
    double tau_factor[CTL_MAX_MOTORS], gain_factor[CTL_MAX_MOTORS], encoder[CTL_MAX_MOTORS];
    double imu_tilt[4]; /* quaternion */
} SimRealism;

struct SimWorld {
    const SimModel *model;
    mjModel *m;
    mjData *d;
    mjModel *picture_m; /* the world as it looks; made at first use */
    mjData *picture_d;
    bool pictured;    /* picture_m has this attempt's sizes and furniture */
    mjData *scratch;  /* for pre-flight; made at first use */
    void *controller; /* memory block */
    bool controller_ready;
    bool broken;  /* an engine error left mjData in pieces; reset mends it */
    bool altered; /* m differs from the model's */
    ResetDraw draw;
    SimRealism realism;
    SimDelay delay;
    SimCarry carry;
    hc_state measured;
    struct {
        double *buffer; /* (capacity, nu) of whoever asked */
        int n, capacity;
    } trace;
};

/* reset.c */
int sim_draw(const SimModel *model, uint64_t seed, uint64_t attempt, ResetDraw *draw, int blocked[2]);
void sim_apply_draw(SimWorld *world);
/* Sizes, masses and poses of furniture into m, whose objects are bound in scene. True if masses or sizes changed. */
bool sim_alter_model(const SimModel *model, const ResetDraw *draw, const SimSceneBind *scene, mjModel *m);
/* contacts.c */
void sim_contacts_step(SimWorld *world); /* after each physics step: counts unintended contacts */
void sim_contacts_tick(SimWorld *world); /* after the last physics step of a row: who touches, who grasps */
/* scene.c */
void sim_view_begin(SimWorld *world); /* start poses, history */
void sim_view_tick(SimWorld *world);  /* poses, speeds, clearance, fell; contacts are there already */
/* realism.c */
void sim_realism_draw(SimWorld *world);
void sim_realism_start(SimWorld *world);
void sim_sense(SimWorld *world, hc_state *state);       /* next message of the wire: once per control step */
void sim_peek(const SimWorld *world, hc_state *state);  /* what that message will say */
void sim_drive(SimWorld *world, const hc_cmd *command); /* command to ctrl */

#endif
