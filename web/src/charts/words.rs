//! Metrics in words: the values of the legend, and the text alternative of the charts.

use super::columns::Figures;
use crate::words::figure;

/// What the legend shows, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Series {
    Offered,
    Throughput,
    Goodput,
    Failed,
    P99,
    P50,
    Amplification,
    Waiting,
}

impl Series {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Offered => "Offered load",
            Self::Throughput => "Throughput",
            Self::Goodput => "Goodput",
            Self::Failed => "Failed",
            Self::P99 => "p99",
            Self::P50 => "p50",
            Self::Amplification => "Amplification",
            Self::Waiting => "Queue depth",
        }
    }

    pub(super) fn help(self) -> &'static str {
        match self {
            Self::Offered => "Requests that users make.",
            Self::Throughput => "Requests that finish, whether they succeed or fail.",
            Self::Goodput => "Requests that succeed in time.",
            Self::Failed => "Requests that fail or finish too late.",
            Self::P99 => "99% of answered requests took at most this long.",
            Self::P50 => "50% of answered requests took at most this long.",
            Self::Amplification => "Attempts at the deepest callees per user request.",
            Self::Waiting => "Calls waiting in all queues.",
        }
    }

    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Offered | Self::Throughput | Self::Goodput | Self::Failed => "/s",
            Self::P99 | Self::P50 => "ms",
            Self::Amplification => "×",
            Self::Waiting => "",
        }
    }

    /// Returns the value with a number of decimals that depends on its size, so that it does not
    /// flicker.
    pub(super) fn of(self, figures: &Figures) -> String {
        match self {
            Self::Offered => figure(figures.offered),
            Self::Throughput => figure(figures.throughput),
            Self::Goodput => figure(figures.goodput),
            Self::Failed => figure(figures.failed),
            Self::P99 => latency(figures.p99_ms),
            Self::P50 => latency(figures.p50_ms),
            Self::Amplification => decimals(figures.amplification, 1),
            Self::Waiting => decimals(figures.waiting, 0),
        }
    }
}

fn decimals(value: f64, places: usize) -> String {
    if value.is_finite() {
        format!("{value:.places$}")
    } else {
        "–".to_owned()
    }
}

fn latency(ms: f64) -> String {
    decimals(ms, usize::from(ms < 99.95))
}

/// Returns a sentence about the charts, for screen readers.
pub(super) fn summary(now_s: f64, figures: Option<&Figures>) -> String {
    let Some(figures) = figures else {
        return "Charts of the run: no requests yet.".to_owned();
    };
    let said = |series: Series| {
        let unit = match series.unit() {
            "/s" => " per second",
            "ms" => " ms",
            "×" => " times",
            _ => "",
        };
        format!(
            "{} {}{unit}",
            series.name().to_lowercase(),
            series.of(figures)
        )
    };
    let all = [
        Series::Offered,
        Series::Goodput,
        Series::Failed,
        Series::P50,
        Series::P99,
        Series::Amplification,
        Series::Waiting,
    ];
    let said: Vec<String> = all.into_iter().map(said).collect();
    format!("Charts of the run at {now_s:.0} s: {}.", said.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_for_the_picture() {
        let figures = Figures {
            span_s: (9.0, 10.0),
            offered: 200.0,
            throughput: 180.4,
            goodput: 60.0,
            failed: 120.4,
            p50_ms: 12.34,
            p99_ms: 1_000.0,
            amplification: 3.75,
            waiting: 42.0,
        };
        assert_eq!(
            summary(10.0, Some(&figures)),
            "Charts of the run at 10 s: offered load 200 per second, goodput 60 per second, failed 120 per second, \
             p50 12.3 ms, p99 1000 ms, amplification 3.8 times, queue depth 42."
        );
        assert_eq!(
            Series::P50.of(&Figures {
                p50_ms: f64::NAN,
                ..figures
            }),
            "–"
        );
    }
}
