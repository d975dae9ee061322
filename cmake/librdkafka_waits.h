/* Included first in librdkafka's tinycthread_extra.c (2.0 to 2.16), whose waits end at a time of day: a clock that is set back by an hour
   makes each wait of that moment an hour longer. Here they end on the clock that only goes forward. glibc's cnd_t and mtx_t are its
   pthread_cond_t and pthread_mutex_t. */
#ifndef BYWASH_LIBRDKAFKA_WAITS_H
#define BYWASH_LIBRDKAFKA_WAITS_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

static inline int monotonic_timeofday(struct timeval *out, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_MONOTONIC, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

static inline int monotonic_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
  int error = pthread_cond_clockwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, CLOCK_MONOTONIC, until);
  return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

#define gettimeofday monotonic_timeofday
#define cnd_timedwait monotonic_timedwait
#endif
