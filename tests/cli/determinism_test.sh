#!/usr/bin/env bash
# The same seed gives the same bytes: on 1, 2 and 4 threads, without FMA and AVX2 in the C library, killed and resumed.
source "$(dirname "$0")/common.sh"

record_source
generate "$work/one" --attempts 10 --threads 1
generate "$work/two" --attempts 10 --threads 2
generate "$work/four" --attempts 10 --threads 4
same "$work/one" "$work/two"
same "$work/one" "$work/four"

GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA generate "$work/plain" --attempts 10 --threads 2
same "$work/one" "$work/plain"

# Killed twice, at different places, then left to finish.
for delay in 2 3; do
    start "$work/killed" --attempts 10 --threads 2 $([ ! -d "$work/killed" ] || echo --resume)
    sleep $delay
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
done
generate "$work/killed" --attempts 10 --threads 2 --resume
same "$work/one" "$work/killed"

# Asked to stop, it finishes what is in flight and says how to go on.
start "$work/stopped" --attempts 10 --threads 2 2>"$work/said"
sleep 2
kill -TERM $!
code=0
wait $! || code=$?
[ $code = 3 ] || [ $code = 0 ] || fail "ended with $code after SIGTERM"
[ $code = 0 ] || grep -q -- --resume "$work/said" || fail 'a stopped run does not say how to go on'
generate "$work/stopped" --attempts 10 --threads 2 --resume
same "$work/one" "$work/stopped"

# First N successes means those of the lowest attempt ids.
generate "$work/successes" --successes 5 --threads 3
generate "$work/successes1" --successes 5 --threads 1
same "$work/successes" "$work/successes1"
echo 'determinism: ok'
