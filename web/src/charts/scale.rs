//! Maps values to pixels: domains that end on round numbers, and the ticks between.
use format::message::WindowFrame;

/// A mapping of a value to a height of its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Linear, from 0 to a round number.
    Linear {
        /// The upper end.
        top: f64,
    },
    /// Logarithmic, in decades.
    Log {
        /// The lower end, a power of ten.
        low: f64,
        /// The upper end, a power of ten.
        high: f64,
    },
}

impl Scale {
    /// Returns a scale from 0 to the first round number at or above `largest`, and at least to
    /// `least`.
    pub(super) fn linear(largest: f64, least: f64) -> Self {
        Self::Linear {
            top: round_up(largest.max(least)),
        }
    }

    /// Returns the decades that include everything from `smallest` to `largest`; at least one.
    pub(super) fn log(smallest: f64, largest: f64) -> Self {
        if !(smallest > 0.0 && largest >= smallest && largest.is_finite()) {
            return Self::Log {
                low: 1.0,
                high: 100.0,
            };
        }
        let low = libm::floor(libm::log10(smallest) + 1e-9);
        let high = libm::ceil(libm::log10(largest) - 1e-9).max(low + 1.0);
        Self::Log {
            low: power(low),
            high: power(high),
        }
    }

    /// Returns the height of a value, from 0 at the bottom to 1 at the top.
    pub(super) fn share(&self, figure: f64) -> f64 {
        let share = match self {
            Self::Linear { top } => figure / top,
            Self::Log { low, high } => libm::log(figure.max(*low) / low) / libm::log(high / low),
        };
        share.clamp(0.0, 1.0)
    }

    /// Returns the values of the grid lines, at most one per `height / spacing`, bottom first.
    pub(super) fn ticks(&self, height: f64, spacing: f64) -> Vec<f64> {
        let most = (height / spacing).floor().max(1.0);
        match self {
            Self::Linear { top } if most >= 2.0 => vec![top / 2.0, *top],
            Self::Linear { top } => vec![*top],
            Self::Log { low, high } => {
                let decades = libm::round(libm::log10(high / low));
                let every = (decades / (most - 1.0).max(1.0)).ceil().max(1.0);
                let mut ticks = Vec::new();
                let mut at = 0.0;
                while at <= decades {
                    ticks.push(low * power(at));
                    at += every;
                }
                ticks
            }
        }
    }
}

fn power(exponent: f64) -> f64 {
    libm::pow(10.0, exponent)
}

/// Returns the first round number at or above; its half is round too.
fn round_up(figure: f64) -> f64 {
    if !(figure > 0.0 && figure.is_finite()) {
        return 1.0;
    }
    let decade = power(libm::floor(libm::log10(figure)));
    [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * decade)
        .find(|round| *round >= figure * 0.999_999)
        .unwrap_or(10.0 * decade)
}

/// Returns the end of the time axis, in seconds. The axis shows the whole run from the start, so
/// that it does not move during the run. A long run is shown in spans that double.
pub(super) fn axis_end_s(now_s: f64, duration_s: f64) -> f64 {
    const WHOLE_MAX_S: f64 = 60.0;
    const LEAST_S: f64 = 10.0;
    let mut end_s = duration_s.clamp(LEAST_S, WHOLE_MAX_S);
    while end_s < now_s {
        // Past its duration a run only drains: a little more room is enough.
        end_s *= if now_s < duration_s { 2.0 } else { 1.05 };
    }
    if now_s <= duration_s {
        end_s.min(duration_s.max(LEAST_S))
    } else {
        end_s
    }
}

/// Returns how far the axis has to reach, in seconds. After its duration a run only drains, and may
/// continue long after the last response, until its timers have expired.
pub(super) fn busy_until_s(windows: &[WindowFrame], reached_s: f64, duration_s: f64) -> f64 {
    if reached_s <= duration_s {
        return reached_s;
    }
    let is_busy = |window: &&WindowFrame| {
        window.offered_per_s > 0.0 || window.throughput_per_s > 0.0 || window.waiting > 0
    };
    let last = windows.iter().rev().find(is_busy);
    let busy_s = last.map_or(0.0, |window| window.start_s + window.width_s);
    busy_s.clamp(duration_s, reached_s)
}

/// Returns the moments to label on a time axis, no closer than `spacing` pixels.
pub(super) fn time_ticks(end_s: f64, width: f64, spacing: f64) -> Vec<f64> {
    const STEPS_S: [f64; 16] = [
        0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 3_600.0, 7_200.0,
        21_600.0, 86_400.0,
    ];
    if width <= 0.0 || end_s <= 0.0 {
        return Vec::new();
    }
    let least = end_s * spacing / width;
    let step = STEPS_S
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or_else(|| round_up(least));
    let count = (end_s / step + 1e-9).floor() as usize;
    (0..=count).map(|at| at as f64 * step).collect()
}

/// Returns the label of a moment on the axis: `0`, `30 s`, `2 min`.
pub(super) fn time_label(at_s: f64) -> String {
    let number = |value: f64| format!("{}", (value * 10.0).round() / 10.0);
    match at_s {
        0.0 => "0".to_owned(),
        s if s >= 7_200.0 => format!("{} h", number(s / 3_600.0)),
        s if s >= 180.0 => format!("{} min", number(s / 60.0)),
        s => format!("{} s", number(s)),
    }
}

/// Returns a value on a vertical axis, in as few characters as possible: `400`, `2k`, `0.5`.
pub(super) fn figure_label(figure: f64) -> String {
    let number = |value: f64| format!("{}", (value * 100.0).round() / 100.0);
    match figure {
        f if f >= 1e6 => format!("{}M", number(f / 1e6)),
        f if f >= 1e4 => format!("{}k", number(f / 1e3)),
        f => number(f),
    }
}

/// Returns a latency on its axis.
pub(super) fn latency_label(ms: f64) -> String {
    if ms >= 1_000.0 {
        format!("{} s", figure_label(ms / 1_000.0))
    } else {
        format!("{} ms", figure_label(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_end_on_round_numbers() {
        assert_eq!(Scale::linear(231.0, 1.0), Scale::Linear { top: 300.0 });
        assert_eq!(Scale::linear(400.0, 1.0), Scale::Linear { top: 400.0 });
        assert_eq!(Scale::linear(f64::NAN, 2.0), Scale::Linear { top: 2.0 });
        assert_eq!(
            Scale::log(3.0, 800.0),
            Scale::Log {
                low: 1.0,
                high: 1_000.0
            }
        );
        assert_eq!(
            Scale::log(10.0, 10.0),
            Scale::Log {
                low: 10.0,
                high: 100.0
            }
        );
        assert_eq!(
            Scale::log(f64::NAN, 1.0),
            Scale::Log {
                low: 1.0,
                high: 100.0
            }
        );
    }

    #[test]
    fn heights() {
        let log = Scale::log(1.0, 100.0);
        assert!((log.share(10.0) - 0.5).abs() < 1e-12);
        assert_eq!(log.share(0.001), 0.0);
        assert_eq!(log.ticks(60.0, 20.0), [1.0, 10.0, 100.0]);
        assert_eq!(log.ticks(20.0, 20.0), [1.0, 100.0]);
        assert_eq!(Scale::linear(300.0, 1.0).ticks(60.0, 20.0), [150.0, 300.0]);
    }

    #[test]
    fn the_axis_ends_with_the_last_answer_of_a_drain() {
        let window = |start_s: f64, throughput_per_s: f32| WindowFrame {
            start_s,
            width_s: 1.0,
            offered_per_s: 0.0,
            throughput_per_s,
            goodput_per_s: 0.0,
            failed_per_s: 0.0,
            p50_ms: f32::NAN,
            p99_ms: f32::NAN,
            amplification: f32::NAN,
            waiting: 0,
        };
        let windows = [window(59.0, 9.0), window(60.0, 1.0), window(61.0, 0.0)];
        assert_eq!(busy_until_s(&windows, 92.7, 60.0), 61.0);
        assert_eq!(busy_until_s(&windows[..1], 92.7, 60.0), 60.0);
        assert_eq!(busy_until_s(&windows, 60.4, 60.0), 60.4);
        assert_eq!(busy_until_s(&windows, 30.0, 60.0), 30.0);
    }

    #[test]
    fn the_axis_stands_still() {
        for (now, duration, end) in [
            (0.0, 60.0, 60.0),
            (59.0, 60.0, 60.0),
            (61.0, 60.0, 63.0),
            (0.0, 0.5, 10.0),
            (10.0, 600.0, 60.0),
            (130.0, 600.0, 240.0),
            (500.0, 600.0, 600.0),
        ] {
            assert_eq!(axis_end_s(now, duration), end, "{now} of {duration}");
        }
        assert_eq!(
            time_ticks(60.0, 600.0, 80.0),
            [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
        );
        assert_eq!(time_ticks(60.0, 300.0, 80.0), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(time_label(300.0), "5 min");
    }
}
