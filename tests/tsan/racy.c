/* The control that has to be caught: two threads write one variable without order. Without it, a sanitizer
 * that sees nothing would look like a program without faults. */
#include <stdio.h>

int main(void) {
    long shared = 0;
#pragma omp parallel for num_threads(4)
    for (int i = 0; i < 100000; i++)
        shared += i;
    printf("%ld\n", shared);
    return 0;
}
