/* Foreign demonstrations as other projects write them, small and made on the spot: a gantry with a gripper that lifts a cube. */
#ifndef DEMOMILL_TESTS_SHARED_FOREIGN_H
#define DEMOMILL_TESTS_SHARED_FOREIGN_H

#include "base/pose.h"

#include <stdbool.h>

/* What is wrong with the file. */
typedef enum ForeignFault {
    FOREIGN_GOOD,
    FOREIGN_NO_DATA,  /* no /data */
    FOREIGN_NO_DEMOS, /* nothing in it */
    FOREIGN_ZERO_LENGTH,
    FOREIGN_NAN,           /* in states, or in a pose */
    FOREIGN_SHORT,         /* actions have a row less */
    FOREIGN_TEXT,          /* actions are texts */
    FOREIGN_NOTHING,       /* neither model_file nor datagen_info */
    FOREIGN_BAD_MODEL,     /* model_file is not MJCF */
    FOREIGN_HOSTILE_MODEL, /* model_file asks for 1e9 copies and cycles of attachments, beside what is needed */
    FOREIGN_OTHER_MODEL,   /* a joint more than the states have */
    FOREIGN_OTHER_NAMES,   /* tool and object are called something else */
    FOREIGN_OTHER_RATE,    /* env_args says 10 Hz, time advances at 20 */
    FOREIGN_UNEVEN_TIME,
    FOREIGN_STILL,    /* nobody does anything */
    FOREIGN_SHEAR,    /* MimicGen: a matrix that is no pose */
    FOREIGN_NO_SIGNAL /* MimicGen: the grasp's end is never signalled */
} ForeignFault;

enum { FOREIGN_ROWS = 60, FOREIGN_IDLE = 10, FOREIGN_CLOSE = 30, FOREIGN_LIFT = 40 };

/* Write a file with demo_2 and demo_10 (the first good, the second with the fault); false if HDF5 says no. */
bool foreign_robosuite(const char *path, ForeignFault fault);
bool foreign_mimicgen(const char *path, ForeignFault fault);
/* Where tool and cube are at a row, in the source's world. */
Pose foreign_tool(int row);
Pose foreign_cube(int row);

#endif
