#ifndef GATEHOUSE_CEPOLL_H
#define GATEHOUSE_CEPOLL_H

// What the event loop asks of the system and Swift cannot import by itself. Every function returns what the call gives,
// or the negative errno, and repeats a call that a signal interrupted.

#ifndef __linux__
#error "Gatehouse's event loop stands on epoll, so it runs on Linux only."
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static const uint32_t gh_readable = EPOLLIN;
static const uint32_t gh_writable = EPOLLOUT;
static const uint32_t gh_peer_closed = EPOLLRDHUP;
static const uint32_t gh_hung_up = EPOLLHUP;
static const uint32_t gh_failed = EPOLLERR;
static const uint32_t gh_edge = (uint32_t)EPOLLET;
static const uint32_t gh_exclusive = EPOLLEXCLUSIVE;

/// The data of an event without its union.
typedef struct {
  uint32_t events;
  uint64_t token;
} gh_event;

int gh_epoll_create(void);
int gh_epoll_add(int epoll, int fd, uint32_t events, uint64_t token);
int gh_epoll_remove(int epoll, int fd);
/// At most 256 events.
int gh_epoll_wait(int epoll, gh_event *events, int most, int milliseconds);
/// A descriptor that gh_wake makes readable and gh_calm unreadable.
int gh_eventfd(void);
void gh_wake(int fd);
void gh_calm(int fd);
/// Raises the limit of open files to the most that the process may have, and returns it.
int64_t gh_raise_descriptor_limit(void);
int gh_accept(int fd, struct sockaddr_storage *peer);
/// How many bytes a socket holds that its peer has not taken; the negative errno.
int gh_unsent(int fd);
/// Names the calling thread; at most 15 characters count.
void gh_name_thread(const char *name);

// By way of syscall(), since the library's own recv and send are points of cancellation, which in a program of several
// threads costs each call two atomic operations.
static inline ssize_t gh_receive(int fd, void *to, size_t most) {
  ssize_t count;
  do count = syscall(SYS_recvfrom, fd, to, most, 0, NULL, NULL);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

/// Looks for input without taking it: 1 for some, 0 for the end.
static inline int gh_peek(int fd) {
  char byte;
  ssize_t count;
  do count = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : (int)count;
}

static inline ssize_t gh_send(int fd, const void *from, size_t length) {
  ssize_t count;
  do count = syscall(SYS_sendto, fd, from, length, MSG_NOSIGNAL, NULL, 0);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

/// Receives and drops.
static inline ssize_t gh_drop(int fd, size_t most) {
  ssize_t count;
  do count = recv(fd, NULL, most, MSG_TRUNC);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

/// Two pieces in one call.
static inline ssize_t gh_send_both(int fd, const void *a, size_t a_length, const void *b, size_t b_length) {
  struct iovec pieces[2] = {{(void *)a, a_length}, {(void *)b, b_length}};
  struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
  ssize_t count;
  do count = syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

#endif
