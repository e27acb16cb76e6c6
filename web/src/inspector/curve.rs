//! The shape of a distribution, small enough to fit beside its text.

use design::Distribution;
use design::distribution::Z99;
use std::fmt::Write;

/// Width and height of the drawing, in px.
pub(super) const WIDTH: f64 = 72.0;
pub(super) const HEIGHT: f64 = 20.0;
const POINTS: usize = 48;

/// Returns an SVG path of the density from 0 to where little is left, filled from the base line.
pub(super) fn path(distribution: &Distribution) -> String {
    let end_s = end_s(distribution).max(1e-9);
    if let Distribution::Const(at) = distribution {
        // All of it is at one place: a line, because its density has no height.
        let x = at.as_s() / end_s * WIDTH;
        return format!("M0 {HEIGHT}H{WIDTH}M{x:.1} {HEIGHT}V2");
    }
    let density: Vec<f64> = (0..=POINTS)
        .map(|at| density(distribution, (at as f64 + 0.02) / POINTS as f64 * end_s))
        .map(|d| if d.is_finite() { d } else { 0.0 })
        .collect();
    let top = density.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut path = format!("M0 {HEIGHT}");
    for (at, d) in density.iter().enumerate() {
        let x = at as f64 / POINTS as f64 * WIDTH;
        let y = HEIGHT - d / top * (HEIGHT - 2.0);
        write!(path, "L{x:.1} {y:.1}").expect("a String takes everything");
    }
    write!(path, "L{WIDTH} {HEIGHT}Z").expect("a String takes everything");
    path
}

/// Returns the end of the drawing, in seconds: about the 99th percentile.
fn end_s(distribution: &Distribution) -> f64 {
    match distribution {
        Distribution::Const(at) => at.as_s() * 2.0,
        Distribution::Exp(mean) => mean.as_s() * 4.6,
        Distribution::Uniform(_, high) => high.as_s() * 1.1,
        Distribution::Normal(mean, deviation) => mean.as_s() + 3.0 * deviation.as_s(),
        Distribution::Lognormal { p99, .. } => p99.as_s(),
        Distribution::Erlang(k, mean) => mean.as_s() * (1.0 + 3.6 / f64::from(*k).sqrt()),
        Distribution::Hyperexp(branches) => {
            let longest = branches.iter().map(|(_, mean)| mean.as_s());
            2.0 * longest.fold(0.0, f64::max)
        }
        Distribution::Pareto { min, alpha, max } => {
            let p99 = min.as_s() * libm::pow(100.0, 1.0 / alpha);
            max.map_or(p99, |max| p99.min(max.as_s()))
        }
        Distribution::Empirical(points) => points
            .last()
            .map_or(0.0, |(_, longest)| longest.as_s() * 1.05),
    }
}

/// Returns the density at `x` seconds; its scale does not matter here.
fn density(distribution: &Distribution, x: f64) -> f64 {
    let exponential = |mean: f64| libm::exp(-x / mean) / mean;
    match distribution {
        Distribution::Const(_) => 0.0,
        Distribution::Exp(mean) => exponential(mean.as_s()),
        Distribution::Uniform(low, high) => {
            f64::from(u8::from((low.as_s()..=high.as_s()).contains(&x)))
        }
        Distribution::Normal(mean, deviation) => bell((x - mean.as_s()) / deviation.as_s()),
        Distribution::Lognormal { p50, p99 } => {
            let sigma = libm::log(p99.as_s() / p50.as_s()) / Z99;
            bell(libm::log(x / p50.as_s()) / sigma) / x
        }
        Distribution::Erlang(k, mean) => {
            let k = f64::from(*k);
            let rate = k / mean.as_s();
            libm::exp(k * libm::log(rate) + (k - 1.0) * libm::log(x) - rate * x - libm::lgamma(k))
        }
        Distribution::Hyperexp(branches) => branches
            .iter()
            .map(|(p, mean)| p * exponential(mean.as_s()))
            .sum(),
        Distribution::Pareto { min, alpha, .. } if x >= min.as_s() => {
            libm::pow(min.as_s() / x, alpha + 1.0)
        }
        Distribution::Pareto { .. } => 0.0,
        Distribution::Empirical(points) => points
            .windows(2)
            .find(|pair| (pair[0].1.as_s()..pair[1].1.as_s()).contains(&x))
            .map_or(0.0, |pair| {
                (pair[1].0 - pair[0].0) / (pair[1].1.as_s() - pair[0].1.as_s())
            }),
    }
}

fn bell(z: f64) -> f64 {
    libm::exp(-z * z / 2.0)
}

/// Returns the mean with three digits and a unit.
pub(super) fn mean(distribution: &Distribution) -> String {
    match distribution.mean_s() {
        Some(mean_s) => format!("mean {}", short_duration(mean_s)),
        None => "mean infinite".to_owned(),
    }
}

/// Returns a duration with three digits: `12.3 ms`.
pub(crate) fn short_duration(seconds: f64) -> String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")];
    let (scale, unit) = units
        .into_iter()
        .find(|(scale, _)| seconds >= *scale)
        .unwrap_or((1.0, "s"));
    let number = seconds / scale;
    let decimals = match number {
        n if n >= 99.95 => 0,
        n if n >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{number:.decimals$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text.as_str(),
    };
    format!("{text} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_distribution_has_a_drawing_without_holes() {
        for text in [
            "0s",
            "const(5ms)",
            "exp(40ms)",
            "uniform(1ms,9ms)",
            "uniform(3ms,3ms)",
            "normal(10ms,2ms)",
            "normal(10ms,0s)",
            "lognormal(p50=8ms,p99=60ms)",
            "lognormal(p50=8ms,p99=8ms)",
            "erlang(3,30ms)",
            "erlang(1000,30ms)",
            "hyperexp(0.9:5ms,0.1:200ms)",
            "pareto(min=2ms,alpha=1.5)",
            "empirical(0:1ms,0.5:8ms,0.99:60ms,1:400ms)",
        ] {
            let path = path(&Distribution::parse(text).unwrap());
            assert!(
                !path.contains("NaN") && !path.contains("inf"),
                "{text}: {path}"
            );
        }
    }

    #[test]
    fn means_in_words() {
        for (text, said) in [
            ("exp(3ms)", "mean 3 ms"),
            ("const(250us)", "mean 250 µs"),
            ("exp(0s)", "mean 0 s"),
            ("exp(1234ms)", "mean 1.23 s"),
            ("pareto(min=1ms,alpha=1)", "mean infinite"),
        ] {
            assert_eq!(mean(&Distribution::parse(text).unwrap()), said);
        }
    }
}
