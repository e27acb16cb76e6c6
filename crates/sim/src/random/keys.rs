//! Keys: ranks from 0, the most popular first.

use super::Stream;
use design::kinds::client::Keys;

/// A distribution of keys, prepared for drawing.
#[derive(Clone, Debug, PartialEq)]
pub enum KeySampler {
    /// Uniform over 0..n.
    Uniform(u64),
    /// Zipf's law by rejection-inversion (Hörmann and Derflinger 1996): O(1) per draw, no table.
    Zipf(Zipf),
}

/// Constants of the rejection-inversion sampler.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    n: f64,
    s: f64,
    integral_of_first: f64,
    integral_of_last: f64,
    shortcut: f64,
}

impl KeySampler {
    /// Returns a distribution of keys, prepared for drawing.
    pub fn new(keys: &Keys) -> Self {
        match keys {
            Keys::Uniform(uniform) => Self::Uniform(uniform.n),
            Keys::Zipf(zipf) if zipf.s == 0.0 || zipf.n == 1 => Self::Uniform(zipf.n),
            Keys::Zipf(zipf) => Self::Zipf(Zipf::new(zipf.n as f64, zipf.s)),
        }
    }

    /// Draws a key.
    #[inline(always)]
    pub fn draw(&self, stream: &mut Stream) -> u32 {
        match self {
            Self::Uniform(n) => stream.below(*n) as u32,
            Self::Zipf(zipf) => zipf.draw(stream),
        }
    }
}

impl Zipf {
    fn new(n: f64, s: f64) -> Self {
        let mut zipf = Self {
            n,
            s,
            integral_of_first: 0.0,
            integral_of_last: 0.0,
            shortcut: 0.0,
        };
        zipf.integral_of_first = zipf.integral(1.5) - 1.0;
        zipf.integral_of_last = zipf.integral(n + 0.5);
        zipf.shortcut = 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.density(2.0));
        zipf
    }

    fn density(&self, x: f64) -> f64 {
        libm::exp(-self.s * libm::log(x))
    }

    /// Returns the integral of x^-s, in a form that stays exact near s = 1.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        let t = (1.0 - self.s) * log;
        if t.abs() > 1e-8 {
            libm::expm1(t) / t * log
        } else {
            log * (1.0 + t / 2.0)
        }
    }

    fn inverse(&self, y: f64) -> f64 {
        let t = (y * (1.0 - self.s)).max(-1.0);
        if t.abs() > 1e-8 {
            libm::exp(libm::log1p(t) / t * y)
        } else {
            libm::exp(y * (1.0 - t / 2.0))
        }
    }

    #[inline(never)]
    fn draw(&self, stream: &mut Stream) -> u32 {
        loop {
            let u = self.integral_of_last
                + stream.unit() * (self.integral_of_first - self.integral_of_last);
            let x = self.inverse(u);
            let k = libm::floor(x + 0.5).clamp(1.0, self.n);
            if k - x <= self.shortcut || u >= self.integral(k + 0.5) - self.density(k) {
                return (k - 1.0) as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;
    use design::kinds::client;

    #[test]
    fn zipf_frequencies_follow_the_law() {
        for s in [0.7, 1.0, 1.3] {
            let n = 1_000u64;
            let sampler = KeySampler::new(&Keys::Zipf(client::Zipf { n, s }));
            let mut stream = Stream::new(9, "k", Purpose::Keys);
            let mut counts = vec![0u32; n as usize];
            let draws = 500_000;
            for _ in 0..draws {
                counts[sampler.draw(&mut stream) as usize] += 1;
            }
            let norm: f64 = (1..=n).map(|k| libm::pow(k as f64, -s)).sum();
            for k in [1u64, 2, 3, 10, 100, 1000] {
                let expected = libm::pow(k as f64, -s) / norm * f64::from(draws);
                let seen = f64::from(counts[k as usize - 1]);
                assert!(
                    (seen - expected).abs() < 5.0 * expected.sqrt() + 1.0,
                    "s={s} k={k}: {seen} against {expected}"
                );
            }
        }
    }
}
