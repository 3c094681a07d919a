#include "control/linear.h"

#include <math.h>

bool ctl_cholesky(double *a, int n) {
    for (int i = 0; i < n; i++) {
        double *row = a + i * n;
        for (int j = 0; j <= i; j++) {
            const double *other = a + j * n;
            double sum = row[j];
            for (int k = 0; k < j; k++)
                sum -= row[k] * other[k];
            if (i == j) {
                if (!(sum > 0))
                    return false;
                row[i] = sqrt(sum);
            } else {
                row[j] = sum / other[j];
            }
        }
    }
    return true;
}

void ctl_cholesky_solve(const double *l, int n, double *x) {
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < i; k++)
            x[i] -= l[i * n + k] * x[k];
        x[i] /= l[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        for (int k = i + 1; k < n; k++)
            x[i] -= l[k * n + i] * x[k];
        x[i] /= l[i * n + i];
    }
}
