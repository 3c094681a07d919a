/* Stands for a controller loaded at run time: says which sin its mathematics would call. */
#include <math.h>

typedef double (*Function)(double);

Function libm_probe_sin(void);

Function libm_probe_sin(void) {
    return sin;
}
