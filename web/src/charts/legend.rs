//! The frame of the charts: for each row its series with their values, and the room it is painted
//! in. The values are those of the recent past, or of the moment under the pointer.

use leptos::prelude::*;

use super::columns::Figures;
use super::words::Series;
use crate::why::AskSlowest;

const ROWS: [(&str, &[Series]); 4] = [
    (
        "rates",
        &[
            Series::Offered,
            Series::Throughput,
            Series::Goodput,
            Series::Failed,
        ],
    ),
    ("latency", &[Series::P99, Series::P50]),
    ("amplification", &[Series::Amplification]),
    ("waiting", &[Series::Waiting]),
];

/// The rows, from the strip of marks down to the time axis.
pub(super) fn rows(
    now: RwSignal<(f64, Option<Figures>)>,
    hover: RwSignal<Option<f64>>,
    read: impl Fn(f64) -> Option<Figures> + Copy + Send + Sync + 'static,
    bands: impl IntoView,
    timeline: impl IntoView,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let (now_s, figures) = now.get();
        match hover.get() {
            Some(at_s) => (at_s, read(at_s)),
            None => (now_s, figures),
        }
    });
    let row = move |(plot, series): (&'static str, &'static [Series])| {
        view! {
            <div class="chart-row" data-row=plot>
                <dl class="legend">
                    {series.iter().map(|series| entry(*series, shown)).collect_view()}
                </dl>
                <div class="plot" data-plot=plot>
                    {(plot == "latency").then(|| view! { <AskSlowest /> })}
                </div>
            </div>
        }
    };
    view! {
        <div class="chart-row chart-marks">
            <p class="chart-time" class:past=move || hover.get().is_some()>
                <span>{move || if hover.get().is_some() { "At" } else { "Now" }}</span>
                <span class="num">{move || format!("{:.1}", shown.get().0)}</span>
                <span class="unit">"s"</span>
            </p>
            <div class="plot" data-plot="marks">{bands}</div>
        </div>
        {ROWS.map(row).collect_view()}
        <div class="chart-row chart-axis">
            <div class="plot" data-plot="axis">{timeline}</div>
        </div>
    }
}

fn entry(series: Series, shown: Memo<(f64, Option<Figures>)>) -> impl IntoView {
    let figure = move || match shown.get().1 {
        Some(figures) => series.of(&figures),
        None => "–".to_owned(),
    };
    view! {
        <div class="series" data-series=series.name() title=series.help()>
            <dt>{series.name()}</dt>
            <dd>
                <span class="num">{figure}</span>
                <span class="unit">{series.unit()}</span>
            </dd>
        </div>
    }
}
