/* The control that has to stay silent: threads add up in the ways OpenMP offers, and a barrier orders the
 * rest. */
#include <stdio.h>

int main(void) {
    long sum = 0, atomic_sum = 0, turns[4] = {0};
#pragma omp parallel num_threads(4) reduction(+ : sum)
    {
#pragma omp for
        for (int i = 0; i < 100000; i++) {
            sum += i;
            turns[i / 25000]++; /* static schedule: each thread its own */
        }
#pragma omp atomic
        atomic_sum += sum;
    }
    printf("%ld %ld %ld\n", sum, atomic_sum, turns[0] + turns[1] + turns[2] + turns[3]);
    return 0;
}
