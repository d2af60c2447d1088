//! 1/a modulo p by division steps, three times as fast as Fermat's power.
//!
//! The variable-time form of D. J. Bernstein and B.-Y. Yang, "Fast constant-time gcd computation
//! and modular inversion" (2019), with the batches of 62 steps on the low words that P. Wuille
//! describes in libsecp256k1's `doc/safegcd_implementation.md`. Nothing relies on it: the caller
//! checks the result with a multiplication.
#![expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "taking the low word of a sum is the algorithm"
)]
#![expect(
    clippy::many_single_char_names,
    reason = "the names of the paper: f, g, d, e and the matrix u, v, q, r"
)]

/// Bits of a limb.
const BITS: u32 = 62;
const LOW: i64 = (1 << BITS) - 1;
/// p in limbs of 62 bits, least first.
const P: [i64; 5] = [LOW - 18, LOW, LOW, LOW, 127];
/// 1/p modulo 2^62.
const P_INVERSE: i64 = inverse_of_p();
/// Batches after which any input of 256 bits is done: 12 × 62 exceeds the proven 735 steps.
const BATCHES_MAX: usize = 12;

/// Five limbs, all but the top one in 0..2^62; the top one carries the sign.
type Limbs = [i64; 5];

/// What 62 steps do to (f, g), times 2^62.
#[derive(Clone, Copy)]
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// 1/a modulo p, both canonical; `None` for 0 and for a defect here.
pub(super) fn invert_by_divsteps(a: &[u64; 4]) -> Option<[u64; 4]> {
    let (mut f, mut g) = (P, limbs(a));
    let (mut d, mut e): (Limbs, Limbs) = ([0; 5], [1, 0, 0, 0, 0]);
    let mut eta: i64 = -1;
    for _ in 0..BATCHES_MAX {
        let [f_low, ..] = f;
        let [g_low, ..] = g;
        let (next, matrix) = divsteps(eta, f_low.cast_unsigned(), g_low.cast_unsigned());
        eta = next;
        (d, e) = apply_modulo_p(&matrix, &d, &e);
        (f, g) = apply(&matrix, &f, &g);
        if g == [0; 5] {
            // f is the greatest common divisor up to its sign: 1 or −1 unless a was 0.
            let [.., top] = f;
            return Some(words(&normalise(&d, top < 0)));
        }
    }
    None
}

const fn inverse_of_p() -> i64 {
    let [low, ..] = P;
    let mut inverse = low;
    let mut correct = 3;
    // Newton: each step doubles the number of correct bits, of which the first guess has 3.
    while correct < 64 {
        inverse = inverse.wrapping_mul(2_i64.wrapping_sub(low.wrapping_mul(inverse)));
        correct <<= 1;
    }
    inverse & LOW
}

/// 62 division steps on the low 64 bits of f (odd) and g.
fn divsteps(mut eta: i64, mut f: u64, mut g: u64) -> (i64, Matrix) {
    let (mut u, mut v, mut q, mut r) = (1_u64, 0_u64, 0_u64, 1_u64);
    let mut left = BITS;
    loop {
        // At most `left`: that bit is set in the mask.
        let zeros = (g | u64::MAX.wrapping_shl(left)).trailing_zeros();
        g = g.wrapping_shr(zeros);
        u = u.wrapping_shl(zeros);
        v = v.wrapping_shl(zeros);
        eta = eta.wrapping_sub(i64::from(zeros));
        left = left.wrapping_sub(zeros);
        if left == 0 {
            break;
        }
        // A multiple of f that clears low bits of g: 6 after an exchange, else 4, as η allows.
        let exchange = eta < 0;
        if exchange {
            eta = eta.wrapping_neg();
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
        }
        let room = u32::try_from(eta).map_or(left, |eta| left.min(eta.wrapping_add(1)));
        let mask = u64::MAX.wrapping_shr(64_u32.wrapping_sub(room));
        let factor = if exchange {
            // −1/f = f·(f² − 2) modulo 64.
            let inverse = f.wrapping_mul(f.wrapping_mul(f).wrapping_sub(2));
            inverse.wrapping_mul(g) & mask & 63
        } else {
            // 1/f = f + 2·((f + 1) AND 4) modulo 16.
            let inverse = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
            inverse.wrapping_neg().wrapping_mul(g) & mask & 15
        };
        g = g.wrapping_add(f.wrapping_mul(factor));
        q = q.wrapping_add(u.wrapping_mul(factor));
        r = r.wrapping_add(v.wrapping_mul(factor));
    }
    let matrix = Matrix {
        u: u.cast_signed(),
        v: v.cast_signed(),
        q: q.cast_signed(),
        r: r.cast_signed(),
    };
    (eta, matrix)
}

/// a·x + b·y + c.
#[inline]
fn dot(a: i64, x: i64, b: i64, y: i64, c: i128) -> i128 {
    let ax = i128::from(a).wrapping_mul(i128::from(x));
    let by = i128::from(b).wrapping_mul(i128::from(y));
    ax.wrapping_add(by).wrapping_add(c)
}

/// (f, g) ← (u·f + v·g, q·f + r·g)/2^62, exactly.
fn apply(matrix: &Matrix, f: &Limbs, g: &Limbs) -> (Limbs, Limbs) {
    let one = |a: i64, b: i64| {
        let mut sums = [0; 5];
        let mut carry: i128 = 0;
        for ((&x, &y), sum) in f.iter().zip(g).zip(&mut sums) {
            carry = dot(a, x, b, y, carry);
            *sum = carry as i64 & LOW;
            carry >>= BITS;
        }
        shift_down(&sums, carry)
    };
    (one(matrix.u, matrix.v), one(matrix.q, matrix.r))
}

/// The same for (d, e) modulo p: multiples of p are added so that the division is exact.
fn apply_modulo_p(matrix: &Matrix, d: &Limbs, e: &Limbs) -> (Limbs, Limbs) {
    let [d_low, .., d_top] = *d;
    let [e_low, .., e_top] = *e;
    let one = |a: i64, b: i64| {
        // A negative d or e counts as d + p or e + p, which keeps both in (−2p, p).
        let signs = (a & (d_top >> 63)).wrapping_add(b & (e_top >> 63));
        let low = dot(a, d_low, b, e_low, 0) as i64;
        let times = P_INVERSE.wrapping_mul(low).wrapping_add(signs) & LOW;
        let times = signs.wrapping_sub(times);
        let mut sums = [0; 5];
        let mut carry: i128 = 0;
        for (((&x, &y), &p), sum) in d.iter().zip(e).zip(&P).zip(&mut sums) {
            carry = dot(a, x, b, y, carry);
            carry = dot(times, p, 0, 0, carry);
            *sum = carry as i64 & LOW;
            carry >>= BITS;
        }
        shift_down(&sums, carry)
    };
    (one(matrix.u, matrix.v), one(matrix.q, matrix.r))
}

/// Drops the lowest limb, which is 0, and puts what is above the highest on top.
#[inline]
fn shift_down(sums: &Limbs, top: i128) -> Limbs {
    let [_, a, b, c, d] = *sums;
    [a, b, c, d, top as i64]
}

/// `d`, from (−2p, p), or −d when `negative`, brought into 0..p.
fn normalise(d: &Limbs, negative: bool) -> Limbs {
    let mut value = add_p_if_negative(d);
    if negative {
        value = carried(value.map(i64::wrapping_neg));
    }
    add_p_if_negative(&value)
}

fn add_p_if_negative(value: &Limbs) -> Limbs {
    let [.., top] = *value;
    let mask = top >> 63;
    let mut sum = *value;
    for (limb, p) in sum.iter_mut().zip(P) {
        *limb = limb.wrapping_add(p & mask);
    }
    carried(sum)
}

fn carried(mut value: Limbs) -> Limbs {
    let mut carry = 0_i64;
    if let Some((top, lower)) = value.split_last_mut() {
        for limb in lower {
            let sum = limb.wrapping_add(carry);
            carry = sum >> BITS;
            *limb = sum & LOW;
        }
        *top = top.wrapping_add(carry);
    }
    value
}

const fn limbs(words: &[u64; 4]) -> Limbs {
    let [a, b, c, d] = *words;
    [
        a.cast_signed() & LOW,
        (a >> 62 | b << 2).cast_signed() & LOW,
        (b >> 60 | c << 4).cast_signed() & LOW,
        (c >> 58 | d << 6).cast_signed() & LOW,
        (d >> 56).cast_signed(),
    ]
}

fn words(limbs: &Limbs) -> [u64; 4] {
    let [a, b, c, d, e] = limbs.map(i64::cast_unsigned);
    [
        a | b << 62,
        b >> 2 | c << 60,
        c >> 4 | d << 58,
        d >> 6 | e << 56,
    ]
}
