/* Small dense linear algebra on the stack; row-major. */
#ifndef DEMOMILL_CONTROL_LINEAR_H
#define DEMOMILL_CONTROL_LINEAR_H

#include <stdbool.h>

/* In place: lower triangle of a (n, n) → L with L Lᵀ = a. False if a is not positive definite. */
bool ctl_cholesky(double *a, int n);
/* x (n): right-hand side → solution, with the factor of ctl_cholesky. */
void ctl_cholesky_solve(const double *l, int n, double *x);

#endif
