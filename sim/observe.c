/* Observation columns: what a policy may see of the robot, as the wire delivers it. Truth about the scene is not among
 * them: episodes hold it as poses of their own. */
#include "sim/internal.h"

#include <string.h>

enum {
    COLUMN_JOINT_POS,
    COLUMN_JOINT_VEL,
    COLUMN_JOINT_TORQUE,
    COLUMN_HAND_POS,
    COLUMN_BASE_QUAT,
    COLUMN_BASE_ANG_VEL,
    COLUMN_IMU_ACC,
    COLUMN_FOOT_WRENCH,
    COLUMN_WRIST_WRENCH,
    COLUMN_TOUCH,
    COLUMN_HAND_POSE
};

static void add(SimModel *model, const char *name, int dim, int kind, int index) {
    if (name && dim > 0 && model->ncolumn < MAX_COLUMNS)
        model->column[model->ncolumn++] = (SimColumn){name, dim, kind, index};
}

void sim_bind_columns(SimModel *model) {
    const CtlRobot *robot = model->robot;
    const int nhand = robot->hand[0].nmotor + robot->hand[1].nmotor;
    add(model, "joint_pos", robot->nbody_motor, COLUMN_JOINT_POS, 0);
    add(model, "joint_vel", robot->nbody_motor, COLUMN_JOINT_VEL, 0);
    add(model, "joint_torque", robot->nbody_motor, COLUMN_JOINT_TORQUE, 0);
    add(model, "hand_pos", nhand, COLUMN_HAND_POS, 0);
    add(model, "base_quat", 4, COLUMN_BASE_QUAT, 0);
    add(model, "base_ang_vel", 3, COLUMN_BASE_ANG_VEL, 0);
    add(model, "imu_acc", 3, COLUMN_IMU_ACC, 0);
    add(model, "foot_wrench", 2 * 6, COLUMN_FOOT_WRENCH, 0);
    add(model, "wrist_wrench", 2 * 6, COLUMN_WRIST_WRENCH, 0);
    add(model, "touch", robot->hand[0].ntouch + robot->hand[1].ntouch, COLUMN_TOUCH, 0);
    add(model, "left_hand_pose", 7, COLUMN_HAND_POSE, SIDE_LEFT);
    add(model, "right_hand_pose", 7, COLUMN_HAND_POSE, SIDE_RIGHT);
}

int sim_world_ncolumn(const SimModel *model) {
    return model->ncolumn;
}

const char *sim_world_column(const SimModel *model, int i, int *dim) {
    ASSERT(i >= 0 && i < model->ncolumn);
    *dim = model->column[i].dim;
    return model->column[i].name;
}

static void put_pose(Pose pose, float *out) {
    for (int k = 0; k < 3; k++)
        out[k] = (float)pose.pos[k];
    for (int k = 0; k < 4; k++)
        out[3 + k] = (float)pose.quat[k];
}

static void put_hands(const SimModel *model, const hc_state *state, float *out) {
    for (int s = 0; s < NSIDE; s++)
        for (int i = 0; i < model->robot->hand[s].nmotor; i++) {
            const int motor = model->robot->hand[s].motor[i];
            const double *range = model->robot->motor[motor].range;
            *out++ = (float)(((double)state->motor[motor].q - range[0]) / (range[1] - range[0]));
        }
}

static void put_touch(const SimModel *model, const hc_state *state, float *out) {
    for (int s = 0; s < NSIDE; s++)
        for (int i = 0; i < model->robot->hand[s].ntouch; i++)
            *out++ = state->touch[s][i];
}

/* Grasp frame in the base frame. */
static void put_hand_pose(const SimWorld *world, int side, float *out) {
    Scene scene;
    sim_world_truth(world, &scene);
    put_pose(pose_rel(scene.base, scene.hand[side]), out);
}

void sim_world_observe(const SimWorld *world, int column, float *out) {
    const SimModel *model = world->model;
    ASSERT(column >= 0 && column < model->ncolumn);
    const SimColumn *c = &model->column[column];
    const hc_state *state = &world->measured;
    switch (c->kind) {
    case COLUMN_JOINT_POS:
        for (int i = 0; i < c->dim; i++)
            out[i] = state->motor[i].q;
        return;
    case COLUMN_JOINT_VEL:
        for (int i = 0; i < c->dim; i++)
            out[i] = state->motor[i].dq;
        return;
    case COLUMN_JOINT_TORQUE:
        for (int i = 0; i < c->dim; i++)
            out[i] = state->motor[i].tau_est;
        return;
    case COLUMN_HAND_POS:
        put_hands(model, state, out);
        return;
    case COLUMN_BASE_QUAT:
        memcpy(out, state->imu_quat, sizeof state->imu_quat);
        return;
    case COLUMN_BASE_ANG_VEL:
        memcpy(out, state->imu_gyro, sizeof state->imu_gyro);
        return;
    case COLUMN_IMU_ACC:
        memcpy(out, state->imu_acc, sizeof state->imu_acc);
        return;
    case COLUMN_FOOT_WRENCH:
        memcpy(out, state->foot_wrench, sizeof state->foot_wrench);
        return;
    case COLUMN_WRIST_WRENCH:
        memcpy(out, state->wrist_wrench, sizeof state->wrist_wrench);
        return;
    case COLUMN_TOUCH:
        put_touch(model, state, out);
        return;
    default:
        put_hand_pose(world, c->index, out);
    }
}
