/* Contact forces that produce a wanted wrench.
 *
 *     minimise  ½ Σ ρ_i²  +  ½ Σ_k (W − Gρ)_k² / soft_k      subject to ρ ≥ 0
 *
 * ρ are magnitudes along generators of friction pyramids at the corners of the feet, so that pressure limits
 * and friction hold exactly; what cannot be had is given up where soft is large. The dual has six unknowns:
 * ρ = max(0, Gᵀλ), and λ minimises a convex, piecewise quadratic function, found by a semismooth Newton
 * iteration with line search in a few steps. */
#ifndef DEMOMILL_CONTROL_DISTRIBUTE_H
#define DEMOMILL_CONTROL_DISTRIBUTE_H

enum { CTL_MAX_GENERATORS = 64 };

/* generator (n, 6): wrench of a unit magnitude; lambda (6): in a first guess, out the dual solution; rho (n).
 * Returns Newton steps taken, or −1 if they did not converge (rho is usable all the same). */
int ctl_distribute(const double (*generator)[6], int n, const double wrench[6], const double soft[6],
                   double lambda[6], double *rho);

#endif
