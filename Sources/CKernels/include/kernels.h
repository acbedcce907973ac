/*
 * What the block kernels work on, and the few vector idioms that Swift lacks.
 *
 * A state tree is made of leaves (up to 64 nodes) and inners (up to 64 children). Both are plain blocks of columns of
 * 64 lanes, 64-byte aligned; the offsets below are the one place that says where a column is. Columns are narrow: the
 * free quantity of a resource in units of 2^shift of the tree, as a 32-bit number below 2^30, never below 0. They
 * bound and prefilter; decisions are taken on 64-bit quantities (or on columns that are known to lose nothing).
 */
#ifndef BERTH_KERNELS_H
#define BERTH_KERNELS_H

#include <stdint.h>

enum {
  BK_LANES = 64,
  BK_DIMS = 16,
  BK_COLUMN = 256, /* bytes of a column of 32-bit lanes */
  /* every block begins with a bk_header */
  BK_HEADER = 64,
  /* leaf: slot u32, pool u16, [tie u32 when the tie rule has keys], free[dims] u32 */
  BK_LEAF_SLOT = 64,
  BK_LEAF_POOL = 320,
  BK_LEAF_TIE = 448,
  /* inner: separators (upper and lower word), child, then the summaries of the children */
  BK_INNER_SEPARATOR_HIGH = 64,
  BK_INNER_SEPARATOR_LOW = 576,
  BK_INNER_CHILD = 1088,
  BK_INNER_POOLS = 1344,
  BK_INNER_SLOT = 1856,
  BK_INNER_TIE = 2112,
  BK_INNER_MIX_LOW = 2368,
  BK_INNER_MIX_HIGH = 2624,
  BK_INNER_FREE = 2880 /* for each dim: highest free, lowest free */
};

typedef struct bk_header {
  uint32_t count;
  uint32_t parent; /* inner block, or BK_NONE */
  uint32_t tree;
  uint32_t level; /* 0: leaf */
} bk_header;

#define BK_NONE 0xFFFFFFFFu

/* Bounds are whole numbers, rounded up to be sound, and clamped: beyond 2^30 they only say so. */
static const int32_t BK_NO_FIT = INT32_MIN; /* the bound of a lane that cannot fit */
#define BK_BOUND_LIMIT 1073741824.0f

/* What is known of all nodes below a block. */
typedef struct bk_summary {
  uint32_t high[BK_DIMS];     /* largest free quantity of each dim */
  uint32_t low[BK_DIMS];      /* smallest */
  uint32_t mix_low, mix_high; /* range of the mix: the sum over cpu, memory, GPU of ceil(2^20 x free / capacity) */
  uint32_t slot, tie;         /* the first node in the tie rule's order */
  uint64_t pools;             /* superset of the hashed pools below */
} bk_summary;

/* A term that leafExact computes: what the terms' `value` gives, to the last bit. */
enum { BK_EXACT_TERMS = 4, BK_EXACT_USED = 1, BK_EXACT_FREE = 2, BK_EXACT_BALANCE = 3 };
typedef struct bk_exact_term {
  uint32_t kind; /* USED, FREE: sum of weight x floor(scale x (used or free) / capacity), divided by `divisor` */
  uint32_t count;
  int32_t weight;                       /* of the whole term, may be negative */
  int32_t divisor;                      /* 1: none */
  double divisor_factor, divisor_nudge; /* 1 / divisor and half of it: truncation then gives the quotient */
  uint32_t dim[BK_DIMS];
  int32_t dim_weight[BK_DIMS];
  int32_t capacity[BK_DIMS];
  double factor[BK_DIMS]; /* scale / capacity */
  double nudge[BK_DIMS];  /* 1 / (2 x capacity): see leafExact */
} bk_exact_term;

/* How a profile bounds scores in one tree: linear in what stays free after placing, per dim from the high or the low
 * end; optionally through the mix; optionally with the term of BalancedAllocation over two dims. */
typedef struct bk_plan {
  uint32_t linear_count, fix_count;
  uint32_t linear_dim[BK_DIMS];
  uint32_t linear_from_low[BK_DIMS]; /* 1: the coefficient is negative, so the low end bounds */
  float linear_coefficient[BK_DIMS];
  float constant;            /* with all slack for rounding */
  float mix_coefficient;     /* per unit of the mix; 0: the mix bounds nothing */
  float mix_constant;        /* with balance: of all but that term */
  uint32_t fix_dim[BK_DIMS]; /* what the mix bound adds: dims whose coefficient differs from the mix's */
  uint32_t fix_from_low[BK_DIMS];
  float fix_coefficient[BK_DIMS];
  uint32_t balance; /* add balance_weight x (|t - delta| - |t|), t the used fraction of i less that of j: 1 at the box's
                       best corner, 2 at its worst over all corners and capacities */
  uint32_t balance_i, balance_j;
  float balance_least_i, balance_least_j; /* 1 / the largest capacity, */
  float balance_most_i, balance_most_j;   /* 1 / the smallest capacity of the tree */
  float balance_weight;
  /* the total, exactly, where every term has a vector form */
  uint32_t exact_count; /* 0: it has none */
  bk_exact_term exact[BK_EXACT_TERMS];
} bk_plan;

/* What a tree's blocks look like, and what its mix is made of. */
typedef struct bk_layout {
  uint32_t dims, has_tie;
  uint32_t free_offset; /* of the leaf's free columns */
  uint32_t one_pool;    /* 1: every node is of pool 0, lanes need not be read */
  uint32_t mix_count;
  uint32_t mix_dim[3];
  int32_t mix_capacity[3];
  double mix_factor[3]; /* 2^20 / capacity */
  double mix_nudge[3];  /* 1 - 1 / (2 x capacity): truncation then gives the ceiling, see leafExact */
} bk_layout;

/* A class in one tree. */
typedef struct bk_query {
  const bk_plan *plan;
  const bk_layout *layout;
  uint32_t fit_count;
  uint32_t tight; /* 1: bound inners by the exact terms at the box's corners, too; columns must lose nothing */
  uint32_t fit_dim[BK_DIMS];
  uint32_t request[BK_DIMS];               /* by dim, rounded down to the tree's units */
  float request_mix;                       /* the request's own mix, rounded to the side that keeps the bound sound */
  float balance_delta, balance_delta_high; /* range over the tree's capacities */
  double balance_shift;                    /* the same for the exact term of BalancedAllocation */
} bk_query;

typedef struct bk_winner {
  int32_t score;
  int32_t lane; /* -1: none */
} bk_winner;

/* One table per CPU level. All functions take 64-byte aligned blocks. */
/*
 * Slot columns: the nodes of a group of 64 slots, in topology order and of any shapes. A block is pool u16[64], then for
 * each resource that some class asks for free f64[64] and 1 / capacity f64[64]. Numbers are whole and below 2^53.
 */
enum { BK_SLOT_POOL = 0, BK_SLOT_COLUMNS = 128, BK_SLOT_COLUMN = 1024, BK_SLOT_INVERSE = 512 };

/* A term that slot_scores computes, over at most BK_SLOT_TERM_COLUMNS resources. */
enum { BK_SLOT_TERMS = 4, BK_SLOT_TERM_COLUMNS = 8, BK_SLOT_FREE = 1, BK_SLOT_USED = 2, BK_SLOT_BALANCE = 3 };
typedef struct bk_slot_term {
  uint32_t kind; /* BK_SLOT_FREE, _USED: weighted mean of floor(scale x free or used after placing / capacity) */
  uint32_t count;
  int32_t weight;
  int32_t divisor; /* of the weighted sum; at least 1 */
  double scale;
  uint32_t column[BK_SLOT_TERM_COLUMNS];
  int32_t column_weight[BK_SLOT_TERM_COLUMNS];
  double request[BK_SLOT_TERM_COLUMNS];
} bk_slot_term;

/* A class among slot columns. */
typedef struct bk_slot_query {
  uint32_t fit_count;
  uint32_t term_count;
  int32_t offset; /* added to every score, so that it is at least 1 */
  uint32_t reserved;
  uint32_t fit_column[BK_DIMS];
  double fit_request[BK_DIMS];
  bk_slot_term terms[BK_SLOT_TERMS];
} bk_slot_query;

typedef struct bk_table {
  /* Upper bounds of the children of an inner, BK_NO_FIT where no node below can fit; up to the next multiple of 16
   * lanes, the lanes behind are not written. Bounds below `score` need not be close. */
  void (*inner_bounds)(const void *inner, const bk_query *query, int32_t score, int32_t *bounds);
  /* The same of the nodes of a leaf. */
  void (*leaf_bounds)(const void *leaf, const bk_query *query, int32_t *bounds);
  /* The lane with the highest bound that can still win against (score, tie, slot); -1: none. */
  int32_t (*pick)(const int32_t *bounds, const uint32_t *slots, const uint32_t *ties, uint64_t lanes, int32_t score,
                  uint32_t tie, uint32_t slot);
  /* The best node of a leaf by the plan's exact terms, ties by the tie rule; nodes that cannot reach `score`, or
   * reach it in a slot from `slot` on, may be passed over. */
  bk_winner (*leaf_exact)(const void *leaf, const bk_query *query, uint64_t lanes, int32_t score, uint32_t slot);
  void (*summarize_leaf)(const void *leaf, const bk_layout *layout, bk_summary *summary);
  void (*summarize_inner)(const void *inner, const bk_layout *layout, bk_summary *summary);
  /* Lanes whose pools meet the mask. */
  uint64_t (*pool_lanes)(const uint64_t *pools, uint64_t mask);
  /* The lane that holds the value; -1: none. */
  int32_t (*find)(const uint32_t *column, uint32_t value);
  /* How many separators are at most the key. */
  uint32_t (*rank)(const void *inner, uint64_t high, uint64_t low);
  /* The scores of some lanes of a block of slot columns, 0 for those where the class does not fit; other lanes get 0, too.
   * Returns the lanes whose score float64 leaves open: these are to be scored from their rows. */
  uint64_t (*slot_scores)(const void *block, const bk_slot_query *query, uint64_t lanes, uint32_t *scores);
} bk_table;

void bk_fill_table_scalar(bk_table *table);
void bk_fill_table_baseline(bk_table *table);
void bk_fill_table_v3(bk_table *table);
void bk_fill_table_v4(bk_table *table);

/* ---- vector idioms: each compiles to one or two instructions, where the Swift spelling becomes a call or a loop ---- */

typedef uint32_t bk_u32x16 __attribute__((ext_vector_type(16)));
typedef int32_t bk_i32x16 __attribute__((ext_vector_type(16)));
typedef float bk_f32x16 __attribute__((ext_vector_type(16)));
typedef uint64_t bk_u64x8 __attribute__((ext_vector_type(8)));
typedef int64_t bk_i64x8 __attribute__((ext_vector_type(8)));
typedef double bk_f64x8 __attribute__((ext_vector_type(8)));
typedef int32_t bk_i32x8 __attribute__((ext_vector_type(8)));

#define BK_INLINE static inline __attribute__((always_inline))

/* Arrays inside structs are tuples in Swift; these give their first element. */
#define BK_ARRAY(type, owner, field)                                                                                   \
  BK_INLINE const type *owner##_##field(const owner *self) {                                                           \
    return self->field;                                                                                                \
  }
BK_ARRAY(uint32_t, bk_query, fit_dim)
BK_ARRAY(uint32_t, bk_query, request)
BK_ARRAY(uint32_t, bk_plan, linear_dim)
BK_ARRAY(uint32_t, bk_plan, linear_from_low)
BK_ARRAY(float, bk_plan, linear_coefficient)
BK_ARRAY(uint32_t, bk_plan, fix_dim)
BK_ARRAY(uint32_t, bk_plan, fix_from_low)
BK_ARRAY(float, bk_plan, fix_coefficient)
BK_ARRAY(bk_exact_term, bk_plan, exact)
BK_ARRAY(uint32_t, bk_exact_term, dim)
BK_ARRAY(int32_t, bk_exact_term, dim_weight)
BK_ARRAY(int32_t, bk_exact_term, capacity)
BK_ARRAY(double, bk_exact_term, factor)
BK_ARRAY(double, bk_exact_term, nudge)
BK_ARRAY(uint32_t, bk_layout, mix_dim)
BK_ARRAY(int32_t, bk_layout, mix_capacity)
BK_ARRAY(double, bk_layout, mix_factor)
BK_ARRAY(double, bk_layout, mix_nudge)
BK_INLINE uint32_t *bk_summary_high(bk_summary *self) {
  return self->high;
}
BK_INLINE uint32_t *bk_summary_low(bk_summary *self) {
  return self->low;
}
BK_INLINE uint32_t *bk_query_requests(bk_query *self) {
  return self->request;
}
BK_INLINE void bk_plan_add_linear(bk_plan *p, uint32_t dim, float coefficient) {
  uint32_t i = p->linear_count++;
  p->linear_dim[i] = dim;
  p->linear_from_low[i] = coefficient < 0;
  p->linear_coefficient[i] = coefficient;
}
BK_INLINE void bk_plan_add_fix(bk_plan *p, uint32_t dim, float coefficient) {
  uint32_t i = p->fix_count++;
  p->fix_dim[i] = dim;
  p->fix_from_low[i] = coefficient < 0;
  p->fix_coefficient[i] = coefficient;
}
BK_INLINE void bk_plan_add_exact(bk_plan *p, uint32_t kind, int32_t weight) {
  bk_exact_term term = {.kind = kind, .weight = weight, .divisor = 1};
  p->exact[p->exact_count++] = term;
}
BK_INLINE void bk_plan_add_exact_dim(bk_plan *p, uint32_t dim, int32_t weight, int32_t capacity, double scale) {
  bk_exact_term *t = &p->exact[p->exact_count - 1];
  uint32_t i = t->count++;
  t->dim[i] = dim;
  t->dim_weight[i] = weight;
  t->capacity[i] = capacity;
  t->factor[i] = scale / capacity;
  t->nudge[i] = 0.5 / capacity;
}
BK_INLINE void bk_plan_set_divisor(bk_plan *p, int32_t divisor) {
  bk_exact_term *t = &p->exact[p->exact_count - 1];
  t->divisor = divisor;
  t->divisor_factor = 1.0 / divisor;
  t->divisor_nudge = 0.5 / divisor;
}
BK_INLINE void bk_layout_add_mix(bk_layout *l, uint32_t dim, int32_t capacity) {
  uint32_t i = l->mix_count++;
  l->mix_dim[i] = dim;
  l->mix_capacity[i] = capacity;
  l->mix_factor[i] = 1048576.0 / capacity;
  l->mix_nudge[i] = 1 - 0.5 / capacity;
}
BK_INLINE uint32_t *bk_query_fits(bk_query *self) {
  return self->fit_dim;
}

BK_INLINE void bk_prefetch(const void *address) {
  __builtin_prefetch(address);
}
BK_INLINE void bk_prefetch_block(const void *block, int32_t bytes) {
  for (int32_t line = 0; line < bytes; line += 64)
    __builtin_prefetch((const char *)block + line);
}
BK_INLINE bk_f32x16 bk_float(bk_i32x16 v) {
  return __builtin_convertvector(v, bk_f32x16);
}
BK_INLINE bk_i32x16 bk_bound(bk_f32x16 v) {
  const bk_f32x16 most = BK_BOUND_LIMIT, least = -BK_BOUND_LIMIT;
  v = v < most ? v : most;
  v = v > least ? v : least;
  return __builtin_convertvector(__builtin_elementwise_floor(v), bk_i32x16);
}
BK_INLINE bk_f64x8 bk_double(bk_i32x8 v) {
  return __builtin_convertvector(v, bk_f64x8);
}
BK_INLINE bk_i32x8 bk_truncate(bk_f64x8 v) {
  return __builtin_convertvector(v, bk_i32x8);
}
BK_INLINE int32_t bk_max_i32(bk_i32x16 v) {
  return __builtin_reduce_max(v);
}
BK_INLINE uint32_t bk_max_u32(bk_u32x16 v) {
  return __builtin_reduce_max(v);
}
BK_INLINE uint32_t bk_min_u32(bk_u32x16 v) {
  return __builtin_reduce_min(v);
}
BK_INLINE uint64_t bk_or_u64(bk_u64x8 v) {
  return __builtin_reduce_or(v);
}
BK_INLINE bk_f32x16 bk_abs(bk_f32x16 v) {
  return __builtin_elementwise_abs(v);
}
BK_INLINE bk_f64x8 bk_abs64(bk_f64x8 v) {
  return __builtin_elementwise_abs(v);
}
BK_INLINE bk_i32x8 bk_max2_i32x8(bk_i32x8 a, bk_i32x8 b) {
  return a > b ? a : b;
}
BK_INLINE bk_i32x8 bk_min2_i32x8(bk_i32x8 a, bk_i32x8 b) {
  return a < b ? a : b;
}
BK_INLINE bk_i32x16 bk_min2_i32(bk_i32x16 a, bk_i32x16 b) {
  return a < b ? a : b;
}
BK_INLINE bk_f64x8 bk_max2_f64(bk_f64x8 a, bk_f64x8 b) {
  return a > b ? a : b;
}
BK_INLINE bk_f32x16 bk_max2_f32(bk_f32x16 a, bk_f32x16 b) {
  return a > b ? a : b;
}
BK_INLINE bk_f32x16 bk_min2_f32(bk_f32x16 a, bk_f32x16 b) {
  return a < b ? a : b;
}
BK_INLINE bk_u32x16 bk_max2_u32(bk_u32x16 a, bk_u32x16 b) {
  return a > b ? a : b;
}
BK_INLINE bk_u32x16 bk_min2_u32(bk_u32x16 a, bk_u32x16 b) {
  return a < b ? a : b;
}
BK_INLINE bk_i32x16 bk_max2_i32(bk_i32x16 a, bk_i32x16 b) {
  return a > b ? a : b;
}

/* Masks as integers: one bit a lane. */
typedef _Bool bk_b16 __attribute__((ext_vector_type(16)));
typedef _Bool bk_b8 __attribute__((ext_vector_type(8)));
BK_INLINE uint64_t bk_bits16(bk_i32x16 mask) {
  bk_b16 bits = __builtin_convertvector(mask, bk_b16);
  uint16_t out;
  __builtin_memcpy(&out, &bits, sizeof out);
  return out;
}
BK_INLINE int bk_all_equal(bk_i32x8 a, bk_i32x8 b) {
  return !__builtin_reduce_or(a ^ b);
}
BK_INLINE uint64_t bk_bits8(bk_i64x8 mask) {
  bk_b8 bits = __builtin_convertvector(mask, bk_b8);
  uint8_t out;
  __builtin_memcpy(&out, &bits, sizeof out);
  return out;
}
/* all ones in the lanes whose bit is set */
BK_INLINE bk_i32x16 bk_mask16(uint64_t bits) {
  const bk_i32x16 one = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
  return ((bk_i32x16)((int32_t)(bits & 0xFFFF)) & one) != 0;
}
BK_INLINE bk_u32x16 bk_select_u32(bk_i32x16 mask, bk_u32x16 yes, bk_u32x16 no) {
  return ((bk_u32x16)mask & yes) | (~(bk_u32x16)mask & no);
}
BK_INLINE bk_i32x16 bk_reaches(bk_i32x16 bounds, int32_t score) {
  return bounds >= score;
}
/* bounds > score, or equal and the slot comes before */
BK_INLINE bk_i32x16 bk_can_win(bk_i32x16 bounds, int32_t score, bk_u32x16 slots, uint32_t slot) {
  return (bounds > score) | ((bounds == score) & (slots < slot));
}
BK_INLINE bk_i32x16 bk_at_least(bk_u32x16 a, bk_u32x16 b) {
  return a >= b;
}
BK_INLINE bk_i32x16 bk_equal_u32(bk_u32x16 a, bk_u32x16 b) {
  return a == b;
}
BK_INLINE bk_i32x16 bk_equal_i32(bk_i32x16 a, bk_i32x16 b) {
  return a == b;
}
BK_INLINE bk_f32x16 bk_select_f32(bk_i32x16 mask, bk_f32x16 yes, bk_f32x16 no) {
  return (bk_f32x16)(((bk_i32x16)yes & mask) | ((bk_i32x16)no & ~mask));
}
BK_INLINE bk_i32x16 bk_select_i32(bk_i32x16 mask, bk_i32x16 yes, bk_i32x16 no) {
  return (yes & mask) | (no & ~mask);
}
BK_INLINE bk_i64x8 bk_at_most_pair(bk_u64x8 high, bk_u64x8 low, uint64_t key_high, uint64_t key_low) {
  bk_u64x8 kh = (bk_u64x8)key_high, kl = (bk_u64x8)key_low;
  return (high < kh) | ((high == kh) & (low <= kl));
}
BK_INLINE bk_i64x8 bk_meets(bk_u64x8 a, uint64_t mask) {
  return (a & (bk_u64x8)mask) != 0;
}

/* 64 numbers, 64-byte aligned: the largest; the largest among the lanes of a mask; the lanes that equal a value, as they
 * are or without their lowest six bits. */
BK_INLINE uint32_t bk_max64(const uint32_t *cells) {
  const bk_u32x16 *v = (const bk_u32x16 *)cells;
  return __builtin_reduce_max(bk_max2_u32(bk_max2_u32(v[0], v[1]), bk_max2_u32(v[2], v[3])));
}
BK_INLINE uint32_t bk_max64_masked(const uint32_t *cells, uint64_t lanes) {
  const bk_u32x16 *v = (const bk_u32x16 *)cells;
  bk_u32x16 a = v[0] & (bk_u32x16)bk_mask16(lanes), b = v[1] & (bk_u32x16)bk_mask16(lanes >> 16);
  bk_u32x16 c = v[2] & (bk_u32x16)bk_mask16(lanes >> 32), d = v[3] & (bk_u32x16)bk_mask16(lanes >> 48);
  return __builtin_reduce_max(bk_max2_u32(bk_max2_u32(a, b), bk_max2_u32(c, d)));
}
BK_INLINE uint64_t bk_find64(const uint32_t *cells, uint32_t value) {
  const bk_u32x16 *v = (const bk_u32x16 *)cells;
  uint64_t found = 0;
  for (int i = 0; i < 4; i++)
    found |= bk_bits16(v[i] == value) << (16 * i);
  return found;
}
BK_INLINE uint64_t bk_nonzero64(const uint32_t *cells) {
  return ~bk_find64(cells, 0);
}
BK_INLINE uint64_t bk_find64_shifted(const uint32_t *cells, uint32_t value) {
  const bk_u32x16 *v = (const bk_u32x16 *)cells;
  uint64_t found = 0;
  for (int i = 0; i < 4; i++)
    found |= bk_bits16(v[i] >> 6 == value) << (16 * i);
  return found;
}
BK_INLINE const uint32_t *bk_slot_query_column(const bk_slot_query *query) {
  return query->fit_column;
}
BK_INLINE const double *bk_slot_query_request(const bk_slot_query *query) {
  return query->fit_request;
}
BK_INLINE const bk_slot_term *bk_slot_query_terms(const bk_slot_query *query) {
  return query->terms;
}
BK_INLINE const uint32_t *bk_slot_term_column(const bk_slot_term *term) {
  return term->column;
}
BK_INLINE const int32_t *bk_slot_term_weight(const bk_slot_term *term) {
  return term->column_weight;
}
BK_INLINE const double *bk_slot_term_request(const bk_slot_term *term) {
  return term->request;
}
BK_INLINE void bk_slot_query_add_fit(bk_slot_query *query, uint32_t column, double request) {
  query->fit_column[query->fit_count] = column;
  query->fit_request[query->fit_count++] = request;
}
BK_INLINE void bk_slot_query_add_term(bk_slot_query *query, bk_slot_term term) {
  query->terms[query->term_count++] = term;
}
BK_INLINE void bk_slot_term_add(bk_slot_term *term, uint32_t column, int32_t weight, double request) {
  term->column[term->count] = column;
  term->column_weight[term->count] = weight;
  term->request[term->count++] = request;
}
BK_INLINE bk_f64x8 bk_max0_f64(bk_f64x8 v) {
  bk_f64x8 zero = 0;
  return v > zero ? v : zero;
}
BK_INLINE uint64_t bk_at_least_f64(bk_f64x8 a, double b) {
  bk_f64x8 other = (bk_f64x8)b;
  return bk_bits8(a >= other);
}
BK_INLINE uint64_t bk_differ_i32x8(bk_i32x8 a, bk_i32x8 b) {
  bk_b8 bits = __builtin_convertvector(a != b, bk_b8);
  uint8_t out;
  __builtin_memcpy(&out, &bits, sizeof out);
  return out;
}
/* scores where a lane's bit is set, else 0 */
BK_INLINE void bk_store_scores(uint32_t *out, bk_i32x8 scores, uint64_t lanes) {
  const bk_i32x8 one = {1, 2, 4, 8, 16, 32, 64, 128};
  bk_i32x8 mask = ((bk_i32x8)((int32_t)(lanes & 0xFF)) & one) != 0;
  scores &= mask;
  __builtin_memcpy(out, &scores, sizeof scores);
}

#endif
