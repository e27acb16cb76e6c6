//! Exponential and normal variates by the ziggurat (Marsaglia and Tsang 2000), 256 layers.
//! The tables are built once, with `libm`, so that they are the same bits everywhere.

use super::Stream;
use std::sync::LazyLock;

const EXP_R: f64 = 7.697_117_470_131_05;
const EXP_V: f64 = 0.003_949_659_822_581_572;
const NORMAL_R: f64 = 3.654_152_885_361_009;
const NORMAL_V: f64 = 0.004_928_673_233_992_336;

struct Tables {
    x: [f64; 257],
    f: [f64; 257],
}

static EXP: LazyLock<Tables> =
    LazyLock::new(|| tables(EXP_R, EXP_V, |x| libm::exp(-x), |y| -libm::log(y)));
static NORMAL: LazyLock<Tables> = LazyLock::new(|| {
    tables(
        NORMAL_R,
        NORMAL_V,
        |x| libm::exp(-x * x / 2.0),
        |y| libm::sqrt(-2.0 * libm::log(y)),
    )
});

/// Layers of equal area `v` under a falling density `pdf`, the lowest with the tail beyond `r`.
fn tables(r: f64, v: f64, pdf: fn(f64) -> f64, inverse: fn(f64) -> f64) -> Tables {
    let mut x = [0.0; 257];
    x[0] = v / pdf(r);
    x[1] = r;
    for i in 2..256 {
        x[i] = inverse(v / x[i - 1] + pdf(x[i - 1]));
    }
    let mut f = [0.0; 257];
    for i in 0..257 {
        f[i] = pdf(x[i]);
    }
    Tables { x, f }
}

/// Draws an exponential with mean 1.
#[inline]
pub(super) fn exponential(stream: &mut Stream) -> f64 {
    let tables = &*EXP;
    let (x, layer) = exponential_candidate(tables, stream);
    if x < tables.x[layer + 1] {
        x
    } else {
        exponential_beside(tables, stream, x, layer)
    }
}

#[inline]
fn exponential_candidate(tables: &Tables, stream: &mut Stream) -> (f64, usize) {
    let bits = stream.bits();
    let layer = (bits & 0xff) as usize;
    // Signed, because the processor converts that; 53 bits fit either way.
    let x = (bits >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0) * tables.x[layer];
    (x, layer)
}

/// Draws beside the rectangle of a layer, one time in a hundred.
#[cold]
fn exponential_beside(tables: &Tables, stream: &mut Stream, x: f64, layer: usize) -> f64 {
    let (mut x, mut layer) = (x, layer);
    loop {
        if x < tables.x[layer + 1] {
            return x;
        }
        if layer == 0 {
            return EXP_R - libm::log(1.0 - stream.unit());
        }
        let (low, high) = (tables.f[layer], tables.f[layer + 1]);
        if low + (high - low) * stream.unit() < libm::exp(-x) {
            return x;
        }
        (x, layer) = exponential_candidate(tables, stream);
    }
}

/// Draws a normal with mean 0 and deviation 1.
#[inline]
pub(super) fn normal(stream: &mut Stream) -> f64 {
    let tables = &*NORMAL;
    loop {
        let bits = stream.bits();
        let layer = (bits & 0xff) as usize;
        let sign = if bits & 0x100 == 0 { 1.0 } else { -1.0 };
        let x = (bits >> 11) as i64 as f64 * (1.0 / 9_007_199_254_740_992.0) * tables.x[layer];
        if x < tables.x[layer + 1] {
            return sign * x;
        }
        if layer == 0 {
            return sign * normal_tail(stream);
        }
        let (low, high) = (tables.f[layer], tables.f[layer + 1]);
        if low + (high - low) * stream.unit() < libm::exp(-x * x / 2.0) {
            return sign * x;
        }
    }
}

/// Draws beyond `r`, by Marsaglia's 1964 method.
fn normal_tail(stream: &mut Stream) -> f64 {
    loop {
        let x = -libm::log(1.0 - stream.unit()) / NORMAL_R;
        let y = -libm::log(1.0 - stream.unit());
        if y + y >= x * x {
            return NORMAL_R + x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn moments_and_tails_are_right() {
        let n = 2_000_000;
        let mut stream = Stream::new(3, "x", Purpose::Service);
        let (mut sum, mut squares, mut beyond) = (0.0, 0.0, 0);
        for _ in 0..n {
            let x = exponential(&mut stream);
            sum += x;
            squares += x * x;
            beyond += i32::from(x > 8.0);
        }
        let n = f64::from(n);
        assert!((sum / n - 1.0).abs() < 0.004, "mean {}", sum / n);
        assert!(
            (squares / n - 2.0).abs() < 0.02,
            "second moment {}",
            squares / n
        );
        let expected = libm::exp(-8.0) * n;
        assert!(
            (f64::from(beyond) - expected).abs() < 5.0 * expected.sqrt(),
            "{beyond} against {expected}"
        );

        let (mut sum, mut squares, mut fourth) = (0.0, 0.0, 0.0);
        for _ in 0..n as i32 {
            let x = normal(&mut stream);
            sum += x;
            squares += x * x;
            fourth += x * x * x * x;
        }
        assert!(
            (sum / n).abs() < 0.004
                && (squares / n - 1.0).abs() < 0.006
                && (fourth / n - 3.0).abs() < 0.04
        );
    }
}
