#include "control/distribute.h"

#include "control/linear.h"

#include <math.h>
#include <string.h>

enum { MAX_STEPS = 40, MAX_HALVINGS = 30 };

static double dot6(const double *a, const double *b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] + a[4] * b[4] + a[5] * b[5];
}

static double cost(const double (*generator)[6], int n, const double *wrench, const double *soft,
                   const double *lambda) {
    double sum = -dot6(wrench, lambda);
    for (int k = 0; k < 6; k++)
        sum += 0.5 * soft[k] * lambda[k] * lambda[k];
    for (int i = 0; i < n; i++) {
        const double rho = dot6(generator[i], lambda);
        if (rho > 0)
            sum += 0.5 * rho * rho;
    }
    return sum;
}

/* Gradient and (generalised) Hessian, lower triangle. */
static void derive(const double (*generator)[6], int n, const double *wrench, const double *soft,
                   const double *lambda, double *rho, double gradient[6], double hessian[36]) {
    memset(hessian, 0, 36 * sizeof *hessian);
    for (int k = 0; k < 6; k++) {
        gradient[k] = soft[k] * lambda[k] - wrench[k];
        hessian[7 * k] = soft[k];
    }
    for (int i = 0; i < n; i++) {
        const double *g = generator[i];
        rho[i] = fmax(0, dot6(g, lambda));
        if (rho[i] == 0)
            continue;
        for (int r = 0; r < 6; r++) {
            gradient[r] += rho[i] * g[r];
            for (int c = 0; c <= r; c++)
                hessian[6 * r + c] += g[r] * g[c];
        }
    }
}

int ctl_distribute(const double (*generator)[6], int n, const double wrench[6], const double soft[6],
                   double lambda[6], double *rho) {
    const double scale = 1 + sqrt(dot6(wrench, wrench));
    double value = cost(generator, n, wrench, soft, lambda);
    for (int step = 0; step < MAX_STEPS; step++) {
        double gradient[6], hessian[36], direction[6];
        derive(generator, n, wrench, soft, lambda, rho, gradient, hessian);
        if (sqrt(dot6(gradient, gradient)) < 1e-7 * scale)
            return step;
        if (!ctl_cholesky(hessian, 6))
            return -1;
        memcpy(direction, gradient, sizeof direction);
        ctl_cholesky_solve(hessian, 6, direction);
        const double slope = dot6(gradient, direction);
        double length = 1, next[6], tried = value;
        for (int half = 0; half < MAX_HALVINGS; half++, length *= 0.5) {
            for (int k = 0; k < 6; k++)
                next[k] = lambda[k] - length * direction[k];
            tried = cost(generator, n, wrench, soft, next);
            if (tried <= value - 1e-4 * length * slope)
                break;
        }
        if (!(tried < value))
            return step; /* as exact as the arithmetic allows */
        memcpy(lambda, next, sizeof next);
        value = tried;
    }
    return -1;
}
