//! Windows joined to columns of a few pixels, for drawing and for reading off values.

use format::message::WindowFrame;

use crate::history::History;

/// Narrower columns than this show noise, not the system.
const COLUMN_PX: f64 = 3.0;
/// "Now" is the mean of this much of the recent past, because single windows hold few requests.
const NOW_S: f64 = 1.0;

/// One column, or the metrics at an instant. A latency or amplification that was not measured is
/// NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Figures {
    /// Begin and end, in seconds.
    pub(super) span_s: (f64, f64),
    /// Offered load, requests/s.
    pub(super) offered: f64,
    /// Throughput, requests/s.
    pub(super) throughput: f64,
    /// Goodput, requests/s.
    pub(super) goodput: f64,
    /// Failed requests/s.
    pub(super) failed: f64,
    /// Median latency, in ms.
    pub(super) p50_ms: f64,
    /// 99th percentile, in ms.
    pub(super) p99_ms: f64,
    /// Attempts at the deepest callees per user request.
    pub(super) amplification: f64,
    /// Calls in all queues.
    pub(super) waiting: f64,
}

impl Figures {
    /// Returns the metrics of several windows together; `None` for none.
    pub(super) fn of(windows: &[WindowFrame]) -> Option<Self> {
        let (first, last) = (windows.first()?, windows.last()?);
        let mean = |figure: fn(&WindowFrame) -> f32| {
            let (mut sum, mut weight) = (0.0, 0.0);
            for window in windows {
                let value = f64::from(figure(window));
                if value.is_finite() {
                    sum += value * window.width_s;
                    weight += window.width_s;
                }
            }
            // 0 / 0 if nothing was measured.
            sum / weight
        };
        let largest = |figure: fn(&WindowFrame) -> f32| {
            let values = windows.iter().map(|window| f64::from(figure(window)));
            // `f64::max` ignores NaN.
            values.fold(f64::NAN, f64::max)
        };
        Some(Self {
            span_s: (first.start_s, last.start_s + last.width_s),
            offered: mean(|w| w.offered_per_s),
            throughput: mean(|w| w.throughput_per_s),
            goodput: mean(|w| w.goodput_per_s),
            failed: mean(|w| w.failed_per_s),
            p50_ms: mean(|w| w.p50_ms),
            // Percentiles cannot be averaged; the worse of them is a bound.
            p99_ms: largest(|w| w.p99_ms),
            amplification: mean(|w| w.amplification),
            waiting: f64::from(last.waiting),
        })
    }

    /// Returns the metrics of the recent past. The rates are those of the cards.
    pub(super) fn now(history: &History) -> Option<Self> {
        let recent = Self::recent(history.so_far())?;
        Some(match history.rates {
            Some(rates) => Self {
                offered: rates.offered,
                throughput: rates.throughput,
                goodput: rates.goodput,
                failed: rates.failed,
                ..recent
            },
            None => recent,
        })
    }

    fn recent(windows: &[WindowFrame]) -> Option<Self> {
        let last = windows.last()?;
        let from_s = last.start_s + last.width_s - NOW_S;
        let start = windows.partition_point(|window| window.start_s < from_s - 1e-9);
        Self::of(&windows[start.min(windows.len() - 1)..])
    }
}

/// Returns the columns of a run on an axis of `width` pixels that ends at `end_s`.
pub(super) fn columns(windows: &[WindowFrame], end_s: f64, width: f64) -> Vec<Figures> {
    let column_s = (end_s / width.max(1.0) * COLUMN_PX).max(1e-9);
    let mut columns = Vec::new();
    let mut rest = windows;
    while let Some(first) = rest.first() {
        // Columns begin at fixed moments, so that those already drawn do not change.
        let index = ((first.start_s + 1e-9) / column_s).floor();
        let until_s = (index + 1.0) * column_s;
        let count = rest
            .partition_point(|window| window.start_s < until_s - 1e-9)
            .max(1);
        let (column, after) = rest.split_at(count);
        columns.extend(Figures::of(column));
        rest = after;
    }
    columns
}

/// Returns the column at a moment, if the run has reached it.
pub(super) fn column_at(columns: &[Figures], at_s: f64) -> Option<Figures> {
    let next = columns.partition_point(|column| column.span_s.0 <= at_s);
    let column = columns.get(next.checked_sub(1)?)?;
    (at_s <= column.span_s.1).then_some(*column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(at: usize, goodput: f32, p99_ms: f32) -> WindowFrame {
        WindowFrame {
            start_s: at as f64 * 0.1,
            width_s: 0.1,
            goodput_per_s: goodput,
            p99_ms,
            p50_ms: f32::NAN,
            waiting: at as u32,
            ..WindowFrame::default()
        }
    }

    #[test]
    fn columns_join_windows_and_keep_what_is_unknown_unknown() {
        let windows = [
            window(0, 10.0, f32::NAN),
            window(1, 30.0, 8.0),
            window(2, 50.0, 5.0),
        ];
        let joined = Figures::of(&windows[..2]).unwrap();
        assert!((joined.goodput - 20.0).abs() < 1e-9);
        assert_eq!((joined.p99_ms, joined.waiting), (8.0, 1.0));
        assert!(joined.p50_ms.is_nan());
        assert_eq!(Figures::of(&[]), None);
    }

    #[test]
    fn columns_once_drawn_stay() {
        let windows: Vec<WindowFrame> = (0..100).map(|at| window(at, at as f32, 1.0)).collect();
        let early = columns(&windows[..50], 60.0, 600.0);
        let late = columns(&windows, 60.0, 600.0);
        let goodputs = |columns: &[Figures]| -> Vec<f64> {
            columns.iter().map(|column| column.goodput).collect()
        };
        let settled = early.len() - 1;
        assert_eq!(goodputs(&early)[..settled], goodputs(&late)[..settled]);
        assert!(late.len() < windows.len());
    }

    #[test]
    fn the_column_at_a_moment() {
        let windows: Vec<WindowFrame> = (0..10).map(|at| window(at, at as f32, 1.0)).collect();
        let columns = columns(&windows, 10.0, 1_000.0);
        assert_eq!(column_at(&columns, 0.55).unwrap().goodput, 5.0);
        assert_eq!(column_at(&columns, 1.5), None);
        assert_eq!(column_at(&columns, -0.1), None);
    }
}
