// SPDX-License-Identifier: Apache-2.0
// The physical limit: ONNX Runtime's C API in a loop, no server. Calls by slot index in the OrtApi table (append-only; 1.31.1 checked).
// usage: ortbench libonnxruntime.so model.onnx manifest intra_threads clients seconds [rows]
//   rows: the sample repeated that often along its first extent, as one call; rates and times stay those of calls.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
static void **A;
#define F(i, T) ((T)A[i])
typedef void *P;
static void ck(P st, const char *w) { if (st) { fprintf(stderr, "%s: %s\n", w, F(2, const char *(*)(P))(st)); exit(1); } }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static P sess, minfo; static int nin, nout; static char *inames[16], *onames[16];
static struct { int type, nd; int64_t d[8]; size_t len; char *data; } in[16];
static double secs; static volatile int go;
typedef struct { float *lat; size_t n, cap; } R;
static void once(P *iv) {
  P o[16] = {0};
  ck(F(9, P (*)(P, P, const char **, P *, size_t, const char **, size_t, P *))(sess, NULL, (const char **)inames, iv, nin, (const char **)onames, nout, o), "Run");
  for (int i = 0; i < nout; i++) F(96, void (*)(P))(o[i]);
}
static void *loop(void *p) {
  R *r = p; P iv[16] = {0};
  for (int i = 0; i < nin; i++) ck(F(49, P (*)(P, void *, size_t, int64_t *, size_t, int, P *))(minfo, in[i].data, in[i].len, in[i].d, in[i].nd, in[i].type, &iv[i]), "tensor");
  for (int i = 0; i < 3; i++) once(iv);
  while (!go) ;
  double t0 = now(), t = t0;
  while (t - t0 < secs) {
    once(iv);
    double e = now();
    if (r->n == r->cap) r->lat = realloc(r->lat, (r->cap = r->cap ? r->cap * 2 : 4096) * sizeof(float));
    r->lat[r->n++] = (e - t) * 1e6; t = e;
  }
  return 0;
}
static int cmp(const void *a, const void *b) { float x = *(float *)a, y = *(float *)b; return x < y ? -1 : x > y; }
int main(int c, char **v) {
  if (c < 7) return 2;
  P lib = dlopen(v[1], RTLD_NOW); if (!lib) { fprintf(stderr, "%s\n", dlerror()); return 1; }
  void **(*base)(void) = dlsym(lib, "OrtGetApiBase");
  A = ((void **(*)(uint32_t))(base())[0])(22);
  P env, so, al; int intra = atoi(v[4]), cl = atoi(v[5]), rows = c > 7 ? atoi(v[7]) : 1; secs = atof(v[6]);
  FILE *f = fopen(v[3], "r"); char nm[256], fn[1024];
  while (f && nin < 16) {
    if (fscanf(f, "%255s %d %d", nm, &in[nin].type, &in[nin].nd) != 3) break;
    for (int i = 0; i < in[nin].nd; i++) { long x; if (fscanf(f, "%ld", &x) != 1) return 1; in[nin].d[i] = x; }
    if (fscanf(f, "%1023s", fn) != 1) return 1;
    FILE *g = fopen(fn, "r"); fseek(g, 0, SEEK_END); in[nin].len = ftell(g); rewind(g);
    in[nin].data = aligned_alloc(64, (in[nin].len * rows + 63) & ~63ul);
    if (fread(in[nin].data, 1, in[nin].len, g) != in[nin].len) return 1;
    for (int i = 1; i < rows; i++) memcpy(in[nin].data + i * in[nin].len, in[nin].data, in[nin].len);
    in[nin].len *= rows; in[nin].d[0] *= rows;
    fclose(g); inames[nin++] = strdup(nm);
  }
  double t0 = now();
  ck(F(3, P (*)(int, const char *, P *))(3, "b", &env), "env");
  ck(F(10, P (*)(P *))(&so), "opts"); ck(F(24, P (*)(P, int))(so, intra), "intra"); ck(F(25, P (*)(P, int))(so, 1), "inter");
  ck(F(7, P (*)(P, const char *, P, P *))(env, v[2], so, &sess), "session");
  ck(F(69, P (*)(int, int, P *))(1, 0, &minfo), "meminfo"); ck(F(78, P (*)(P *))(&al), "alloc");
  size_t n; ck(F(31, P (*)(P, size_t *))(sess, &n), "nout"); nout = n;
  for (int i = 0; i < nout; i++) ck(F(37, P (*)(P, size_t, P, char **))(sess, i, al, &onames[i]), "oname");
  double load = now() - t0;
  R r[16] = {{0}}; pthread_t th[16];
  for (int i = 0; i < cl; i++) pthread_create(&th[i], 0, loop, &r[i]);
  struct timespec z = {0, 300000000}; nanosleep(&z, 0);
  struct rusage a, b; getrusage(RUSAGE_SELF, &a); double s = now(); go = 1;
  for (int i = 0; i < cl; i++) pthread_join(th[i], 0);
  double el = now() - s; getrusage(RUSAGE_SELF, &b);
  size_t tot = 0; for (int i = 0; i < cl; i++) tot += r[i].n;
  float *all = malloc(tot * sizeof(float)); size_t k = 0;
  for (int i = 0; i < cl; i++) { memcpy(all + k, r[i].lat, r[i].n * sizeof(float)); k += r[i].n; }
  qsort(all, tot, sizeof(float), cmp);
#define TV(x) ((x).tv_sec + (x).tv_usec * 1e-6)
  double cpu = TV(b.ru_utime) + TV(b.ru_stime) - TV(a.ru_utime) - TV(a.ru_stime);
  double hwm = 0; char ln[256]; FILE *sf = fopen("/proc/self/status", "r");  // ru_maxrss would carry over the parent's from before exec
  while (sf && fgets(ln, sizeof ln, sf)) if (sscanf(ln, "VmHWM: %lf", &hwm) == 1) break;
  printf("{\"rows\":%d,\"rps\":%.2f,\"n\":%zu,\"p50_ms\":%.4f,\"p95_ms\":%.4f,\"p99_ms\":%.4f,\"cpu_ms_per_req\":%.5f,\"rss_mb\":%.1f,\"ready_s\":%.4f}\n",
         rows, tot / el, tot, all[tot / 2] / 1e3, all[(size_t)(tot * .95)] / 1e3, all[(size_t)(tot * .99)] / 1e3, cpu * 1e3 / tot, hwm / 1024., load);
  return 0;
}
