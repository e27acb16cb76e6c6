//! Distributions of durations, in the notation people type: `lognormal(p50=8ms,p99=60ms)`.

use crate::attribute::{Attribute, Reader, Shape};
use crate::quantity::{Duration, read_text};
use crate::value::Value;
use std::fmt;

/// How long something takes. A bare duration is `const`.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Const(Duration),
    /// Exponential with this mean.
    Exp(Duration),
    /// Even between two ends.
    Uniform(Duration, Duration),
    /// Mean and standard deviation, cut at 0.
    Normal(Duration, Duration),
    /// Lognormal by its median and 99th percentile.
    Lognormal {
        /// Median.
        p50: Duration,
        /// 99th percentile; at least the median.
        p99: Duration,
    },
    /// Sum of `k` exponentials, with the mean of the sum.
    Erlang(u32, Duration),
    /// A mixture of exponentials: probability and mean of each branch.
    Hyperexp(Vec<(f64, Duration)>),
    /// Pareto from a minimum with a tail exponent, cut at a maximum where there is one.
    Pareto {
        /// Smallest value.
        min: Duration,
        /// Tail exponent; above 1 the mean is finite.
        alpha: f64,
        /// Largest value.
        max: Option<Duration>,
    },
    /// Linear between given quantiles.
    Empirical(Vec<(f64, Duration)>),
}

/// What may be written, for messages and help.
pub const NOTATION: &str = "const(5ms), exp(40ms), uniform(1ms,9ms), normal(10ms,2ms), lognormal(p50=8ms,p99=60ms), \
     erlang(3,30ms), hyperexp(0.9:5ms,0.1:200ms), pareto(min=2ms,alpha=1.5), empirical(0:1ms,0.5:8ms,1:400ms)";

const NAMES: [&str; 9] = [
    "const",
    "exp",
    "uniform",
    "normal",
    "lognormal",
    "erlang",
    "hyperexp",
    "pareto",
    "empirical",
];

impl Distribution {
    /// Always zero.
    pub const ZERO: Self = Self::Const(Duration::ZERO);

    /// Reads the notation; the error says what would be valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let Some((name, rest)) = text.split_once('(') else {
            return Duration::parse(text).map(Self::Const).map_err(|error| {
                match text.starts_with(char::is_alphabetic) {
                    true => format!("\"{text}\" is not a distribution; expected one of {NOTATION}"),
                    false => error,
                }
            });
        };
        let Some(body) = rest.strip_suffix(')') else {
            return Err(format!("\"{text}\" is missing its closing parenthesis"));
        };
        let args: Vec<&str> = body.split(',').map(str::trim).collect();
        match name.trim() {
            "const" => Ok(Self::Const(Duration::parse(one(text, &args)?)?)),
            "exp" => Ok(Self::Exp(Duration::parse(one(text, &args)?)?)),
            "uniform" => {
                let (low, high) = two(text, &args)?;
                let (low, high) = (Duration::parse(low)?, Duration::parse(high)?);
                ordered(low <= high, text, "a lower bound not above the upper bound")
                    .map(|()| Self::Uniform(low, high))
            }
            "normal" => {
                let (mean, deviation) = two(text, &args)?;
                Ok(Self::Normal(
                    Duration::parse(mean)?,
                    Duration::parse(deviation)?,
                ))
            }
            "lognormal" => {
                let (p50, p99) = (named(text, &args, "p50")?, named(text, &args, "p99")?);
                only(text, &args, &["p50", "p99"])?;
                let (p50, p99) = (Duration::parse(p50)?, Duration::parse(p99)?);
                ordered(p50.0 > 0 && p50 <= p99, text, "0 < p50 <= p99")
                    .map(|()| Self::Lognormal { p50, p99 })
            }
            "erlang" => {
                let (k, mean) = two(text, &args)?;
                let k: u32 = k
                    .parse()
                    .ok()
                    .filter(|k| (1..=1000).contains(k))
                    .ok_or_else(|| {
                        format!(
                            "\"{text}\": the number of stages must be a whole number from 1 to 1000"
                        )
                    })?;
                Ok(Self::Erlang(k, Duration::parse(mean)?))
            }
            "hyperexp" => {
                let branches = pairs(text, &args)?;
                let sum: f64 = branches.iter().map(|(p, _)| p).sum();
                ordered(
                    (sum - 1.0).abs() < 1e-6,
                    text,
                    "probabilities that sum to 1",
                )
                .map(|()| Self::Hyperexp(branches))
            }
            "pareto" => {
                only(text, &args, &["min", "alpha", "max"])?;
                let min = Duration::parse(named(text, &args, "min")?)?;
                let alpha: f64 = named(text, &args, "alpha")?
                    .parse()
                    .ok()
                    .filter(|alpha| (0.1..=100.0).contains(alpha))
                    .ok_or_else(|| format!("\"{text}\": alpha must be a number from 0.1 to 100"))?;
                let max = named(text, &args, "max")
                    .ok()
                    .map(Duration::parse)
                    .transpose()?;
                ordered(
                    min.0 > 0 && max.is_none_or(|max| min < max),
                    text,
                    "0 < min < max",
                )
                .map(|()| Self::Pareto { min, alpha, max })
            }
            "empirical" => {
                let points = pairs(text, &args)?;
                let rising = points
                    .windows(2)
                    .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
                let spans =
                    points.len() >= 2 && points[0].0 == 0.0 && points[points.len() - 1].0 == 1.0;
                ordered(
                    rising && spans,
                    text,
                    "rising quantiles from 0 to 1 with durations that do not fall",
                )
                .map(|()| Self::Empirical(points))
            }
            other => Err(match crate::suggest::nearest(other, NAMES) {
                Some(near) => format!("\"{other}\" is not a distribution, did you mean {near}?"),
                None => format!("\"{other}\" is not a distribution; expected one of {NOTATION}"),
            }),
        }
    }

    /// The mean, in seconds; `None` where it is infinite (a Pareto tail of at most 1, uncut).
    pub fn mean_s(&self) -> Option<f64> {
        Some(match self {
            Self::Const(d) | Self::Exp(d) | Self::Erlang(_, d) => d.as_s(),
            Self::Uniform(a, b) => (a.as_s() + b.as_s()) / 2.0,
            // The cut at 0 moves the mean little for the deviations people use; shown as stated.
            Self::Normal(mean, _) => mean.as_s(),
            Self::Lognormal { p50, p99 } => {
                let sigma = libm::log(p99.as_s() / p50.as_s()) / Z99;
                p50.as_s() * libm::exp(sigma * sigma / 2.0)
            }
            Self::Hyperexp(branches) => branches.iter().map(|(p, mean)| p * mean.as_s()).sum(),
            Self::Pareto {
                min,
                alpha,
                max: None,
            } if *alpha > 1.0 => alpha * min.as_s() / (alpha - 1.0),
            Self::Pareto { max: None, .. } => return None,
            Self::Pareto {
                min,
                alpha,
                max: Some(max),
            } => bounded_pareto_mean(min.as_s(), *alpha, max.as_s()),
            Self::Empirical(points) => points
                .windows(2)
                .map(|pair| (pair[1].0 - pair[0].0) * (pair[0].1.as_s() + pair[1].1.as_s()) / 2.0)
                .sum(),
        })
    }
}

impl Distribution {
    /// The 99th percentile, in seconds (of `erlang` to within 1 %, after Wilson and Hilferty).
    pub fn p99_s(&self) -> f64 {
        let log = libm::log(100.0);
        match self {
            Self::Const(d) => d.as_s(),
            Self::Exp(mean) => mean.as_s() * log,
            Self::Uniform(a, b) => a.as_s() + 0.99 * (b.as_s() - a.as_s()),
            Self::Normal(mean, deviation) => mean.as_s() + Z99 * deviation.as_s(),
            Self::Lognormal { p99, .. } => p99.as_s(),
            Self::Erlang(stages, mean) => {
                let variance = 1.0 / (9.0 * f64::from(*stages));
                let root = 1.0 - variance + Z99 * libm::sqrt(variance);
                mean.as_s() * root * root * root
            }
            Self::Hyperexp(branches) => {
                let longest = branches.iter().map(|(_, mean)| mean.as_s());
                let (mut low, mut high) = (0.0, longest.fold(0.0, f64::max) * log);
                for _ in 0..60 {
                    let middle = (low + high) / 2.0;
                    let tail = |(p, mean): &(f64, Duration)| {
                        p * libm::exp(-middle / mean.as_s().max(1e-9))
                    };
                    match branches.iter().map(tail).sum::<f64>() > 0.01 {
                        true => low = middle,
                        false => high = middle,
                    }
                }
                high
            }
            Self::Pareto { min, alpha, max } => {
                let beyond = max.map_or(0.0, |max| libm::pow(min.as_s() / max.as_s(), *alpha));
                let tail = 0.01 + 0.99 * beyond;
                min.as_s() * libm::pow(tail, -1.0 / alpha)
            }
            Self::Empirical(points) => {
                let pair = points.windows(2).find(|pair| pair[1].0 >= 0.99);
                pair.map_or(0.0, |pair| {
                    let along = (0.99 - pair[0].0) / (pair[1].0 - pair[0].0);
                    pair[0].1.as_s() + along * (pair[1].1.as_s() - pair[0].1.as_s())
                })
            }
        }
    }
}

/// The standard normal's 99th percentile: turns a median and a p99 into a lognormal's sigma.
pub const Z99: f64 = 2.326_347_874_040_841;

fn bounded_pareto_mean(low: f64, alpha: f64, high: f64) -> f64 {
    let ratio = libm::pow(low / high, alpha);
    if (alpha - 1.0).abs() < 1e-9 {
        return low * libm::log(high / low) / (1.0 - low / high);
    }
    libm::pow(low, alpha) / (1.0 - ratio) * alpha / (alpha - 1.0)
        * (libm::pow(low, 1.0 - alpha) - libm::pow(high, 1.0 - alpha))
}

fn one<'a>(text: &str, args: &[&'a str]) -> Result<&'a str, String> {
    match args {
        [arg] => Ok(arg),
        _ => Err(format!("\"{text}\" takes one duration")),
    }
}

fn two<'a>(text: &str, args: &[&'a str]) -> Result<(&'a str, &'a str), String> {
    match args {
        [a, b] => Ok((a, b)),
        _ => Err(format!("\"{text}\" takes two values; see {NOTATION}")),
    }
}

fn named<'a>(text: &str, args: &[&'a str], name: &str) -> Result<&'a str, String> {
    args.iter()
        .find_map(|arg| {
            arg.split_once('=')
                .filter(|(key, _)| key.trim() == name)
                .map(|(_, value)| value.trim())
        })
        .ok_or_else(|| format!("\"{text}\" is missing {name}=…"))
}

fn only(text: &str, args: &[&str], names: &[&str]) -> Result<(), String> {
    for (at, arg) in args.iter().enumerate() {
        let key = arg.split_once('=').map_or(*arg, |(key, _)| key).trim();
        if !names.contains(&key)
            || args[..at]
                .iter()
                .any(|a| a.split_once('=').is_some_and(|(k, _)| k.trim() == key))
        {
            return Err(format!(
                "\"{text}\": {arg} is not one of {} (once each)",
                names.join(", ")
            ));
        }
    }
    Ok(())
}

fn pairs(text: &str, args: &[&str]) -> Result<Vec<(f64, Duration)>, String> {
    if args.len() > 100 {
        return Err(format!(
            "\"{}…\" has more than 100 pairs",
            &text[..text.len().min(20)]
        ));
    }
    args.iter()
        .map(|arg| {
            let (p, duration) = arg
                .split_once(':')
                .ok_or_else(|| format!("\"{text}\": {arg} is not p:duration"))?;
            let p: f64 = p
                .trim()
                .parse()
                .ok()
                .filter(|p| (0.0..=1.0).contains(p))
                .ok_or_else(|| format!("\"{text}\": {p} is not a probability from 0 to 1"))?;
            Ok((p, Duration::parse(duration)?))
        })
        .collect()
}

fn ordered(holds: bool, text: &str, wanted: &str) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("\"{text}\" needs {wanted}"))
    }
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, name: &str, pairs: &[(f64, Duration)]| {
            write!(f, "{name}(")?;
            for (at, (p, duration)) in pairs.iter().enumerate() {
                write!(f, "{}{p}:{duration}", if at == 0 { "" } else { "," })?;
            }
            f.write_str(")")
        };
        match self {
            Self::Const(d) => write!(f, "const({d})"),
            Self::Exp(d) => write!(f, "exp({d})"),
            Self::Uniform(a, b) => write!(f, "uniform({a},{b})"),
            Self::Normal(mean, deviation) => write!(f, "normal({mean},{deviation})"),
            Self::Lognormal { p50, p99 } => write!(f, "lognormal(p50={p50},p99={p99})"),
            Self::Erlang(k, mean) => write!(f, "erlang({k},{mean})"),
            Self::Hyperexp(branches) => list(f, "hyperexp", branches),
            Self::Pareto {
                min,
                alpha,
                max: None,
            } => write!(f, "pareto(min={min},alpha={alpha})"),
            Self::Pareto {
                min,
                alpha,
                max: Some(max),
            } => write!(f, "pareto(min={min},alpha={alpha},max={max})"),
            Self::Empirical(points) => list(f, "empirical", points),
        }
    }
}

impl Attribute for Distribution {
    const SHAPE: Shape = Shape::Distribution;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        read_text(
            value,
            reader,
            Self::parse,
            "a distribution, as \"exp(3ms)\"",
        )
    }
    fn write(&self) -> Value {
        Value::text(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notation_round_trips() {
        for text in [
            "const(5ms)",
            "exp(40ms)",
            "uniform(1ms,9ms)",
            "normal(10ms,2ms)",
            "lognormal(p50=8ms,p99=60ms)",
            "erlang(3,30ms)",
            "hyperexp(0.9:5ms,0.1:200ms)",
            "pareto(min=2ms,alpha=1.5)",
            "pareto(min=2ms,alpha=1.5,max=2s)",
            "empirical(0:1ms,0.5:8ms,0.99:60ms,1:400ms)",
        ] {
            assert_eq!(Distribution::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Distribution::parse(" 5ms ").unwrap(),
            Distribution::Const(Duration::ms(5))
        );
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for text in [
            "",
            "exp",
            "exp()",
            "exp(5)",
            "exp(5ms",
            "expo(5ms)",
            "uniform(9ms,1ms)",
            "lognormal(p50=8ms)",
            "lognormal(p50=9ms,p99=8ms)",
            "erlang(0,3ms)",
            "hyperexp(0.5:1ms)",
            "pareto(min=0ms,alpha=1)",
            "empirical(0:1ms,0.5:8ms)",
            "empirical(0:9ms,1:8ms)",
            "lognormal(p50=8ms,p99=9ms,p10=1ms)",
        ] {
            assert!(Distribution::parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Distribution::parse("expp(3ms)").unwrap_err(),
            "\"expp\" is not a distribution, did you mean exp?"
        );
    }

    #[test]
    fn means() {
        let mean = |text: &str| Distribution::parse(text).unwrap().mean_s().unwrap();
        assert!((mean("pareto(min=2ms,alpha=2)") - 0.004).abs() < 1e-12);
        assert!((mean("hyperexp(0.9:5ms,0.1:200ms)") - 0.0245).abs() < 1e-12);
        assert!((mean("empirical(0:0ms,1:10ms)") - 0.005).abs() < 1e-12);
    }
}
