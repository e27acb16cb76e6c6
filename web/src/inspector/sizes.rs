//! Sizes behind quantities: where a slider stands, what an arrow key adds.

use design::{Duration, Rate, Shape, Value};

/// Ends of the sliders of quantities whose range is wider than a hand can use.
const DURATION_SLIDER_S: (f64, f64) = (0.001, 60.0);
const RATE_SLIDER_PER_S: (f64, f64) = (1.0, 10_000.0);
/// Above this many steps a linear slider misses most values, and below a low end of 0 a
/// logarithmic one has no start.
const LINEAR_SPAN_MAX: f64 = 100.0;
const LOG_RATIO_MAX: f64 = 100_000.0;

/// How a slider's place relates to a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    kind: ScaleKind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum ScaleKind {
    /// Even, to multiples of this.
    Linear(f64),
    /// In ratios, to two digits.
    Log,
}

impl Scale {
    /// The slider that helps with such a field, if one does.
    pub(super) fn of(shape: &Shape, range: Option<(f64, f64)>) -> Option<Self> {
        let log = |low: f64, high: f64| Self {
            low,
            high,
            kind: ScaleKind::Log,
        };
        match shape {
            Shape::Integer | Shape::Number => {
                let (low, high) = range?;
                let whole = matches!(shape, Shape::Integer);
                if high - low <= LINEAR_SPAN_MAX {
                    let step = if whole { 1.0 } else { finest(high - low) };
                    Some(Self {
                        low,
                        high,
                        kind: ScaleKind::Linear(step),
                    })
                } else if low > 0.0 && high / low <= LOG_RATIO_MAX {
                    Some(log(low, high))
                } else if whole && low > 0.0 {
                    // Slots, connections: the range allows millions, the lessons are below a thousand.
                    Some(log(low, low * 1_000.0))
                } else {
                    None
                }
            }
            Shape::Duration => {
                let (low, high) = range?;
                let (low, high) = (low.max(DURATION_SLIDER_S.0), high.min(DURATION_SLIDER_S.1));
                (high / low >= 100.0).then(|| log(low, high))
            }
            Shape::Rate => Some(log(RATE_SLIDER_PER_S.0, RATE_SLIDER_PER_S.1)),
            Shape::Optional(inner) => Self::of(inner, range),
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

    /// How finely the slider moves, of its 100.
    pub(super) fn step(&self) -> f64 {
        match self.kind {
            ScaleKind::Linear(step) => 100.0 * step / (self.high - self.low),
            ScaleKind::Log => 0.5,
        }
    }

    /// Where a size stands, from 0 to 100.
    pub(super) fn place(&self, size: f64) -> f64 {
        let size = size.clamp(self.low, self.high);
        100.0
            * match self.kind {
                ScaleKind::Linear(_) => (size - self.low) / (self.high - self.low),
                ScaleKind::Log => libm::log(size / self.low) / libm::log(self.high / self.low),
            }
    }

    /// The size at a place from 0 to 100, rounded to what a person would have typed.
    pub(super) fn size(&self, place: f64) -> f64 {
        let share = (place / 100.0).clamp(0.0, 1.0);
        match self.kind {
            ScaleKind::Linear(step) => {
                let steps = (share * (self.high - self.low) / step).round();
                tidy((self.low + steps * step).min(self.high))
            }
            ScaleKind::Log => {
                let size = self.low * libm::exp(share * libm::log(self.high / self.low));
                two_digits(size).clamp(self.low, self.high)
            }
        }
    }
}

/// A hundredth of a span, to a power of ten.
fn finest(span: f64) -> f64 {
    libm::pow(10.0, libm::floor(libm::log10(span)) - 2.0)
}

fn two_digits(size: f64) -> f64 {
    format!("{size:.1e}").parse().unwrap_or(size)
}

/// Without the noise that sums of decimal fractions leave in the last bits.
fn tidy(size: f64) -> f64 {
    format!("{size:.9e}").parse().unwrap_or(size)
}

/// The size of a value: seconds, per second, or the number itself.
pub(super) fn size_of(shape: &Shape, value: &Value) -> Option<f64> {
    match (shape, value) {
        (Shape::Optional(inner), value) => size_of(inner, value),
        (Shape::Integer | Shape::Number, Value::Number(number)) => Some(*number),
        (Shape::Duration, Value::Text(text)) => Duration::parse(text).ok().map(Duration::as_s),
        (Shape::Rate, Value::Text(text)) => Rate::parse(text).ok().map(|rate| rate.0),
        _ => None,
    }
}

/// The value of a size.
pub(super) fn value_of(shape: &Shape, size: f64) -> Value {
    match shape {
        Shape::Optional(inner) => value_of(inner, size),
        Shape::Integer => Value::Number(size.round()),
        Shape::Duration => Value::text(Duration((size * 1e9).round().max(0.0) as u64).to_string()),
        Shape::Rate => Value::text(Rate(size.max(0.0)).to_string()),
        Shape::Bool
        | Shape::Number
        | Shape::Text
        | Shape::Distribution
        | Shape::Choice(_)
        | Shape::List(_)
        | Shape::OneOrMany(_)
        | Shape::Record(_)
        | Shape::Variants(..) => Value::Number(size),
    }
}

/// How far an arrow key goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stride {
    /// One step.
    Small,
    /// Ten steps, with Shift.
    Large,
}

/// The value one arrow key up (`1.0`) or down (`-1.0`) from `value`.
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
        Shape::Number => (high - low).min(100.0) / 100.0,
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
        let scale = Scale::of(&Shape::Duration, Some((0.000_001, 86_400.0))).unwrap();
        for size in [0.001, 0.05, 1.0, 12.0, 60.0] {
            assert_eq!(scale.size(scale.place(size)), size);
        }
        let share = Scale::of(&Shape::Number, Some((0.0, 1.0))).unwrap();
        assert_eq!(share.size(33.3), 0.33);
        assert_eq!(share.size(share.place(0.07)), 0.07);
        assert_eq!(Scale::of(&Shape::Integer, Some((0.0, 1e7))), None);
        assert_eq!(Scale::of(&Shape::Duration, None), None);
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
