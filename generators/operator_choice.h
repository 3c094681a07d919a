/* Where an operator's moves lead, and which variant and which turn of the frame a phase uses. */
#ifndef DEMOMILL_GENERATORS_OPERATOR_CHOICE_H
#define DEMOMILL_GENERATORS_OPERATOR_CHOICE_H

#include "base/rng.h"
#include "generators/body.h"
#include "generators/operator.h"

/* How one phase is done. */
typedef struct OperatorWay {
    const OperatorMove *move;
    int nmove;
    const char *variant; /* NULL if the phase has none */
    double yaw;          /* rad */
} OperatorWay;

/* Target that a move leads to, without jitter, from where the hand is aimed (start). */
Pose operator_goal(const Operator *operator_, const Body *body, int side, const OperatorMove *move,
                   double yaw, Pose start);
/* Choose among variants and turns; used is what the hand's last phase used (grasp or variant; may be NULL).
 * ok, or why the best way is not feasible. */
Outcome operator_choose(const Operator *operator_, const Body *body, int side, const OperatorPhase *phase,
                        const char *const used[2], Rng *rng, OperatorWay *way);

#endif
