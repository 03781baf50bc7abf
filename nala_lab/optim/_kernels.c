/* Whole updates in one pass over memory, compiled on first use by _build.py for T = float or T = double.

   Every loop body is the arithmetic of _moments.py (or of torch.optim.Adam), one line per equation. The loops are
   plain C, so that the compiler makes vectors of them; nothing is reordered and no multiply-add is contracted, so an
   element's result depends neither on its place in a vector nor on the number of threads. What is written without
   having been read (a copy of the weights, a kept gradient) goes past the caches in a large model: reading a line only
   to overwrite it would cost as much memory traffic as the write.
*/
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>
#ifdef __AVX__
#include <immintrin.h>
#endif

enum { ADAM, BELIEF, PROBE, ADAPTED };                  /* Rule.what */
enum { RAW = 1, ASCEND = 2, COPY = 4, MIX = 8, STREAM = 16 }; /* Rule.flags */
enum { BLOCK = 64, ROW = 16384, WIDTH = 7, MOST_THREADS = 64 }; /* a BLOCK is held back, so it is short */

typedef struct {
    int what, flags;
    double lr, beta1, beta2, eps, decay;
    double weight; /* MIX: theta <- theta + weight (slow - theta); ADAPTED: blend */
} Rule;

typedef struct {
    T step;  /* lr / (1 - beta1^t) */
    T scale; /* 1 / (1 - beta2^t), for Adam the root of that */
} Age;

static void put(T *restrict to, const T *restrict from, long n, int stream)
{
#ifdef __AVX__
    const long lane = 32 / sizeof(T);
    if (stream && (size_t)to % 32 == 0) {
        long i = 0;
        for (; i + lane <= n; i += lane)
            _mm256_stream_si256((__m256i *)(to + i), _mm256_loadu_si256((const __m256i *)(from + i)));
        memcpy(to + i, from + i, (n - i) * sizeof(T));
        return;
    }
#endif
    (void)stream;
    memcpy(to, from, n * sizeof(T));
}

/* theta -= step m_hat / (sqrt(v_hat) + eps), and the two synchronisations of a slow loop around it */
static void adam(const Rule *r, Age a, T *restrict p, const T *restrict grad, T *restrict m, T *restrict v, T *slow, long n)
{
    const T b1 = r->beta1, b2 = r->beta2, c1 = 1 - r->beta1, c2 = 1 - r->beta2, eps = r->eps, decay = r->decay;
    const T step = a.step, scale = a.scale, sign = r->flags & ASCEND ? -1 : 1;
    const T w = r->weight, rest = 1 - r->weight;
    T old[BLOCK];
    if (r->flags & COPY)
        memcpy(old, p, n * sizeof(T));
    for (long i = 0; i < n; i++) {
        T g = sign * grad[i] + (decay ? decay * p[i] : 0); /* 0 times an infinite weight would be NaN */
        m[i] = b1 * m[i] + c1 * g;
        v[i] = b2 * v[i] + c2 * g * g;
        p[i] -= step * m[i] / (sqrt(v[i]) * scale + eps);
    }
    if (r->flags & COPY)
        put(slow, old, n, r->flags & STREAM);
    if (r->flags & MIX) {
        const T *s = r->flags & COPY ? old : slow;
        if (r->weight < 0.5) /* torch's two forms of lerp: exact at weight 0 and at weight 1 */
            for (long i = 0; i < n; i++)
                p[i] += w * (s[i] - p[i]);
        else
            for (long i = 0; i < n; i++)
                p[i] = s[i] - rest * (s[i] - p[i]);
    }
}

/* AdaBelief, Algorithm 2 */
static void belief(const Rule *r, Age a, T *restrict p, const T *restrict grad, T *restrict m, T *restrict s, long n)
{
    const T b1 = r->beta1, b2 = r->beta2, c1 = 1 - r->beta1, c2 = 1 - r->beta2, eps = r->eps, decay = r->decay;
    const T step = a.step, scale = r->flags & RAW ? 1 : a.scale;
    const T inside = r->flags & RAW ? r->eps : 0, outside = r->flags & RAW ? 0 : r->eps;
    for (long i = 0; i < n; i++) {
        T g = grad[i] + (decay ? decay * p[i] : 0);
        m[i] = b1 * m[i] + c1 * g;
        T residual = g - m[i];
        s[i] = b2 * s[i] + c2 * residual * residual + eps;
        p[i] -= step * m[i] / (sqrt(s[i] * scale + inside) + outside);
    }
}

/* AdaLA's probe "own": base = theta, kept = g_t, theta moves by the step that AdaBelief would take from m and s */
static void probe(const Rule *r, Age a, T *restrict p, const T *restrict grad, const T *restrict m, const T *restrict s,
                  T *restrict base, T *restrict kept, long n)
{
    const T b1 = r->beta1, b2 = r->beta2, c1 = 1 - r->beta1, c2 = 1 - r->beta2, eps = r->eps, decay = r->decay;
    const T step = a.step, scale = r->flags & RAW ? 1 : a.scale;
    const T inside = r->flags & RAW ? r->eps : 0, outside = r->flags & RAW ? 0 : r->eps;
    T g[BLOCK];
    for (long i = 0; i < n; i++)
        g[i] = grad[i] + (decay ? decay * p[i] : 0);
    put(base, p, n, r->flags & STREAM);
    put(kept, g, n, r->flags & STREAM);
    for (long i = 0; i < n; i++) {
        T mean = b1 * m[i] + c1 * g[i];
        T residual = g[i] - mean;
        T second = b2 * s[i] + c2 * residual * residual + eps;
        p[i] -= step * mean / (sqrt(second * scale + inside) + outside);
    }
}

/* AdaLA's adapted step from base, with the kept g_t and g_{t+1} = grad, the gradient where p stands */
static void adapted(const Rule *r, Age a, T *restrict p, const T *restrict grad, T *restrict m, T *restrict s,
                    const T *restrict base, const T *restrict kept, long n)
{
    const T b1 = r->beta1, b2 = r->beta2, c1 = 1 - r->beta1, c2 = 1 - r->beta2, eps = r->eps, decay = r->decay;
    const T step = a.step, scale = r->flags & RAW ? 1 : a.scale;
    const T inside = r->flags & RAW ? r->eps : 0, outside = r->flags & RAW ? 0 : r->eps;
    const T w = r->weight, rest = 1 - r->weight;
    T next[BLOCK];
    for (long i = 0; i < n; i++) {
        T g = kept[i], ahead = grad[i] + (decay ? decay * p[i] : 0);
        m[i] = b1 * m[i] + c1 * g;
        T residual = g - (w == 1 ? ahead : w * ahead + rest * m[i]);
        s[i] = b2 * s[i] + c2 * residual * residual + eps;
        next[i] = base[i] - step * m[i] / (sqrt(s[i] * scale + inside) + outside);
    }
    put(p, next, n, r->flags & STREAM);
}

static void block(const Rule *r, Age a, T **x, long at, long n)
{
    switch (r->what) {
    case ADAM: adam(r, a, x[0] + at, x[1] + at, x[2] + at, x[3] + at, x[4] ? x[4] + at : 0, n); break;
    case BELIEF: belief(r, a, x[0] + at, x[1] + at, x[2] + at, x[3] + at, n); break;
    case PROBE: probe(r, a, x[0] + at, x[1] + at, x[2] + at, x[3] + at, x[4] + at, x[5] + at, n); break;
    case ADAPTED: adapted(r, a, x[0] + at, x[1] + at, x[2] + at, x[3] + at, x[4] + at, x[5] + at, n); break;
    }
}

typedef struct {
    const Rule *rule;
    const Age *ages;
    const long long *sizes;
    T **slots;
    long long tensors, begin, end; /* elements begin .. end - 1 of all tensors in a row */
} Share;

static void *work(void *argument)
{
    const Share *a = argument;
    const int straight = a->rule->what == BELIEF || (a->rule->what == ADAM && !(a->rule->flags & (COPY | MIX)));
    const long most = straight ? ROW : BLOCK;
    long long first = 0;
    for (long long j = 0; j < a->tensors; first += a->sizes[j++]) {
        long long at = a->begin > first ? a->begin - first : 0;
        long long end = a->end - first < a->sizes[j] ? a->end - first : a->sizes[j];
        for (; at < end; at += most)
            block(a->rule, a->ages[j], a->slots + WIDTH * j, at, end - at < most ? end - at : most);
    }
#ifdef __AVX__
    _mm_sfence();
#endif
    return 0;
}

/* Number the step of each tensor: its counter, a float as torch has it, goes up by one, but not for a probe. */
static void count(const Rule *r, long long tensors, T **slots, Age *ages)
{
    for (long long j = 0; j < tensors; j++) {
        float *counter = (void *)slots[WIDTH * j + 6];
        double t = *counter + 1.0, second = 1 / (1 - pow(r->beta2, t));
        if (r->what != PROBE)
            *counter = t;
        ages[j] = (Age){r->lr / (1 - pow(r->beta1, t)), r->what == ADAM ? sqrt(second) : second};
    }
}

/* slots: for each tensor the addresses of the arguments above, in their order, and of its counter as the seventh.
   Threads are started anew in every call, so that a process may fork between two calls. Returns 0 when all is done. */
int update(const Rule *rule, long long tensors, const long long *sizes, T **slots, int threads)
{
    pthread_t started[MOST_THREADS];
    Share shares[MOST_THREADS];
    int running[MOST_THREADS] = {0};
    long long total = 0;
    Age *ages = malloc((tensors + 1) * sizeof(Age));
    if (!ages)
        return 1;
    count(rule, tensors, slots, ages);
    threads = threads < 1 ? 1 : threads > MOST_THREADS ? MOST_THREADS : threads;
    for (long long j = 0; j < tensors; j++)
        total += sizes[j];
    for (int i = 0; i < threads; i++) {
        shares[i] = (Share){rule, ages, sizes, slots, tensors, total * i / threads, total * (i + 1) / threads};
        if (i < threads - 1)
            running[i] = pthread_create(&started[i], 0, work, &shares[i]) == 0;
        if (!running[i])
            work(&shares[i]);
    }
    for (int i = 0; i < threads - 1; i++)
        if (running[i])
            pthread_join(started[i], 0);
    free(ages);
    return 0;
}
