#include "control/selfcollision.h"

#include <math.h>

static double clamp01(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

typedef struct {
    double a[3], b[3], centre[3];
} Placed;

static void place(const CtlCapsule *capsule, const CtlKin *kin, Placed *out) {
    const CtlFrame *frame = capsule->joint < 0 ? &kin->base : &kin->joint[capsule->joint];
    ctl_rotate(frame->rot, capsule->a, out->a);
    ctl_rotate(frame->rot, capsule->b, out->b);
    for (int i = 0; i < 3; i++) {
        out->a[i] += frame->pos[i];
        out->b[i] += frame->pos[i];
        out->centre[i] = 0.5 * (out->a[i] + out->b[i]);
    }
}

/* Nearest points of two segments (Ericson, Real-Time Collision Detection, 5.1.9). */
static double segments(const Placed *p, const Placed *q, double on_p[3], double on_q[3]) {
    double d1[3], d2[3], r[3];
    vec3_sub(p->b, p->a, d1);
    vec3_sub(q->b, q->a, d2);
    vec3_sub(p->a, q->a, r);
    const double a = vec3_dot(d1, d1), e = vec3_dot(d2, d2), f = vec3_dot(d2, r);
    const double tiny = 1e-12;
    double s = 0, t = 0;
    if (a > tiny && e > tiny) {
        const double b = vec3_dot(d1, d2), c = vec3_dot(d1, r), denominator = a * e - b * b;
        s = denominator > tiny ? clamp01((b * f - c * e) / denominator) : 0;
        t = (b * s + f) / e;
        if (t < 0 || t > 1) {
            t = clamp01(t);
            s = clamp01((b * t - c) / a);
        }
    } else if (a > tiny) {
        s = clamp01(-vec3_dot(d1, r) / a);
    } else if (e > tiny) {
        t = clamp01(f / e);
    }
    double gap[3];
    for (int i = 0; i < 3; i++) {
        on_p[i] = p->a[i] + s * d1[i];
        on_q[i] = q->a[i] + t * d2[i];
        gap[i] = on_q[i] - on_p[i];
    }
    return vec3_norm(gap);
}

static int collides(const CtlCapsule *a, const CtlCapsule *b) {
    return (a->contype & b->conaffinity) || (b->contype & a->conaffinity);
}

static int linked(const CtlTree *tree, int a, int b) {
    return a == b || (a >= 0 && tree->joint[a].parent == b) || (b >= 0 && tree->joint[b].parent == a);
}

Status ctl_capsules_pair(CtlCapsules *capsules, const CtlTree *tree, const CtlKin *posture, double margin,
                         Err *err) {
    capsules->npair = 0;
    for (int i = 0; i < capsules->ncapsule; i++) {
        for (int j = i + 1; j < capsules->ncapsule; j++) {
            const CtlCapsule *a = &capsules->capsule[i], *b = &capsules->capsule[j];
            if ((a->side < 0 && b->side < 0) || a->side == b->side || !collides(a, b) ||
                linked(tree, a->joint, b->joint))
                continue;
            Placed pa, pb;
            place(a, posture, &pa);
            place(b, posture, &pb);
            double on_a[3], on_b[3];
            const double distance = segments(&pa, &pb, on_a, on_b) - a->radius - b->radius;
            if (distance <= 0)
                continue;
            if (capsules->npair == CTL_MAX_PAIRS)
                return err_set(err, STATUS_LIMIT, "more than %d pairs of geoms may collide with each other",
                               CTL_MAX_PAIRS);
            capsules->pair[capsules->npair].a = (short)i;
            capsules->pair[capsules->npair].b = (short)j;
            capsules->pair[capsules->npair].slack = distance < margin ? margin - distance : 0;
            capsules->npair++;
        }
    }
    return STATUS_OK;
}

static int insert(CtlNear *near, int n, int max, const CtlNear *item) {
    if (n == max) {
        if (item->distance >= near[n - 1].distance)
            return n;
        n--;
    }
    int k = n;
    for (; k > 0 && near[k - 1].distance > item->distance; k--)
        near[k] = near[k - 1];
    near[k] = *item;
    return n + 1;
}

int ctl_capsules_near(const CtlCapsules *capsules, const CtlKin *kin, unsigned sides, double limit,
                      CtlNear *near, int max) {
    Placed placed[CTL_MAX_CAPSULES];
    for (int i = 0; i < capsules->ncapsule; i++)
        place(&capsules->capsule[i], kin, &placed[i]);
    int n = 0;
    for (int k = 0; k < capsules->npair; k++) {
        const int i = capsules->pair[k].a, j = capsules->pair[k].b;
        const CtlCapsule *a = &capsules->capsule[i], *b = &capsules->capsule[j];
        if (!(a->side >= 0 && (sides >> a->side & 1)) && !(b->side >= 0 && (sides >> b->side & 1)))
            continue;
        double apart[3];
        vec3_sub(placed[j].centre, placed[i].centre, apart);
        const double touch = a->reach + b->reach + limit;
        if (vec3_dot(apart, apart) > touch * touch)
            continue;
        CtlNear item = {.a = i, .b = j};
        const double gap = segments(&placed[i], &placed[j], item.point_a, item.point_b);
        item.distance = gap - a->radius - b->radius + capsules->pair[k].slack;
        if (item.distance >= limit || gap < 1e-9)
            continue;
        for (int c = 0; c < 3; c++)
            item.normal[c] = (item.point_b[c] - item.point_a[c]) / gap;
        n = insert(near, n, max, &item);
    }
    return n;
}
