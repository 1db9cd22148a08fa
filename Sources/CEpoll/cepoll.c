// accept4 and pthread_setname_np are GNU extensions.
#define _GNU_SOURCE

#include "cepoll.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

int gh_epoll_create(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int gh_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

int gh_epoll_remove(int epoll, int fd) {
  struct epoll_event event = {0};
  return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, &event) < 0 ? -errno : 0;
}

int gh_epoll_wait(int epoll, gh_event *events, int most, int milliseconds) {
  struct epoll_event found[256];
  int count = epoll_wait(epoll, found, most < 256 ? most : 256, milliseconds);
  if (count < 0) return errno == EINTR ? 0 : -errno;
  for (int index = 0; index < count; index++) {
    events[index].events = found[index].events;
    events[index].token = found[index].data.u64;
  }
  return count;
}

int gh_eventfd(void) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

void gh_wake(int fd) {
  uint64_t one = 1;
  // It fails only when the counter is full, and then the descriptor is readable already.
  ssize_t written = write(fd, &one, sizeof one);
  (void)written;
}

void gh_calm(int fd) {
  uint64_t count;
  ssize_t taken = read(fd, &count, sizeof count);
  (void)taken;
}

int64_t gh_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
  rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) limit.rlim_cur = before;
  return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

int gh_accept(int fd, struct sockaddr_storage *peer) {
  socklen_t length = sizeof *peer;
  int accepted;
  do accepted = accept4(fd, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  while (accepted < 0 && errno == EINTR);
  return accepted < 0 ? -errno : accepted;
}

int gh_unsent(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) < 0 ? -errno : bytes;
}

void gh_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
