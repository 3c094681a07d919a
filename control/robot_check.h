/* Robot check: is robot.yaml true to its MJCF, and the MJCF to the published figures? */
#ifndef DEMOMILL_CONTROL_ROBOT_CHECK_H
#define DEMOMILL_CONTROL_ROBOT_CHECK_H

#include "control/robot.h"

/* Where a wrist can be, from sampled joint angles of one arm with the waist upright; base_footprint, m. */
typedef struct CtlReach {
    double lo[3], hi[3];
    double radius; /* largest distance from the shoulder */
} CtlReach;

enum { CTL_MAX_FINDINGS = 16 };

typedef struct CtlRobotReport {
    double mass;                  /* kg */
    double height;                /* m, sole to crown, standing straight */
    double standing_height;       /* m, base body above the soles in the nominal posture */
    int njoint;                   /* hinges and slides in all */
    int nbody_joint, nhand_joint; /* driven by body motors; of the hands */
    int nmotor;
    int self_contacts; /* in the nominal posture */
    double com[3];     /* in the nominal posture, base_footprint, m */
    double com_margin; /* m from its projection to the support's edge */
    CtlReach reach[NSIDE];
    int nfinding; /* what is wrong; 0: the robot is consistent */
    char finding[CTL_MAX_FINDINGS][160];
} CtlRobotReport;

/* Load the MJCF alone and compare. Names that are missing, limbs out of order and files that cannot be read are
 * errors; figures that disagree are findings and give STATUS_CHECK, with the first of them in err and the report
 * filled in all the same. */
Status ctl_robot_check(const CtlRobot *robot, CtlRobotReport *report, Err *err);

#endif
