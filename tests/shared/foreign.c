/* See foreign.h. */
#include "foreign.h"

#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Joints: three slides and a turn about z that carry the tool, pointing down; a finger; the cube. */
enum { NQ = 5 + 7, NV = 5 + 6, NSTATE = 1 + NQ + NV, NACTION = 5 };

static const char model_begin[] =
    "<?xml version=\"1.0\"?><!-- as robosuite saves it: meshes and textures of somebody's disk -->\n"
    "<mujoco model=\"base\"><compiler angle=\"radian\" meshdir=\"meshes/\" autolimits=\"true\"/>"
    "<size njmax=\"5000\" nconmax=\"5000\"/>"
    "<asset><mesh name=\"link\" file=\"/nowhere/link.stl\"/><texture type=\"2d\" name=\"wood\" "
    "file=\"/nowhere/w.png\"/>"
    "<material name=\"m\" texture=\"wood\"/></asset>"
    "<worldbody><geom name=\"floor\" type=\"plane\" size=\"1 1 1\" material=\"m\"/>"
    "<body name='gantry'><joint name=\"x\" type=\"slide\" axis=\"1 0 0\"/><joint name=\"y\" type=\"slide\" "
    "axis=\"0 1 0\"/>"
    "<joint name=\"z\" type=\"slide\" axis=\"0 0 1\"/><geom type=\"mesh\" mesh=\"link\"/>"
    "<body name=\"wrist\" quat=\"0 1 0 0\"><joint name=\"turn\" axis=\"0 0 -1\"/><geom type=\"mesh\" "
    "mesh=\"link\"/>"
    "<site name=\"%s\" pos=\"0 0 0.1\" size=\"0.01\"/>"
    "<body name=\"finger\"><joint name=\"finger\" type=\"slide\" axis=\"0 1 0\" range=\"0 0.04\"/>"
    "<geom type=\"mesh\" mesh=\"link\"/>%s</body></body></body>"
    "<body name=\"%s\"><joint name=\"cube_joint0\" type=\"free\"/><geom type=\"box\" size=\"0.02 0.02 "
    "0.02\"/></body>"
    "%s</worldbody><actuator><motor name=\"a\" joint=\"x\"/></actuator>"
    "<sensor><force site=\"nowhere\"/></sensor></mujoco>\n";

static const double cube_at[3] = {0.1, 0.2, 0.82};

static double progress(int row, int begin, int end) {
    return row <= begin ? 0 : row >= end ? 1 : (double)(row - begin) / (end - begin);
}

Pose foreign_cube(int row) {
    Pose pose = {{cube_at[0], cube_at[1], cube_at[2]}, {1, 0, 0, 0}};
    pose.pos[2] += 0.1 * progress(row, FOREIGN_LIFT, FOREIGN_ROWS - 1);
    quat_from_yaw(0.5, pose.quat);
    return pose;
}

Pose foreign_tool(int row) {
    Pose pose = foreign_cube(row);
    const double away = 1 - progress(row, FOREIGN_IDLE, FOREIGN_CLOSE);
    pose.pos[0] -= 0.1 * away;
    pose.pos[2] += 0.15 * away;
    const double down[4] = {0, 1, 0, 0};
    quat_from_yaw(0.3 + 0.2 * (1 - away), pose.quat);
    quat_mul(pose.quat, down, pose.quat);
    return pose;
}

static double gripper(int row) {
    return row < FOREIGN_CLOSE ? -1 : 1;
}

static void fill_state(int row, double *state) {
    const Pose tool = foreign_tool(row), cube = foreign_cube(row);
    memset(state, 0, NSTATE * sizeof *state);
    state[0] = row * 0.05;
    state[1] = tool.pos[0];
    state[2] = tool.pos[1];
    state[3] = tool.pos[2] + 0.1; /* the site lies 0.1 m below the wrist */
    state[4] = 0.3 + 0.2 * progress(row, FOREIGN_IDLE, FOREIGN_CLOSE);
    state[5] = row < FOREIGN_CLOSE ? 0.04 : 0.02;
    memcpy(state + 6, cube.pos, sizeof cube.pos);
    memcpy(state + 9, cube.quat, sizeof cube.quat);
}

/* ---- HDF5 ---- */

static bool put_text(hid_t object, const char *name, const char *text) {
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    H5Tset_size(type, H5T_VARIABLE);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const bool ok = attribute >= 0 && H5Awrite(attribute, type, &text) >= 0;
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    return ok;
}

static bool put_numbers(hid_t group, const char *name, const double *x, int rank, const hsize_t *dim) {
    const hid_t space = H5Screate_simple(rank, dim, NULL), links = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    const hid_t set = H5Dcreate2(group, name, H5T_IEEE_F64LE, space, links, H5P_DEFAULT, H5P_DEFAULT);
    const bool ok =
        set >= 0 && (dim[0] == 0 || H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    H5Dclose(set);
    H5Pclose(links);
    H5Sclose(space);
    return ok;
}

static bool put_text_rows(hid_t group, const char *name) {
    const hsize_t dim = FOREIGN_ROWS;
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &dim, NULL);
    H5Tset_size(type, 8);
    const hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
    return set >= 0;
}

static bool put_actions(hid_t demo, ForeignFault fault) {
    static double action[FOREIGN_ROWS][NACTION];
    for (int row = 0; row < FOREIGN_ROWS; row++) {
        const bool moving = fault != FOREIGN_STILL && row >= FOREIGN_IDLE && row < FOREIGN_CLOSE;
        memset(action[row], 0, sizeof action[row]);
        action[row][0] = moving ? 0.3 : 0;
        action[row][NACTION - 1] = fault == FOREIGN_STILL ? -1 : gripper(row);
    }
    if (fault == FOREIGN_TEXT)
        return put_text_rows(demo, "actions");
    const hsize_t rows = fault == FOREIGN_ZERO_LENGTH ? 0
                         : fault == FOREIGN_SHORT     ? FOREIGN_ROWS - 1
                                                      : FOREIGN_ROWS;
    return put_numbers(demo, "actions", action[0], 2, (const hsize_t[]){rows, NACTION});
}

static bool put_states(hid_t demo, ForeignFault fault) {
    static double state[FOREIGN_ROWS][NSTATE];
    for (int row = 0; row < FOREIGN_ROWS; row++)
        fill_state(row, state[row]);
    if (fault == FOREIGN_NAN)
        state[7][3] = NAN;
    if (fault == FOREIGN_UNEVEN_TIME)
        state[9][0] += 0.03;
    const hsize_t rows = fault == FOREIGN_ZERO_LENGTH ? 0 : FOREIGN_ROWS;
    return put_numbers(demo, "states", state[0], 2, (const hsize_t[]){rows, NSTATE});
}

static bool put_model(hid_t demo, ForeignFault fault) {
    static const char hostile[] =
        "<replicate count=\"1000000000\"><geom size=\"1\"/></replicate>"
        "<attach model=\"base\" body=\"gantry\" prefix=\"a\"/><include file=\"/etc/passwd\"/>";
    char text[4000];
    const bool other = fault == FOREIGN_OTHER_NAMES;
    snprintf(text, sizeof text, model_begin, other ? "grip" : "tool_site",
             fault == FOREIGN_OTHER_MODEL ? "<joint name=\"more\"/>" : "", other ? "box" : "cube_main",
             fault == FOREIGN_HOSTILE_MODEL ? hostile : "");
    return put_text(demo, "model_file", fault == FOREIGN_BAD_MODEL ? "<mujoco><worldbody></mujoco>" : text);
}

static bool robosuite_demo(hid_t demo, ForeignFault fault) {
    return put_actions(demo, fault) && put_states(demo, fault) &&
           (fault == FOREIGN_NOTHING || put_model(demo, fault));
}

static void pose_rows(Pose (*at)(int), int shift, double m[FOREIGN_ROWS][16]) {
    for (int row = 0; row < FOREIGN_ROWS; row++)
        pose_to_matrix(at(row + shift < FOREIGN_ROWS ? row + shift : row), m[row]);
}

static bool mimicgen_demo(hid_t demo, ForeignFault fault) {
    static double tool[FOREIGN_ROWS][16], target[FOREIGN_ROWS][16], cube[FOREIGN_ROWS][16];
    static double close[FOREIGN_ROWS], grasp[FOREIGN_ROWS];
    pose_rows(foreign_tool, 0, tool);
    pose_rows(foreign_tool, 2, target);
    pose_rows(foreign_cube, 0, cube);
    for (int row = 0; row < FOREIGN_ROWS; row++) {
        close[row] = gripper(row);
        grasp[row] = fault != FOREIGN_NO_SIGNAL && row >= FOREIGN_LIFT;
    }
    if (fault == FOREIGN_NAN)
        cube[7][3] = NAN;
    if (fault == FOREIGN_SHEAR)
        tool[7][1] += 0.1;
    const hsize_t n = fault == FOREIGN_ZERO_LENGTH ? 0 : FOREIGN_ROWS;
    const hsize_t pose_dim[] = {n, 4, 4}, value_dim[] = {n, 1};
    return put_actions(demo, fault) &&
           (fault == FOREIGN_NOTHING ||
            (put_numbers(demo, "datagen_info/eef_pose", tool[0], 3, pose_dim) &&
             put_numbers(demo, "datagen_info/target_pose", target[0], 3, pose_dim) &&
             put_numbers(demo,
                         fault == FOREIGN_OTHER_NAMES ? "datagen_info/object_poses/box"
                                                      : "datagen_info/object_poses/cube",
                         cube[0], 3, pose_dim) &&
             put_numbers(demo, "datagen_info/gripper_action", close, 2, value_dim) &&
             put_numbers(demo, "datagen_info/subtask_term_signals/grasp", grasp, 1, value_dim)));
}

static bool write_file(const char *path, ForeignFault fault, bool (*demo)(hid_t, ForeignFault)) {
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    if (file < 0)
        return false;
    bool ok = true;
    if (fault != FOREIGN_NO_DATA) {
        const hid_t data = H5Gcreate2(file, "data", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        ok = put_text(data, "env", "Lift");
        if (demo == mimicgen_demo || fault == FOREIGN_OTHER_RATE)
            ok = ok && put_text(data, "env_args",
                                fault == FOREIGN_OTHER_RATE
                                    ? "{\"env_name\": \"Lift\", \"env_kwargs\": {\"control_freq\": 10}}"
                                    : "{\"env_name\": \"Lift\", \"env_kwargs\": {\"control_freq\": 20}}");
        static const char *const names[] = {"demo_10", "demo_2"};
        for (int i = 0; i < 2 && fault != FOREIGN_NO_DEMOS; i++) {
            const hid_t group = H5Gcreate2(data, names[i], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            ok = ok && demo(group, i ? FOREIGN_GOOD : fault);
            H5Gclose(group);
        }
        H5Gclose(data);
    }
    return H5Fclose(file) >= 0 && ok;
}

bool foreign_robosuite(const char *path, ForeignFault fault) {
    return write_file(path, fault, robosuite_demo);
}
bool foreign_mimicgen(const char *path, ForeignFault fault) {
    return write_file(path, fault, mimicgen_demo);
}
