/* Pictures: the world as it looks, from the world as it is.
 *
 * Physics runs on a model without what is only seen. The full one has the same bodies, joints and states, so a state is all
 * that has to be carried over, and the attempt's sizes and furniture once. */
#include "sim/internal.h"

#include "sim/engine.h"

static void pose(void *argument) {
    SimWorld *world = argument;
    const SimModel *model = world->model;
    if (!world->picture_m) {
        world->picture_m = mj_copyModel(NULL, model->visual);
        world->picture_d = world->picture_m ? mj_makeData(world->picture_m) : NULL;
    }
    if (!world->picture_d)
        return;
    if (!world->pictured) {
        mj_copyModel(world->picture_m, model->visual);
        sim_alter_model(model, &world->draw, &model->visual_scene, world->picture_m);
        world->pictured = true;
    }
    mj_copyState(world->m, world->d, world->picture_d, mjSTATE_INTEGRATION);
    mj_fwdKinematics(world->picture_m, world->picture_d);
}

Status sim_world_picture(SimWorld *world, const mjModel **m, mjData **d, Err *err) {
    TRY(sim_engine_try(pose, world, err));
    if (!world->picture_d)
        return err_set(err, STATUS_MEMORY, "no memory for a picture of the world");
    *m = world->picture_m;
    *d = world->picture_d;
    return STATUS_OK;
}
