/* Robot: robot.yaml, read and checked. A robot is data: adding one changes no C. */
#ifndef DEMOMILL_CONTROL_ROBOT_H
#define DEMOMILL_CONTROL_ROBOT_H

#include "base/arena.h"
#include "base/scene.h"
#include "base/status.h"

enum { CTL_MAX_MOTORS = 64, CTL_MAX_TOUCH = 16 };

typedef struct CtlMotor {
    const char *name;   /* = actuator in the MJCF; a body motor's joint has the same name */
    const char *group;  /* left_leg right_leg waist left_arm right_arm left_hand right_hand */
    double kp, kd;      /* N·m/rad, N·m·s/rad */
    double peak_torque; /* N·m */
    double knee_speed,
        no_load_speed;  /* rad/s: full torque up to the knee, none at no-load speed; 0: no limit */
    double friction[2]; /* N·m static, N·m·s/rad viscous, of the drive */
    double range[2];    /* rad; hand motors: actuator length at closure 0 and 1 */
} CtlMotor;

typedef struct CtlFoot {
    const char *sole, *force, *torque; /* site, sensors */
    double support[4];                 /* x_min x_max y_min y_max, m, sole frame */
} CtlFoot;

enum { CTL_MAX_CLOSURES = 12 };
typedef struct CtlClosure {
    const char *name;
    double value[MAX_HAND_MOTORS];
} CtlClosure;

typedef struct CtlHand {
    const char *wrist, *grasp;  /* sites */
    const char *force, *torque; /* sensors at the wrist */
    int ntouch;
    const char *touch[CTL_MAX_TOUCH];
    int nmotor;
    int motor[MAX_HAND_MOTORS]; /* indices into CtlRobot.motor */
    double force_limit;         /* N */
    int nclosure;
    CtlClosure closure[CTL_MAX_CLOSURES];
} CtlHand;

typedef struct CtlRealism {
    const char *name;
    double command_delay, state_delay;         /* s */
    double torque_error;                       /* relative, drawn per motor and attempt */
    double kp_error;                           /* relative, drawn per motor and attempt */
    double encoder_offset, encoder_resolution; /* rad */
    double velocity_noise;                     /* rad/s */
    double gyro_noise, acc_noise;              /* rad/s, m/s² */
    double imu_tilt;                           /* rad, mounting error drawn per attempt */
    double wrench_noise;                       /* N */
} CtlRealism;

/* Gains of standing. Dimensionless or per kilogram, so that the defaults fit any size; robot.yaml's optional map
 * `balance` overrides single ones. */
typedef struct CtlBalanceGains {
    double dcm;                 /* capture-point feedback, k/ω */
    double height, height_rate; /* 1/s², 1/s */
    double tilt, tilt_rate;     /* 1/s², 1/s; times mass · height² */
    double leg_damping;         /* N·m·s/rad at the drives */
    double friction;            /* coefficient that contact forces keep to */
    double inset;               /* m between the support's edge and where pressure may go */
    double hip;                 /* how readily a moment about the CoM is given up for horizontal force */
    double lean;                /* share of a steady hand force that leaning takes */
} CtlBalanceGains;

typedef struct CtlRobot {
    Arena *arena;
    const char *path, *dir, *name, *mjcf; /* mjcf: absolute */
    double height, mass;                  /* m, kg, as published: checked against the model */
    const char *base_body, *imu_quat, *imu_gyro, *imu_acc, *push_site;
    double standing_height; /* pelvis above the ground, m */
    CtlFoot foot[NSIDE];
    CtlHand hand[NSIDE];
    int nmotor;
    CtlMotor motor[CTL_MAX_MOTORS];
    int nbody_motor; /* motors that are not in a hand; they come first */
    int nwaist;
    int nposture;
    struct {
        const char *joint;
        double value;
    } posture[CTL_MAX_MOTORS]; /* nominal standing posture, rad */
    CtlBalanceGains balance;
    int ncamera;
    const char *camera[8];
    int nrealism;
    CtlRealism realism[4];
    char hash[65]; /* SHA-256 of robot.yaml and the MJCF */
} CtlRobot;

/* Load and check robot.yaml (names against each other, ranges, counts); the MJCF itself is checked by
 * ctl_robot_check. */
Status ctl_robot_load(const char *path, CtlRobot **out, Err *err);
void ctl_robot_destroy(CtlRobot *robot);
int ctl_robot_motor(const CtlRobot *robot, const char *name);          /* −1 if absent */
const double *ctl_hand_closure(const CtlHand *hand, const char *name); /* NULL if absent */
const CtlRealism *ctl_robot_realism(const CtlRobot *robot, const char *name, Err *err);

#endif
