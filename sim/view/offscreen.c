/* One EGL context without any surface; MuJoCo's renderer draws into its own offscreen buffer.
 *
 * What is drawn: geoms of groups 0 to 2, which are what is seen. Group 3 is what collides. */
#include "sim/view/offscreen.h"

#include "base/arena.h"
#include "sim/engine.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <string.h>

enum { MAX_GEOMS = 4000, NCAMERAS_SHOWN = 32 };

struct ViewOffscreen {
    int width, height;
    EGLDisplay display;
    EGLContext context;
    mjvScene scene;
    mjvOption option;
    mjrContext render;
    const mjModel *m;
};

/* Points of view around a robot that stands at the origin and looks along x. Azimuth, elevation in degrees. */
static const struct {
    const char *name;
    double at[3], distance, azimuth, elevation;
} POINT[] = {
    {"front", {0.3, 0, 0.85}, 1.75, 205, -16},
    {"side", {0.35, 0, 0.9}, 1.6, 90, -12},
    {"over", {0.42, 0, 0.87}, 1.2, -58, -40},
    {"hands", {0.42, 0, 0.92}, 0.85, 220, -28},
};
enum { NPOINT = sizeof POINT / sizeof POINT[0] };

const char *const *view_camera_names(void) {
    static const char *const names[] = {"front", "side", "over", "hands", NULL};
    _Static_assert(sizeof names / sizeof names[0] == NPOINT + 1, "every point of view has its name here");
    return names;
}

static Status open_context(ViewOffscreen *view, Err *err) {
    const PFNEGLGETPLATFORMDISPLAYEXTPROC get_display =
        (PFNEGLGETPLATFORMDISPLAYEXTPROC)eglGetProcAddress("eglGetPlatformDisplayEXT");
    view->display = get_display ? get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL)
                                : eglGetDisplay(EGL_DEFAULT_DISPLAY);
    if (view->display == EGL_NO_DISPLAY || !eglInitialize(view->display, NULL, NULL))
        return err_set(err, STATUS_ENGINE,
                       "no EGL display without a screen (packages libegl1, libgl1-mesa-dri)");
    static const EGLint want[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE, 0, EGL_NONE};
    EGLConfig config;
    EGLint n = 0;
    if (!eglBindAPI(EGL_OPENGL_API) || !eglChooseConfig(view->display, want, &config, 1, &n))
        return err_set(err, STATUS_ENGINE, "EGL offers no OpenGL (error 0x%x)", (unsigned)eglGetError());
    view->context = eglCreateContext(view->display, n > 0 ? config : EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, NULL);
    if (view->context == EGL_NO_CONTEXT ||
        !eglMakeCurrent(view->display, EGL_NO_SURFACE, EGL_NO_SURFACE, view->context))
        return err_set(err, STATUS_ENGINE, "no OpenGL context without a surface (EGL error 0x%x)",
                       (unsigned)eglGetError());
    return STATUS_OK;
}

static void make_renderer(void *argument) {
    ViewOffscreen *view = argument;
    mjv_makeScene(view->m, &view->scene, MAX_GEOMS);
    mjr_makeContext(view->m, &view->render, mjFONTSCALE_100);
    mjr_setBuffer(mjFB_OFFSCREEN, &view->render);
}

static Status build(ViewOffscreen *view, Err *err) {
    TRY(sim_engine_init(err));
    TRY(open_context(view, err));
    TRY(sim_engine_try(make_renderer, view, err));
    if (view->render.currentBuffer != mjFB_OFFSCREEN)
        return err_set(err, STATUS_ENGINE, "the OpenGL driver gives no offscreen buffer");
    return STATUS_OK;
}

Status view_offscreen_create(const mjModel *m, int width, int height, ViewOffscreen **out, Err *err) {
    ASSERT(m && width > 0 && height > 0);
    if (width > m->vis.global.offwidth || height > m->vis.global.offheight)
        return err_set(err, STATUS_LIMIT, "%d×%d pixels are more than the model's %d×%d", width, height,
                       m->vis.global.offwidth, m->vis.global.offheight);
    ViewOffscreen *view = mem_calloc(1, sizeof *view);
    if (!view)
        return err_set(err, STATUS_MEMORY, "no memory for a renderer");
    view->m = m;
    view->width = width;
    view->height = height;
    view->display = EGL_NO_DISPLAY;
    view->context = EGL_NO_CONTEXT;
    mjv_defaultScene(&view->scene);
    mjr_defaultContext(&view->render);
    mjv_defaultOption(&view->option);
    const Status status = build(view, err);
    if (status != STATUS_OK) {
        view_offscreen_destroy(view);
        return status;
    }
    *out = view;
    return STATUS_OK;
}

void view_offscreen_destroy(ViewOffscreen *view) {
    if (!view)
        return;
    mjv_freeScene(&view->scene);
    if (view->context != EGL_NO_CONTEXT) {
        mjr_freeContext(&view->render);
        eglMakeCurrent(view->display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        eglDestroyContext(view->display, view->context);
    }
    mem_free(view);
}

static Status find_camera(const mjModel *m, const char *name, mjvCamera *camera, Err *err) {
    mjv_defaultCamera(camera);
    for (int i = 0; i < NPOINT; i++) {
        if (strcmp(name, POINT[i].name) != 0)
            continue;
        memcpy(camera->lookat, POINT[i].at, sizeof camera->lookat);
        camera->distance = POINT[i].distance;
        camera->azimuth = POINT[i].azimuth;
        camera->elevation = POINT[i].elevation;
        return STATUS_OK;
    }
    camera->type = mjCAMERA_FIXED;
    camera->fixedcamid = mj_name2id(m, mjOBJ_CAMERA, name);
    if (camera->fixedcamid >= 0)
        return STATUS_OK;
    const char *known[NPOINT + NCAMERAS_SHOWN];
    int n = 0;
    while (n < NPOINT) {
        known[n] = POINT[n].name;
        n++;
    }
    for (int i = 0; i < (int)m->ncam && i < NCAMERAS_SHOWN; i++)
        if (mj_id2name(m, mjOBJ_CAMERA, i))
            known[n++] = mj_id2name(m, mjOBJ_CAMERA, i);
    err_set(err, STATUS_UNKNOWN_NAME, "there is no camera '%s'", name);
    err_known(err, known, n);
    return STATUS_UNKNOWN_NAME;
}

typedef struct Shot {
    ViewOffscreen *view;
    const mjModel *m;
    mjData *d;
    mjvCamera camera;
    unsigned char *rgb;
} Shot;

static void flip_rows(unsigned char *rgb, int width, int height) {
    const size_t row = 3 * (size_t)width;
    for (int y = 0; y < height / 2; y++) {
        unsigned char *a = rgb + (size_t)y * row, *b = rgb + (size_t)(height - 1 - y) * row;
        for (size_t k = 0; k < row; k++) {
            const unsigned char swap = a[k];
            a[k] = b[k];
            b[k] = swap;
        }
    }
}

static void shoot(void *argument) {
    Shot *shot = argument;
    ViewOffscreen *view = shot->view;
    const mjrRect frame = {0, 0, view->width, view->height};
    mjv_updateScene(shot->m, shot->d, &view->option, NULL, &shot->camera, mjCAT_ALL, &view->scene);
    mjr_render(frame, &view->scene, &view->render);
    mjr_readPixels(shot->rgb, NULL, frame, &view->render);
    flip_rows(shot->rgb, view->width, view->height);
}

Status view_offscreen_render(ViewOffscreen *view, const mjModel *m, mjData *d, const char *camera,
                             unsigned char *rgb, Err *err) {
    Shot shot = {.view = view, .m = m, .d = d, .rgb = rgb};
    TRY(find_camera(m, camera, &shot.camera, err));
    return sim_engine_try(shoot, &shot, err);
}
