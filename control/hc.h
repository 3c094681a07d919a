/* Controller ABI: the boundary between a controller and whatever it drives.
 *
 *            hc_state (robot's wire, float32)            hc_task (person, policy, generator)
 *                      └────────────►  step  ◄───────────────┘
 *                                       └──►  hc_cmd (joint impedance, closed at the drive's rate)
 *
 * A controller is a shared object that exports hc_get_api. The same object is linked into demomill. Rules:
 * the caller owns the memory; no globals, so instances are thread-safe; fixed dt; step does no allocation,
 * lock, I/O or clock read; the memory block may be copied with memcpy and, put back into the instance it came
 * from, stepped again with equal results; structs begin with their size and only ever grow at the end. Motors
 * are in the order of robot.yaml ("the wire").
 *
 * Frames: base frame = base_footprint (REP-120): on the ground midway between the soles, x forward, z up.
 * Wrenches: in the sensor site's axes, what the world exerts on the robot's part beyond the sensor. SI units,
 * quaternions wxyz. */
#ifndef DEMOMILL_CONTROL_HC_H
#define DEMOMILL_CONTROL_HC_H

#include <stddef.h>
#include <stdint.h>

#define HC_ABI 1u
#define HC_MAX_MOTORS 64
#define HC_MAX_HAND 8
#define HC_MAX_WAIST 3
#define HC_MAX_TOUCH 16

enum { HC_OK = 0, HC_DAMP = 1 };          /* step's answers ≥ 0 */
enum { HC_MODE_OFF = 0, HC_MODE_ON = 1 }; /* hc_motor_cmd.mode */

/* hc_task.valid bits. What is not valid keeps its last valid value (its nominal value after reset). */
enum {
    HC_TASK_WRIST_LEFT = 1,
    HC_TASK_WRIST_RIGHT = 2,
    HC_TASK_HAND_LEFT = 4,
    HC_TASK_HAND_RIGHT = 8,
    HC_TASK_WAIST = 16,
    HC_TASK_VELOCITY = 32,
    HC_TASK_HEIGHT = 64,
    HC_TASK_GAZE = 128,
    HC_TASK_ALL_BODY = 127
};

typedef struct hc_motor_state {
    float q, dq;       /* rad, rad/s; for a tendon motor its length coordinate */
    float tau_est;     /* N·m */
    float temperature; /* °C */
    uint32_t fault;    /* 0 none */
} hc_motor_state;

typedef struct hc_state {
    uint32_t size;    /* sizeof(hc_state) as the host was compiled */
    uint32_t seq;     /* +1 per control step */
    uint64_t time_ns; /* robot time */
    uint32_t nmotor;
    hc_motor_state motor[HC_MAX_MOTORS];
    float imu_quat[4];            /* of the IMU's site; yaw has no absolute meaning */
    float imu_gyro[3];            /* rad/s, IMU axes */
    float imu_acc[3];             /* m/s², IMU axes, gravity included (reads +9.81 up at rest) */
    float foot_wrench[2][6];      /* force, torque */
    float wrist_wrench[2][6];     /* force, torque; the hand's own weight included */
    uint32_t ntouch;              /* per hand */
    float touch[2][HC_MAX_TOUCH]; /* N */
} hc_state;

typedef struct hc_task {
    uint32_t size;
    uint32_t seq;     /* +1 per new command; a command that stops advancing is stale */
    uint64_t time_ns; /* when it was given */
    uint32_t valid;
    float wrist[2][7];          /* position, quaternion wxyz: wrist sites in the base frame */
    float hand[2][HC_MAX_HAND]; /* closure per hand motor, 0 open … 1 closed */
    float waist[HC_MAX_WAIST];  /* preferred waist posture, rad */
    float base_velocity[3];     /* vx, vy m/s, wz rad/s, base frame */
    float base_height;          /* pelvis above the ground, m */
    float gaze[3];              /* point to look at, base frame */
} hc_task;

typedef struct hc_motor_cmd {
    uint32_t mode;
    float q, dq, kp, kd,
        tau_ff; /* torque = kp (q − q_now) + kd (dq − dq_now) + tau_ff, then the drive's limits */
} hc_motor_cmd;

typedef struct hc_cmd {
    uint32_t size;
    uint32_t seq; /* of the state it answers */
    uint32_t nmotor;
    hc_motor_cmd motor[HC_MAX_MOTORS];
} hc_cmd;

/* Where the controller finds its robot; strings live until init returns. */
typedef struct hc_robot {
    uint32_t size;
    const char *robot_yaml; /* path; the MJCF is named in it */
    double dt;              /* s per step */
} hc_robot;

typedef struct hc_api {
    uint32_t abi;
    uint32_t size;
    const char *name;
    const char *version;
    /* Bytes of the memory block for this robot; 0: this robot cannot be driven. */
    size_t (*mem_size)(const hc_robot *robot);
    /* Build an instance in mem (16-byte aligned, mem_size bytes). config: YAML text or NULL for defaults. 0,
     * or < 0 with a message in err (err_size). May allocate what deinit frees. */
    int (*init)(void *mem, const hc_robot *robot, const char *config, char *err, size_t err_size);
    /* Start from this state; forgets everything earlier. */
    void (*reset)(void *mem, const hc_state *state, uint64_t seed);
    /* HC_OK, HC_DAMP (cmd holds damping), or < 0: fault, cmd holds damping. */
    int (*step)(void *mem, const hc_state *state, const hc_task *task, hc_cmd *cmd);
    /* Named internal values for plots and tests ("com_x", "capture_point_y", "wrist_error_right"): writes up
     * to n values and their static names, returns how many there are. */
    int (*probe)(const void *mem, const char **names, double *values, int n);
    void (*deinit)(void *mem);
    /* Hash of everything in mem that decides what later steps answer; addresses take no part, so equal histories
     * give equal numbers in every process. */
    uint64_t (*fingerprint)(const void *mem);
} hc_api;

/* The one exported symbol; NULL when host_abi can't be served. */
const hc_api *hc_get_api(uint32_t host_abi);

#endif
