//! Sizes of quantities: the place of a slider, the step of an arrow key.

use design::{Duration, Rate, Shape, Value};

/// End of a slider whose range is wider than a hand can use; or this many times the default,
/// whichever is more.
const DURATION_S: (f64, f64) = (0.001, 60.0);
const RATE_PER_S: (f64, f64) = (1.0, 10_000.0);
const COUNT: (f64, f64) = (1.0, 1_000.0);
const DEFAULT_TIMES: f64 = 100.0;
/// With more steps than this, a linear slider misses most values.
const LINEAR_SPAN_MAX: f64 = 100.0;

/// How a slider's place relates to a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    kind: ScaleKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ScaleKind {
    /// Linear, in multiples of this.
    Linear(f64),
    /// Logarithmic in the sum of the size and this, to two digits. The sum gives 0 a place.
    Log(f64),
}

impl Scale {
    /// Returns the slider for such a field, if one helps.
    pub(super) fn of(
        shape: &Shape,
        range: Option<(f64, f64)>,
        default: Option<f64>,
    ) -> Option<Self> {
        let usable = |ends: (f64, f64)| {
            let (low, high) = range.unwrap_or(ends);
            let wanted = ends.1.max(default.unwrap_or(0.0) * DEFAULT_TIMES);
            (low, high.min(wanted))
        };
        match shape {
            Shape::Integer | Shape::Number | Shape::Ratio => {
                let (low, high) = range?;
                let whole = matches!(shape, Shape::Integer);
                if high - low <= LINEAR_SPAN_MAX {
                    let step = if whole { 1.0 } else { finest(high - low) };
                    let kind = ScaleKind::Linear(step);
                    return Some(Self { low, high, kind });
                }
                // The seed of a run has no size.
                let has_size = high <= f64::from(u32::MAX);
                let (low, high) = usable(COUNT);
                let kind = ScaleKind::Log(f64::from(u8::from(low < 1.0)));
                has_size.then_some(Self { low, high, kind })
            }
            Shape::Duration => {
                let (low, high) = usable(DURATION_S);
                let low = low.max(DURATION_S.0);
                let kind = ScaleKind::Log(0.0);
                (high / low >= 100.0).then_some(Self { low, high, kind })
            }
            Shape::Rate => {
                let (low, high) = usable(RATE_PER_S);
                let kind = ScaleKind::Log(0.0);
                Some(Self { low, high, kind })
            }
            Shape::Optional(inner) => Self::of(inner, range, default),
            Shape::Bool
            | Shape::Text
            | Shape::Distribution
            | Shape::Choice(_)
            | Shape::List(_)
            | Shape::OneOrMany(_)
            | Shape::Record(_)
            | Shape::Variants(..) => None,
        }
    }

    /// Returns the slider's step, out of 100.
    pub(super) fn step(&self) -> f64 {
        match self.kind {
            ScaleKind::Linear(step) => 100.0 * step / (self.high - self.low),
            ScaleKind::Log(_) => 0.5,
        }
    }

    /// Returns the place of a size, from 0 to 100.
    pub(super) fn place(&self, size: f64) -> f64 {
        let size = size.clamp(self.low, self.high);
        100.0
            * match self.kind {
                ScaleKind::Linear(_) => (size - self.low) / (self.high - self.low),
                ScaleKind::Log(add) => {
                    libm::log((size + add) / (self.low + add)) / self.log_span(add)
                }
            }
    }

    /// Returns the size at a place from 0 to 100, rounded to a number that a person would type.
    pub(super) fn size(&self, place: f64) -> f64 {
        let share = (place / 100.0).clamp(0.0, 1.0);
        match self.kind {
            ScaleKind::Linear(step) => {
                let steps = (share * (self.high - self.low) / step).round();
                tidy((self.low + steps * step).min(self.high))
            }
            ScaleKind::Log(add) => {
                let size = (self.low + add) * libm::exp(share * self.log_span(add)) - add;
                two_digits(size).clamp(self.low, self.high)
            }
        }
    }
}

impl Scale {
    fn log_span(&self, add: f64) -> f64 {
        libm::log((self.high + add) / (self.low + add))
    }
}

/// Returns a hundredth of a span, rounded to a power of ten.
fn finest(span: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(span)) - 2.0)
}

fn two_digits(size: f64) -> f64 {
    format!("{size:.1e}").parse().unwrap_or(size)
}

/// Removes the noise that sums of decimal fractions leave in the last bits.
fn tidy(size: f64) -> f64 {
    format!("{size:.9e}").parse().unwrap_or(size)
}

/// Returns the size of a value: seconds, per second, or the number itself.
pub(super) fn size_of(shape: &Shape, value: &Value) -> Option<f64> {
    match (shape, value) {
        (Shape::Optional(inner), value) => size_of(inner, value),
        (Shape::Integer | Shape::Number | Shape::Ratio, Value::Number(number)) => Some(*number),
        (Shape::Duration, Value::Text(text)) => Duration::parse(text).ok().map(Duration::as_s),
        (Shape::Rate, Value::Text(text)) => Rate::parse(text).ok().map(|rate| rate.0),
        _ => None,
    }
}

/// Returns the value of a size.
pub(super) fn value_of(shape: &Shape, size: f64) -> Value {
    match shape {
        Shape::Optional(inner) => value_of(inner, size),
        Shape::Integer => Value::Number(size.round()),
        Shape::Duration => Value::text(Duration((size * 1e9).round().max(0.0) as u64).to_string()),
        Shape::Rate => Value::text(Rate(size.max(0.0)).to_string()),
        Shape::Bool
        | Shape::Number
        | Shape::Ratio
        | Shape::Text
        | Shape::Distribution
        | Shape::Choice(_)
        | Shape::List(_)
        | Shape::OneOrMany(_)
        | Shape::Record(_)
        | Shape::Variants(..) => Value::Number(size),
    }
}

/// Step of an arrow key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stride {
    /// One step.
    Small,
    /// Ten steps, with Shift.
    Large,
}

/// Returns the value one arrow key up (`1.0`) or down (`-1.0`) from `value`.
pub(super) fn stepped(
    shape: &Shape,
    value: &Value,
    range: Option<(f64, f64)>,
    sign: f64,
    stride: Stride,
) -> Option<Value> {
    let size = size_of(shape, value)?;
    let (low, high) = range.unwrap_or((0.0, f64::INFINITY));
    let step = match bare(shape) {
        Shape::Integer => 1.0,
        Shape::Number | Shape::Ratio => (high - low).min(100.0) / 100.0,
        // A tenth of what is there: 300ms to 310ms, 1s to 1.1s, and down from 1s to 990ms.
        _ if size > 0.0 => {
            let below = if sign < 0.0 { size * 0.999_999 } else { size };
            libm::pow(10.0, libm::floor(libm::log10(below)) - 1.0)
        }
        Shape::Duration => 0.001,
        _ => 1.0,
    };
    let step = match stride {
        Stride::Small => step,
        Stride::Large => step * 10.0,
    };
    let next = tidy(size + sign * tidy(step)).clamp(low, high);
    Some(value_of(shape, next))
}

fn bare(shape: &Shape) -> &Shape {
    match shape {
        Shape::Optional(inner) => inner,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sliders_come_back_to_where_they_were() {
        let range = Some((0.000_001, 86_400.0));
        let scale = Scale::of(&Shape::Duration, range, None).unwrap();
        for size in [0.001, 0.05, 1.0, 12.0, 60.0] {
            assert_eq!(scale.size(scale.place(size)), size);
        }
        let share = Scale::of(&Shape::Number, Some((0.0, 1.0)), Some(0.0)).unwrap();
        assert_eq!(share.size(33.3), 0.33);
        assert_eq!(share.size(share.place(0.07)), 0.07);
        let places = Scale::of(&Shape::Integer, Some((0.0, 1e7)), Some(100.0)).unwrap();
        assert_eq!((places.size(0.0), places.size(100.0)), (0.0, 10_000.0));
        assert_eq!(places.size(places.place(100.0)), 100.0);
        let seed = Scale::of(&Shape::Integer, Some((0.0, 9e15)), Some(1.0));
        assert_eq!(seed, None);
    }

    #[test]
    fn arrows_step_by_what_is_there() {
        let up = |shape: &Shape, text: &str, sign: f64| {
            stepped(shape, &Value::text(text), None, sign, Stride::Small).unwrap()
        };
        assert_eq!(up(&Shape::Duration, "300ms", 1.0), Value::text("310ms"));
        assert_eq!(up(&Shape::Duration, "1s", -1.0), Value::text("990ms"));
        assert_eq!(up(&Shape::Duration, "0s", 1.0), Value::text("1ms"));
        assert_eq!(up(&Shape::Rate, "100/s", 1.0), Value::text("110/s"));
        let three = Value::Number(3.0);
        let range = Some((1.0, 10.0));
        let large = stepped(&Shape::Integer, &three, range, 1.0, Stride::Large);
        assert_eq!(large, Some(Value::Number(10.0)));
    }
}
