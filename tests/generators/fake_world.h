/* A kinematic world for tests of the generator: hands follow their commands with a lag, an object that a closed hand is near
 * moves with it, an opened hand lets it fall onto the table. No engine, no noise, thousands of ticks a millisecond. */
#ifndef DEMOMILL_TESTS_FAKE_WORLD_H
#define DEMOMILL_TESTS_FAKE_WORLD_H

#include "base/demo.h"
#include "generators/generate.h"
#include "generators/operator.h"

typedef enum FakeKind {
    FAKE_PICK, /* right hand: cube into tray */
    FAKE_BOX   /* both hands together: lift a box */
} FakeKind;

typedef struct FakeOptions {
    FakeKind kind;
    double spread;        /* m, half range of object places; 0: always the same */
    int miss_first;       /* so many grasps of an attempt miss, whatever is done */
    bool never;           /* nothing is ever grasped */
    bool unreachable;     /* pre-flight says no to everything */
    int fall_at;          /* tick at which the robot falls, 0: never */
    int shift_at;         /* tick at which the free cube is moved by 3 cm */
    int lose_at;          /* tick from which the hands stop following */
    int drop_at;          /* tick at which a held object is lost */
    double numeric_above; /* hand height at which the simulation breaks; 0: never */
} FakeOptions;

typedef struct Fake {
    FakeOptions options;
    Task task;
    TaskObject object[2];
    TaskLevel level;
    ResetRegion region;
    Subtask subtask[4];
    Pred pred[12];
    /* state, saved by snapshots */
    struct FakeState {
        uint64_t attempt;
        int tick;
        Scene scene;
        int held_by[2];  /* per object: side, −1 none, 2 both */
        Pose in_hand[2]; /* per object */
        bool lost[2];    /* objects that were dropped for good */
    } state;
    int grasps; /* tried in this attempt, restores included */
    int ticks;  /* in all */
    int saves, loads, preflights;
} Fake;

/* A world over fake (which must stay where it is). */
void fake_init(Fake *fake, FakeOptions options, GenWorld *world);
/* A demonstration that the scripted operator gives in a world of these options; destroyed by demo_destroy. */
Demo *fake_demo(FakeOptions options, uint64_t attempt);
/* n demonstrations from different scenes. */
DemoSet fake_demos(FakeOptions options, int n);
Demo *demo_from_episode(const Episode *episode, const ActionLayout *layout, double dt);
Operator *fake_operator(const Task *task);
bool fake_closure(void *user, int side, const char *name, double values[MAX_HAND_MOTORS]);
/* GenRun callbacks: user is a FakeOptions. */
Status fake_world_create(void *user, int thread, GenWorld *world, Err *err);
void fake_world_destroy(void *user, int thread, GenWorld *world);
/* Fingerprint of everything that an episode records. */
uint64_t episode_hash(const Episode *episode);

#endif
