/* Contacts: who touches whom, what a hand holds, and what should not touch.
 *
 * Grasp: a hand has an object when it pushes on it and something of the robot (the same hand's other side, or the other
 * hand) pushes back against it:
 *
 *      finger ──n──>  [object]  <──n── thumb      n · n' < −0.5, both above 0.5 N
 *
 * which holds for a pinch, a power grasp and two palms on a box, and needs no names of fingers. */
#include "sim/internal.h"

#include <math.h>
#include <string.h>

static const double GRASP_FORCE = 0.5;    /* N */
static const double GRASP_OPPOSED = -0.5; /* largest cosine between opposing normals */

static bool intended(const SimGeom *a, const SimGeom *b) {
    if (a->part == SIM_PART_HAND)
        return b->intended;
    return b->part == SIM_PART_HAND && a->intended;
}

static bool is_robot(const SimGeom *geom) {
    return geom->part == SIM_PART_BODY || geom->part == SIM_PART_HAND || geom->part == SIM_PART_FOOT;
}

static bool is_unintended(const SimGeom *a, const SimGeom *b) {
    const bool robot_a = is_robot(a), robot_b = is_robot(b);
    if (robot_a && robot_b)
        return true;
    if (robot_a == robot_b)
        return false;
    const SimGeom *robot = robot_a ? a : b, *thing = robot_a ? b : a;
    if (!thing->fixed || (robot->part == SIM_PART_FOOT && thing->floor))
        return false;
    return !intended(robot, thing);
}

void sim_contacts_step(SimWorld *world) {
    const mjData *d = world->d;
    int count = 0;
    for (int i = 0; i < d->ncon; i++) {
        const mjContact *contact = &d->contact[i];
        if (contact->efc_address < 0 || contact->geom[0] < 0 || contact->geom[1] < 0)
            continue;
        count += is_unintended(&world->model->geom[contact->geom[0]], &world->model->geom[contact->geom[1]]);
    }
    world->carry.unintended = count > world->carry.unintended ? count : world->carry.unintended;
}

static int thing_of(const SimGeom *geom) {
    switch ((SimPart)geom->part) {
    case SIM_PART_OBJECT:
        return geom->object;
    case SIM_PART_HAND:
        return SIM_THING_LEFT + geom->side;
    case SIM_PART_FOOT:
    case SIM_PART_BODY:
        return SIM_THING_ROBOT;
    case SIM_PART_SCENE:
    case SIM_PART_OTHER:
        break;
    }
    return SIM_THING_SCENE;
}

/* A push of a hand on an object: normal into the object, world. */
typedef struct Push {
    int side, object;
    double normal[3];
} Push;

enum { MAX_PUSHES = 64 };

static bool push_of(const SimWorld *world, int contact_id, Push *push) {
    const mjContact *contact = &world->d->contact[contact_id];
    const SimGeom *a = &world->model->geom[contact->geom[0]], *b = &world->model->geom[contact->geom[1]];
    const bool first = a->part == SIM_PART_HAND && b->part == SIM_PART_OBJECT;
    const bool second = b->part == SIM_PART_HAND && a->part == SIM_PART_OBJECT;
    if (!first && !second)
        return false;
    double force[6];
    mj_contactForce(world->m, world->d, contact_id, force);
    if (force[0] <= GRASP_FORCE)
        return false;
    push->side = first ? a->side : b->side;
    push->object = first ? b->object : a->object;
    for (int k = 0; k < 3; k++)
        push->normal[k] = first ? contact->frame[k] : -contact->frame[k];
    return true;
}

void sim_contacts_tick(SimWorld *world) {
    const mjData *d = world->d;
    SimView *view = &world->carry.view;
    memset(view->touch, 0, sizeof view->touch);
    memset(view->grasp, 0, sizeof view->grasp);
    Push push[MAX_PUSHES];
    int npush = 0;
    for (int i = 0; i < d->ncon; i++) {
        const mjContact *contact = &d->contact[i];
        if (contact->efc_address < 0 || contact->geom[0] < 0 || contact->geom[1] < 0)
            continue;
        const int a = thing_of(&world->model->geom[contact->geom[0]]);
        const int b = thing_of(&world->model->geom[contact->geom[1]]);
        view->touch[a][b] = view->touch[b][a] = true;
        if (npush < MAX_PUSHES && push_of(world, i, &push[npush]))
            npush++;
    }
    for (int i = 0; i < npush; i++)
        for (int j = 0; j < i; j++)
            if (push[i].object == push[j].object &&
                vec3_dot(push[i].normal, push[j].normal) < GRASP_OPPOSED) {
                view->grasp[push[i].side][push[i].object] = true;
                view->grasp[push[j].side][push[j].object] = true;
            }
}

int sim_world_unintended(const SimWorld *world) {
    return world->carry.unintended;
}
