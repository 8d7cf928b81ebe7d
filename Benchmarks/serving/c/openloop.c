// SPDX-License-Identifier: Apache-2.0
// Open-loop HTTP/1.1 load at given arrival times; every request is told, so that windows and tails can be cut afterwards.
// Latency counts from the INTENDED arrival: a stalled server cannot hide its queue (no coordinated omission).
// usage: openloop port path arrivals.f64 max_conns bodyfile headerfile out.f64 [start_monotonic_seconds]
//   arrivals: seconds after the start, ascending. out: three doubles each, in order of arrival:
//   seconds from intended arrival to the last byte (-1: none came), status (0: none), seconds the arrival was noticed late.
// One thread, epoll, keep-alive; a connection carries one request at a time. Prints one JSON line.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#define MAXC 4096
#define EARLY 32    // connections that are open before the first arrival
#define GRACE 20.0  // seconds for the last answers
typedef struct { int fd; long at; size_t sent, got, need, cap; char *buf; int code; } Conn;
static Conn conns[MAXC];
static int idle[MAXC], nidle, nconn, maxconn, ep;
static char *req;
static size_t reqlen;
static struct sockaddr_in address;
static double t0, *arr, (*out)[3];
static long total, next_in, next_out, answered, failed_dials;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static char *slurp(const char *path, size_t *n) {
  FILE *f = fopen(path, "rb");
  if (!f) { perror(path); exit(1); }
  fseek(f, 0, SEEK_END); *n = ftell(f); rewind(f);
  char *b = malloc(*n + 1);
  if (fread(b, 1, *n, f) != *n) exit(1);
  b[*n] = 0; fclose(f); return b;
}
static int dial(Conn *c) {
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0) return -1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(c->fd, (void *)&address, sizeof address)) { close(c->fd); c->fd = -1; return -1; }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  if (!c->buf) c->buf = malloc(c->cap = 65536);
  return 0;
}
static void finish(Conn *c, double latency) {
  if (c->at >= 0) { out[c->at][0] = latency; out[c->at][1] = c->code; answered++; }
  c->at = -1; idle[nidle++] = c - conns;
}
// Gone: what it carried has failed. An idle connection that the server closed is simply dialled again.
static void gone(Conn *c) {
  close(c->fd); c->fd = -1;
  if (c->at >= 0) { c->code = 0; finish(c, -1); }
}
static void pump(Conn *c) {
  while (c->at >= 0 && c->sent < reqlen) {
    ssize_t n = send(c->fd, req + c->sent, reqlen - c->sent, MSG_NOSIGNAL);
    if (n < 0) { if (errno != EAGAIN) gone(c); return; }
    c->sent += n;
  }
}
static void feed(void) {
  while (next_out < next_in) {
    Conn *c;
    if (nidle) c = &conns[idle[--nidle]];
    else if (nconn < maxconn) { c = &conns[nconn++]; c->fd = -1; }
    else return;
    c->at = next_out++; c->sent = c->got = c->need = 0; c->code = 0;
    if (c->fd < 0 && dial(c)) { failed_dials++; finish(c, -1); continue; }
    pump(c);
  }
}
static void on(Conn *c) {
  pump(c);
  while (c->fd >= 0) {
    if (c->cap - c->got < 65536) c->buf = realloc(c->buf, c->cap *= 2);
    ssize_t n = recv(c->fd, c->buf + c->got, c->cap - c->got - 1, 0);
    if (n < 0) { if (errno != EAGAIN) gone(c); break; }
    if (n == 0) { gone(c); break; }
    if (c->at >= 0) c->got += n;
  }
  if (c->fd < 0 || c->at < 0) return;
  c->buf[c->got] = 0;
  if (!c->need) {
    char *end = memmem(c->buf, c->got, "\r\n\r\n", 4);
    if (!end) return;
    c->code = atoi(c->buf + 9);
    for (char *l = c->buf; l < end; l = strstr(l, "\r\n") + 2)
      if (!strncasecmp(l, "content-length:", 15)) c->need = end + 4 - c->buf + atol(l + 15);
    if (!c->need) { fprintf(stderr, "an answer without content-length\n"); exit(1); }
  }
  if (c->got >= c->need) finish(c, now() - t0 - arr[c->at]);
}
int main(int argc, char **v) {
  if (argc < 8) return 2;
  signal(SIGPIPE, SIG_IGN);
  setpriority(PRIO_PROCESS, 0, -10);  // best effort: the generator stands for the world outside this machine
  size_t bytes, bl, hl;
  arr = (double *)slurp(v[3], &bytes); total = bytes / sizeof(double);
  maxconn = atoi(v[4]); if (maxconn > MAXC) maxconn = MAXC;
  char *body = slurp(v[5], &bl), *head = slurp(v[6], &hl);
  req = malloc(bl + hl + 4096);
  reqlen = sprintf(req, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n%sContent-Length: %zu\r\n\r\n", v[2], v[1], head, bl);
  memcpy(req + reqlen, body, bl); reqlen += bl;
  address.sin_family = AF_INET; address.sin_port = htons(atoi(v[1])); inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  ep = epoll_create1(0);
  out = malloc(total * sizeof *out);
  for (long i = 0; i < total; i++) out[i][0] = -1, out[i][1] = 0, out[i][2] = 0;
  int tf = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event te = {.events = EPOLLIN, .data.ptr = 0}, ev[256];
  epoll_ctl(ep, EPOLL_CTL_ADD, tf, &te);
  for (; nconn < EARLY && nconn < maxconn; nconn++) {
    conns[nconn].at = -1;
    if (dial(&conns[nconn])) failed_dials++;
    idle[nidle++] = nconn;
  }
  t0 = argc > 8 ? atof(v[8]) : now() + .05;
  double last = total ? arr[total - 1] : 0; long most = 0;
  while (answered < total) {
    double t = now();
    while (next_in < total && t0 + arr[next_in] <= t) { out[next_in][2] = t - t0 - arr[next_in]; next_in++; }
    feed();
    if (next_in - next_out > most) most = next_in - next_out;
    if (t - t0 > last + GRACE) break;
    if (next_in < total) {
      double w = t0 + arr[next_in];
      struct itimerspec it = {.it_value = {(time_t)w, (long)((w - (time_t)w) * 1e9)}};
      timerfd_settime(tf, TFD_TIMER_ABSTIME, &it, 0);
    }
    int n = epoll_wait(ep, ev, 256, 1000);
    for (int i = 0; i < n; i++) {
      uint64_t x;
      if (ev[i].data.ptr) on(ev[i].data.ptr);
      else if (read(tf, &x, 8) < 0) {}
    }
  }
  FILE *f = fopen(v[7], "wb");
  if (!f || fwrite(out, sizeof *out, total, f) != (size_t)total || fclose(f)) { perror(v[7]); return 1; }
  printf("{\"connections\":%d,\"most_waiting\":%ld,\"failed_dials\":%ld,\"priority\":%d}\n", nconn, most, failed_dials, getpriority(PRIO_PROCESS, 0));
  return 0;
}
