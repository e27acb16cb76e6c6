//! Durations drawn from the distributions of the design, in whole nanoseconds.

use super::Stream;
use super::ziggurat::{exponential, normal};
use design::Distribution;
use design::distribution::Z99;

/// A distribution, prepared for drawing.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampler {
    /// Always the same; draws nothing.
    Const(u64),
    /// Exponential, by its mean.
    Exp(f64),
    /// Uniform: the lower end and the width.
    Uniform(f64, f64),
    /// Mean and deviation, cut at 0.
    Normal(f64, f64),
    /// Median, and the deviation of the logarithm.
    Lognormal(f64, f64),
    /// Stages and the mean of each.
    Erlang(u32, f64),
    /// Cumulative probability and mean of each branch.
    Hyperexp(Vec<(f64, f64)>),
    /// Minimum, exponent, and the probability mass below the truncation (1 if there is none).
    Pareto(f64, f64, f64),
    /// Quantile and value of each point.
    Empirical(Vec<(f64, f64)>),
}

impl Sampler {
    /// Returns a distribution, prepared for drawing.
    pub fn new(distribution: &Distribution) -> Self {
        match distribution {
            Distribution::Const(d) => Self::Const(d.0),
            Distribution::Exp(mean) => Self::Exp(mean.0 as f64),
            Distribution::Uniform(low, high) => {
                Self::Uniform(low.0 as f64, (high.0 - low.0) as f64)
            }
            Distribution::Normal(mean, deviation) => {
                Self::Normal(mean.0 as f64, deviation.0 as f64)
            }
            Distribution::Lognormal { p50, p99 } => {
                Self::Lognormal(p50.0 as f64, libm::log(p99.0 as f64 / p50.0 as f64) / Z99)
            }
            Distribution::Erlang(k, mean) => Self::Erlang(*k, mean.0 as f64 / f64::from(*k)),
            Distribution::Hyperexp(branches) => {
                let mut sum = 0.0;
                let cumulative = branches.iter().map(|(p, mean)| {
                    sum += p;
                    (sum, mean.0 as f64)
                });
                Self::Hyperexp(cumulative.collect())
            }
            Distribution::Pareto { min, alpha, max } => {
                let below = max.map_or(1.0, |max| {
                    1.0 - libm::pow(min.0 as f64 / max.0 as f64, *alpha)
                });
                Self::Pareto(min.0 as f64, *alpha, below)
            }
            Distribution::Empirical(points) => Self::Empirical(
                points
                    .iter()
                    .map(|(q, value)| (*q, value.0 as f64))
                    .collect(),
            ),
        }
    }

    /// Returns the value, if every draw is the same.
    pub fn constant(&self) -> Option<u64> {
        match self {
            Self::Const(ns) => Some(*ns),
            _ => None,
        }
    }

    /// Draws a duration, in ns.
    #[inline(never)]
    pub fn draw(&self, stream: &mut Stream) -> u64 {
        self.draw_here(stream)
    }

    /// Draws as [`Self::draw`] does, inlined for the component that draws most.
    #[inline(always)]
    pub(crate) fn draw_here(&self, stream: &mut Stream) -> u64 {
        match self {
            Self::Const(ns) => *ns,
            Self::Exp(mean) => whole(exponential(stream) * mean),
            other => other.draw_rare(stream),
        }
    }

    /// Draws from the less common distributions, outside of the hot path.
    #[inline(never)]
    fn draw_rare(&self, stream: &mut Stream) -> u64 {
        whole(match self {
            Self::Const(ns) => return *ns,
            Self::Exp(mean) => exponential(stream) * mean,
            Self::Uniform(low, width) => low + width * stream.unit(),
            Self::Normal(mean, deviation) => mean + deviation * normal(stream),
            Self::Lognormal(median, sigma) => median * libm::exp(sigma * normal(stream)),
            Self::Erlang(k, mean) => (0..*k).map(|_| exponential(stream)).sum::<f64>() * mean,
            Self::Hyperexp(branches) => {
                let u = stream.unit();
                let branch = branches
                    .iter()
                    .find(|(cumulative, _)| u < *cumulative)
                    .or(branches.last());
                branch.map_or(0.0, |(_, mean)| exponential(stream) * mean)
            }
            Self::Pareto(min, alpha, below) => {
                min * libm::pow(1.0 - stream.unit() * below, -1.0 / alpha)
            }
            Self::Empirical(points) => {
                let u = stream.unit();
                let pair = points.windows(2).find(|pair| u < pair[1].0);
                pair.map_or(0.0, |pair| {
                    let ((q0, v0), (q1, v1)) = (pair[0], pair[1]);
                    v0 + (v1 - v0) * (u - q0) / (q1 - q0)
                })
            }
        })
    }
}

/// Longest single draw: 30 days. A heavy tail must not overflow the clock.
const DRAW_MAX: f64 = 30.0 * 24.0 * 3_600.0 * 1e9;

/// Rounds to whole nanoseconds; below 0 is 0.
#[inline]
fn whole(ns: f64) -> u64 {
    // Through a signed number, which takes half the instructions to convert.
    (ns.clamp(0.0, DRAW_MAX) + 0.5) as i64 as u64
}

/// Draws an exponential with mean 1, for arrival processes.
#[inline]
pub(crate) fn unit_exponential(stream: &mut Stream) -> f64 {
    exponential(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    #[test]
    fn every_distribution_has_the_mean_it_says() {
        for text in [
            "const(5ms)",
            "exp(40ms)",
            "uniform(1ms,9ms)",
            "normal(10ms,2ms)",
            "lognormal(p50=8ms,p99=60ms)",
            "erlang(3,30ms)",
            "hyperexp(0.9:5ms,0.1:200ms)",
            "pareto(min=2ms,alpha=2.5)",
            "pareto(min=2ms,alpha=1.5,max=2s)",
            "empirical(0:1ms,0.5:8ms,0.99:60ms,1:400ms)",
        ] {
            let distribution = Distribution::parse(text).unwrap();
            let sampler = Sampler::new(&distribution);
            let mut stream = Stream::new(11, text, Purpose::Service);
            let n = 400_000;
            let mut drawn: Vec<u64> = (0..n).map(|_| sampler.draw(&mut stream)).collect();
            let sum: f64 = drawn.iter().map(|ns| *ns as f64).sum();
            let mean = sum / f64::from(n) / 1e9;
            drawn.sort_unstable();
            let p99 = drawn[(0.99 * f64::from(n)) as usize] as f64 / 1e9;
            assert!(
                (p99 / distribution.p99_s() - 1.0).abs() < 0.05,
                "{text}: {p99} against {}",
                distribution.p99_s()
            );
            let expected = distribution.mean_s().unwrap();
            assert!(
                (mean / expected - 1.0).abs() < 0.02,
                "{text}: {mean} against {expected}"
            );
        }
    }

    #[test]
    fn a_lognormal_has_the_percentiles_it_says() {
        let sampler = Sampler::new(&Distribution::parse("lognormal(p50=8ms,p99=60ms)").unwrap());
        let mut stream = Stream::new(5, "x", Purpose::Service);
        let mut draws: Vec<u64> = (0..200_000).map(|_| sampler.draw(&mut stream)).collect();
        draws.sort_unstable();
        assert!((draws[100_000] as f64 / 8e6 - 1.0).abs() < 0.02);
        assert!((draws[198_000] as f64 / 60e6 - 1.0).abs() < 0.04);
    }
}
