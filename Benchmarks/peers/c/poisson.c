// SPDX-License-Identifier: Apache-2.0
// Open-loop HTTP/1.1 load: Poisson arrivals, latency counted from the INTENDED arrival time (no coordinated omission).
// usage: poisson host port path rate seconds max_conns bodyfile headerfile   -> one JSON line. One thread, epoll, keep-alive.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
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
#define MAXC 1024
typedef struct { int fd, busy; double t; size_t sent, got, need; char *buf; size_t cap; int hdr, code; } C;
static C cs[MAXC]; static int nc, maxc, ep; static char *req; static size_t reqlen; static struct sockaddr_in sa;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static float *lat; static size_t nl; static long errs, non2xx;
static double *q; static size_t qh, qt, qmax;
static char *slurp(const char *p, size_t *n) { FILE *f = fopen(p, "r"); if (!f) { perror(p); exit(1); } fseek(f, 0, SEEK_END); *n = ftell(f); rewind(f); char *b = malloc(*n + 1); if (fread(b, 1, *n, f) != *n) exit(1); b[*n] = 0; fclose(f); return b; }
static int dial(C *c) {
  c->fd = socket(AF_INET, SOCK_STREAM, 0); int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(c->fd, (void *)&sa, sizeof sa)) { close(c->fd); return -1; }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
  struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c}; epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  if (!c->buf) c->buf = malloc(c->cap = 65536);
  return 0;
}
static void drop(C *c) { close(c->fd); c->fd = -1; c->busy = 0; }
static void pump(C *c) {
  while (c->sent < reqlen) { ssize_t n = send(c->fd, req + c->sent, reqlen - c->sent, MSG_NOSIGNAL); if (n < 0) { if (errno != EAGAIN) { errs++; drop(c); } return; } c->sent += n; }
}
static void start(C *c, double t) { c->busy = 1; c->t = t; c->sent = c->got = 0; c->hdr = 0; c->need = 0; pump(c); }
static void feed(void) {  // give queued arrivals to idle connections
  while (qh < qt) {
    C *c = 0;
    for (int i = 0; i < nc; i++) if (!cs[i].busy && cs[i].fd >= 0) { c = &cs[i]; break; }
    if (!c) for (int i = 0; i < nc && !c; i++) if (cs[i].fd < 0 && !dial(&cs[i])) c = &cs[i];
    if (!c && nc < maxc) { c = &cs[nc]; if (dial(c)) { errs++; qh++; continue; } nc++; }
    if (!c) break;
    start(c, q[qh++]);
  }
  if (qt - qh > qmax) qmax = qt - qh;
}
static void on(C *c) {
  if (c->fd < 0) return;
  if (c->busy && c->sent < reqlen) pump(c);
  for (;;) {
    if (c->fd < 0) return;
    if (c->cap - c->got < 65536) c->buf = realloc(c->buf, c->cap *= 2);
    ssize_t n = recv(c->fd, c->buf + c->got, c->cap - c->got - 1, 0);
    if (n < 0) { if (errno == EAGAIN) break; errs += c->busy; drop(c); return; }
    if (n == 0) { errs += c->busy; drop(c); return; }
    c->got += n;
  }
  if (!c->busy) return;
  c->buf[c->got] = 0;
  if (!c->hdr) {
    char *e = memmem(c->buf, c->got, "\r\n\r\n", 4); if (!e) return;
    c->hdr = e + 4 - c->buf; c->code = atoi(c->buf + 9); c->need = 0;
    for (char *l = c->buf; l < e; l = strstr(l, "\r\n") + 2) if (!strncasecmp(l, "content-length:", 15)) c->need = c->hdr + atol(l + 15);
  }
  int done = c->need ? c->got >= c->need : (c->got >= (size_t)c->hdr + 5 && !memcmp(c->buf + c->got - 5, "0\r\n\r\n", 5));
  if (done) { lat[nl++] = (now() - c->t) * 1e3; if (c->code / 100 != 2) non2xx++; c->busy = 0; feed(); }
}
static int cmp(const void *a, const void *b) { float x = *(float *)a, y = *(float *)b; return x < y ? -1 : x > y; }
int main(int ac, char **v) {
  if (ac < 9) return 2;
  double rate = atof(v[4]), secs = atof(v[5]); maxc = atoi(v[6]); if (maxc > MAXC) maxc = MAXC;
  size_t bl, hl; char *b = slurp(v[7], &bl), *h = slurp(v[8], &hl);
  req = malloc(bl + hl + 4096); reqlen = sprintf(req, "POST %s HTTP/1.1\r\nHost: %s:%s\r\n%sContent-Length: %zu\r\n\r\n", v[3], v[1], v[2], h, bl); memcpy(req + reqlen, b, bl); reqlen += bl;
  sa.sin_family = AF_INET; sa.sin_port = htons(atoi(v[2])); inet_pton(AF_INET, v[1], &sa.sin_addr); ep = epoll_create1(0);
  size_t cap = rate * secs * 2 + 1000; lat = malloc(cap * sizeof *lat); q = malloc(cap * sizeof *q); double *arr = malloc(cap * sizeof *arr); size_t na = 0, ia = 0;
  srand48(7); for (double t = 0; na < cap;) { t += -log(1 - drand48()) / rate; if (t > secs) break; arr[na++] = t; }
  int tf = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK); struct epoll_event te = {.events = EPOLLIN, .data.ptr = 0}; epoll_ctl(ep, EPOLL_CTL_ADD, tf, &te);
  double t0 = now() + .05, slip = 0; struct epoll_event ev[256];
  for (;;) {
    double t = now();
    while (ia < na && t0 + arr[ia] <= t) { double s = t - t0 - arr[ia]; if (s > slip) slip = s; q[qt++] = t0 + arr[ia++]; }
    feed();
    int busy = 0; for (int i = 0; i < nc; i++) busy += cs[i].busy;
    if (ia >= na && qh >= qt && !busy) break;
    if (t - t0 > secs + 20) { errs += busy + (qt - qh); break; }
    if (ia < na) { double w = t0 + arr[ia]; struct itimerspec it = {.it_value = {(time_t)w, (w - (time_t)w) * 1e9}}; timerfd_settime(tf, TFD_TIMER_ABSTIME, &it, 0); }
    int n = epoll_wait(ep, ev, 256, 1000);
    for (int i = 0; i < n; i++) { if (!ev[i].data.ptr) { uint64_t x; if (read(tf, &x, 8) < 0) {} } else on(ev[i].data.ptr); }
  }
  double el = now() - t0; struct rusage r; getrusage(RUSAGE_SELF, &r); double cpu = r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
  qsort(lat, nl, sizeof *lat, cmp);
  if (!nl) { printf("{\"n\":0,\"errors\":%ld}\n", errs); return 0; }
  printf("{\"offered\":%.1f,\"n\":%zu,\"rps\":%.2f,\"p50_ms\":%.4f,\"p95_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.3f,\"errors\":%ld,\"non2xx\":%ld,\"conns\":%d,\"max_queue\":%zu,\"gen_slip_ms\":%.3f,\"gen_cpu_share\":%.4f}\n",
         rate, nl, nl / el, lat[nl / 2], lat[(size_t)(nl * .95)], lat[(size_t)(nl * .99)], lat[nl - 1], errs, non2xx, nc, qmax, slip * 1e3, cpu / el);
  return 0;
}
