/* Scripted operator: a stand-in for a person at the task interface, described by tasks/<task>/operator.yaml.
 *
 * The operator sees the scene and commands hands, nothing else; what it does is data like the task, and its habits
 * (speed, pauses, small corrections, which grasp) are drawn per demonstration from RNG_OPERATOR. The file:
 *
 *   name: scripted
 *   speed: 0.25                 # m/s of free moves;            default 0.25
 *   turn: 1.2                   # rad/s;                        default 1.2
 *   habits:                     # all optional
 *     speed_spread: 0.2         # a demonstration's speed is drawn within ± this fraction
 *     pause_chance: 0.15        # before a move, and for how long at most
 *     pause_s: 0.4
 *     correction_chance: 0.2    # a settling move arrives this far off first, then corrects
 *     correction_m: 0.006
 *     correction_deg: 3
 *   grasps:                     # named hand poses on objects
 *     - {name: top, object: cube, pos: [0, 0, 0.01], rpy_deg: [0, 90, 0]}
 *   phases:                     # in file order per hand; a phase does one subtask, by the subtask's hand
 *     - subtask: grasp_cube
 *       yaw: nearest            # fixed (default), nearest, free: see below
 *       moves:                  # either moves …
 *         - {grasp: top, offset: [-0.12, 0, 0], closure: pregrasp}
 *         - {grasp: top, speed: 0.1, settle: 0.8, follow: true, jitter: {pos_m: 0.002, rot_deg: 3}}
 *         - {frame: here, closure: pinch, time: 0.5}
 *     - subtask: place_cube
 *       variants:               # … or variants, tried in the order of cost, first reachable wins
 *         - name: over          # chance: weight in drawing which one is tried first; default 1
 *           when: top           # only if the hand's last phase used the grasp or variant of this name
 *           moves:
 *             - {frame: tray, carry: cube, pos: [0, 0, 0.15]}
 *             - {frame: tray, carry: cube, pos: [0, 0, 0.03], speed: 0.08, guarded_n: 8, settle: 0.6}
 *             - {frame: here, closure: open, time: 0.4}
 *             - {frame: here, pos: [0, 0, 0.12]}
 *
 * A move says where the hand's grasp frame shall be:
 *   frame     an object's name: its pose when the move starts (each tick if follow); the position is multiplied by the
 *             object's present scale
 *             hand: the hand's target when the move starts, in the hand's own axes
 *             here: the same place, but pos and rpy in base axes (z up), so [0, 0, 0.1] lifts by 10 cm and keeps the
 *             orientation
 *             base: base_footprint;  home: the hand's pose at rest (pos, rpy as for here)
 *             Missing frame with a grasp: the grasp's object.  Missing both: here.
 *   pos m, rpy_deg   in that frame, R = Rz(yaw) Ry(pitch) Rx(roll); default 0
 *   grasp     name of a grasp instead of pos and rpy_deg
 *   carry     pos and rpy_deg are those of this object, which is in the hand, not of the hand
 *   offset    m, added in the resulting hand's own axes (x along the fingers, z out of the palm)
 *   closure   a closure of the robot's hand; missing: as before. With closure_to and blend: (1 − blend) closure + blend
 *             closure_to. It changes linearly over the move.
 *   speed, turn      m/s, rad/s; the move takes as long as they ask, at least time seconds (minimum jerk)
 *   settle    at the end wait until the hand is within 4 mm and 3.4°, at most so many seconds
 *   wait      then hold for so many seconds
 *   guarded_n the move ends early when the world presses on the hand with more than so many N (beyond the force at the
 *             start of the move)
 *   jitter    this person's inaccuracy: standard deviations, drawn once per demonstration for the phase
 *
 * yaw, per phase, turns the frame of every object-frame move of the phase about that object's z axis: nearest takes the
 * member of the object's symmetry group (task.yaml) with the least turn of the hand that is reachable; free does so over
 * twelve angles whatever the symmetry. With carry, it is the carried object that is turned, about its own z axis. One
 * choice per phase.
 *
 * Phases whose subtasks are `together` run their moves in step: each move starts and ends at one tick for both hands.
 * After a phase's moves the operator waits (at most 1 s) for the subtask's condition. */
#ifndef DEMOMILL_GENERATORS_OPERATOR_H
#define DEMOMILL_GENERATORS_OPERATOR_H

#include "base/status.h"
#include "base/task.h"
#include "generators/world.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum OperatorYaw { OPERATOR_YAW_FIXED, OPERATOR_YAW_NEAREST, OPERATOR_YAW_FREE } OperatorYaw;

typedef struct OperatorJitter {
    double pos_m, rot_deg;
} OperatorJitter;

typedef struct OperatorMove {
    char *frame, *grasp, *carry; /* NULL if absent */
    double pos[3], rpy_deg[3], offset[3];
    char *closure, *closure_to;
    double blend;
    double speed, turn, time, settle, wait, guarded_n;
    bool follow;
    OperatorJitter jitter;
} OperatorMove;

typedef struct OperatorVariant {
    char *name, *when;
    double chance;
    OperatorMove *move;
    unsigned nmove;
} OperatorVariant;

typedef struct OperatorPhase {
    char *subtask;
    OperatorYaw yaw;
    OperatorMove *move; /* (nmove), or variants */
    unsigned nmove;
    OperatorVariant *variant;
    unsigned nvariant;
} OperatorPhase;

typedef struct OperatorGrasp {
    char *name, *object;
    double pos[3], rpy_deg[3];
} OperatorGrasp;

typedef struct OperatorHabits {
    double speed_spread, pause_chance, pause_s, correction_chance, correction_m, correction_deg;
} OperatorHabits;

typedef struct Operator {
    char *name;
    double speed, turn;
    OperatorHabits habits;
    OperatorGrasp *grasp;
    unsigned ngrasp;
    OperatorPhase *phase;
    unsigned nphase;
} Operator;

/* Closure values (nhand) of the robot's hand by name; false if the hand has no such closure. */
typedef bool OperatorClosure(void *user, int side, const char *name, double values[MAX_HAND_MOTORS]);

/* Load operator.yaml and check every name in it against the task (objects, subtasks, grasps) and the hand (closures; a
 * NULL callback skips that). Errors: those of config_load, UNKNOWN_NAME with the known names. */
Status operator_load(const char *path, const Task *task, OperatorClosure *closure, void *user, Operator **out,
                     Err *err);
Status operator_parse(const char *name, const char *text, size_t size, const Task *task,
                      OperatorClosure *closure, void *user, Operator **out, Err *err);
void operator_destroy(Operator *operator_); /* NULL is fine */

/* One demonstration attempt: reset, do all phases, hold, judge; fills episode (see gen_attempt);
 * EpisodeSubtask.source_demo is −1. A pure function of the world's behaviour, seed and attempt. Errors: MEMORY. */
Status operator_run(const Operator *operator_, GenWorld *world, OperatorClosure *closure, void *user,
                    uint64_t seed, uint64_t attempt, Episode *episode, Err *err);

#endif
