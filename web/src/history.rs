//! What the present run has shown so far: the windows that the charts draw, and the marks on the
//! time line. Bounded: beyond [`WINDOWS_MAX`] windows, the older half is thinned out, two into one.

use design::Design;
use editor::{Edit, EditKind, EditStep, GestureId};
use format::message::WindowFrame;
use host::rates::Rates;
use leptos::prelude::*;

use crate::findings::name_of;
use report::Severity;

/// Maximum number of windows; a longer run is shown with wider windows at its start.
pub(crate) const WINDOWS_MAX: usize = 4_096;
/// Maximum number of edit marks; the oldest is dropped first.
pub(crate) const EDITS_MAX: usize = 200;

/// The buffer as components hold it. Read it in an effect on `Page::tick`, which changes at most
/// ten times a second and always after a change here.
pub(crate) type SharedHistory = StoredValue<History, LocalStorage>;

/// What a mark on the time line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkKind {
    /// A fault: a band, or a line if it has no duration.
    Fault,
    /// A fault that took effect in this run and was removed from the design since: a band as well.
    Removed,
    /// An edit made during the run: a tick.
    Edit,
    /// An alert fired: a bar.
    Alert,
    /// A finding begins: a small mark.
    Finding(Severity),
}

impl MarkKind {
    /// Returns whether the mark is from the design, whatever the run did.
    fn is_of_design(self) -> bool {
        matches!(self, Self::Fault | Self::Finding(_))
    }
}

/// A moment or a span on the time line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// When it begins, in simulated seconds.
    pub(crate) time_s: f64,
    /// When it ends; `None` for a moment, infinity for a fault that never ends.
    pub(crate) end_s: Option<f64>,
    /// What it says: `Slowdown of database × 10`.
    pub(crate) label: String,
    /// What it is.
    pub(crate) kind: MarkKind,
}

/// Everything that charts and time line draw of the present run.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Closed windows, oldest first.
    pub(crate) windows: Vec<WindowFrame>,
    /// Faults (as the design schedules them) and edits, in order of time.
    pub(crate) marks: Vec<Mark>,
    /// What users got recently, as of the last writing of the cards.
    pub(crate) rates: Option<Rates>,
    /// Simulated time now, in seconds.
    pub(crate) now_s: f64,
    /// The latest moment the run has reached; later than now if it went back.
    pub(crate) known_s: f64,
    /// The earliest moment it can go back to.
    pub(crate) from_s: f64,
    /// Spans without telemetry of users' requests, in seconds, in order of time.
    pub(crate) unheard: Vec<(f64, f64)>,
    /// Duration of arrivals, in seconds.
    pub(crate) duration_s: f64,
    /// The gesture of the last edit mark, so that a gesture of many edits gets one mark.
    marked: Option<(GestureId, EditStep)>,
}

impl History {
    /// A run begins: windows and edits of the one before are discarded; faults stay as the design
    /// has them.
    pub(crate) fn restart(&mut self) {
        self.windows.clear();
        self.marks.retain(|mark| mark.kind.is_of_design());
        self.unheard.clear();
        (self.marked, self.rates) = (None, None);
        (self.now_s, self.known_s, self.from_s) = (0.0, 0.0, 0.0);
    }

    /// Takes the alerts that fired up to now; later ones that are known stay.
    pub(crate) fn take_alerts(&mut self, fired: Vec<Mark>) {
        let now_s = self.now_s;
        let before = self.marks.len();
        self.marks
            .retain(|mark| mark.kind != MarkKind::Alert || mark.time_s > now_s);
        if self.marks.len() != before || !fired.is_empty() {
            self.marks.extend(fired);
            self.sort();
        }
    }

    /// Replaces the findings by those up to now.
    pub(crate) fn take_findings(&mut self, found: Vec<Mark>) {
        self.marks
            .retain(|mark| !matches!(mark.kind, MarkKind::Finding(_)));
        self.marks.extend(found);
        self.sort();
    }

    /// Notes whether the operators had telemetry of users' requests from `since_s` until now.
    pub(crate) fn hear(&mut self, since_s: f64, heard: bool) {
        const STRETCHES_MAX: usize = 500;
        let now_s = self.now_s;
        if heard || since_s >= now_s {
            return;
        }
        let has_room = self.unheard.len() < STRETCHES_MAX;
        match self.unheard.last_mut() {
            Some(last) if (last.0..=last.1 + 1e-6).contains(&since_s) => last.1 = last.1.max(now_s),
            Some(last) if last.1 > since_s => {}
            _ if has_room => self.unheard.push((since_s, now_s)),
            _ => {}
        }
    }

    /// Takes the present moment, the latest one reached and the earliest one it can go back to. If
    /// the run changed at a moment, what came after it is discarded.
    pub(crate) fn stands(&mut self, now_s: f64, known_s: f64, from_s: f64) {
        if known_s < self.known_s - 1e-9 {
            self.windows
                .retain(|window| window.start_s + window.width_s <= known_s + 1e-9);
            self.marks
                .retain(|mark| mark.kind.is_of_design() || mark.time_s <= known_s + 1e-9);
            self.unheard.retain(|stretch| stretch.0 < known_s);
        }
        (self.now_s, self.known_s, self.from_s) = (now_s, known_s, from_s);
    }

    /// Returns the windows up to now.
    pub(crate) fn so_far(&self) -> &[WindowFrame] {
        let until_s = self.now_s + 1e-9;
        let end = self
            .windows
            .partition_point(|window| window.start_s + window.width_s <= until_s);
        &self.windows[..end]
    }

    /// Adds closed windows. Repeated windows replace earlier ones.
    pub(crate) fn extend(&mut self, windows: &[WindowFrame]) {
        if let Some(first) = windows.first() {
            let kept = self
                .windows
                .partition_point(|window| window.start_s < first.start_s - 1e-9);
            self.windows.truncate(kept);
        }
        self.windows.extend_from_slice(windows);
        if self.windows.len() > WINDOWS_MAX {
            self.thin();
        }
    }

    /// Takes the duration and the faults of the design. A fault that is no longer in the design but
    /// took effect in this run keeps a mark: its effect is in the charts.
    pub(crate) fn take_design(&mut self, design: &design::Design) {
        self.duration_s = design.settings.duration.as_s();
        let faults = design.faults.iter().map(|fault| Mark {
            time_s: fault.at.as_s(),
            end_s: match design.fault_ends(fault) {
                Some(end) if end == fault.at => None,
                Some(end) => Some(end.as_s()),
                None => Some(f64::INFINITY),
            },
            label: fault_label(fault, design),
            kind: MarkKind::Fault,
        });
        let faults: Vec<Mark> = faults.collect();
        let now_s = self.now_s;
        let is_same = |a: &Mark, b: &Mark| a.time_s == b.time_s && a.label == b.label;
        self.marks.retain_mut(|mark| {
            let is_known = faults.iter().any(|fault| is_same(fault, mark));
            match mark.kind {
                MarkKind::Fault if !is_known && mark.time_s < now_s => {
                    mark.kind = MarkKind::Removed;
                    mark.end_s = mark.end_s.map(|end_s| end_s.min(now_s));
                    true
                }
                MarkKind::Fault => false,
                MarkKind::Removed => !is_known,
                MarkKind::Edit | MarkKind::Alert | MarkKind::Finding(_) => true,
            }
        });
        self.marks.extend(faults);
        self.sort();
    }

    /// Takes an edit of the design made now, and marks it, unless it is about faults, which have
    /// bands. An edit that no run depends on, such as a name, has no mark, nor has one at the
    /// start.
    pub(crate) fn take_edit(&mut self, edit: &Edit, before: &Design, after: &Design) {
        let is_marked = edit.kind == EditKind::Design && self.now_s > 0.0;
        if is_marked && !before.makes_same_run(after) {
            self.mark_edit(edit);
        }
    }

    /// Adds a tick to the time line, once per gesture.
    fn mark_edit(&mut self, edit: &Edit) {
        let name = &edit.gesture.name;
        let label = match edit.step {
            EditStep::Made => name.clone(),
            EditStep::Undone => format!("Undo: {name}"),
            EditStep::Redone => format!("Redo: {name}"),
            // The tick of what was made so far stays.
            EditStep::Canceled => return,
        };
        if self.marked == Some((edit.gesture.id, edit.step)) {
            return;
        }
        self.marked = Some((edit.gesture.id, edit.step));
        let edits = self.marks.iter().filter(|mark| mark.kind == MarkKind::Edit);
        if edits.count() >= EDITS_MAX
            && let Some(oldest) = self
                .marks
                .iter()
                .position(|mark| mark.kind == MarkKind::Edit)
        {
            self.marks.remove(oldest);
        }
        self.marks.push(Mark {
            time_s: self.now_s,
            end_s: None,
            label,
            kind: MarkKind::Edit,
        });
        self.sort();
    }

    /// Returns the windows that begin in `[from, to)` seconds.
    pub(crate) fn between(&self, from_s: f64, to_s: f64) -> &[WindowFrame] {
        let start = self.windows.partition_point(|w| w.start_s < from_s - 1e-9);
        let end = self.windows.partition_point(|w| w.start_s < to_s - 1e-9);
        &self.windows[start..end.max(start)]
    }

    fn sort(&mut self) {
        crate::order::insertion_sort(&mut self.marks, |a, b| {
            (a.time_s, &a.label) <= (b.time_s, &b.label)
        });
    }

    /// Joins the older half of the windows in pairs.
    fn thin(&mut self) {
        let half = self.windows.len() / 2 / 2 * 2;
        let recent = self.windows.split_off(half);
        let older = std::mem::take(&mut self.windows);
        self.windows = older.chunks(2).map(|pair| join(pair[0], pair[1])).collect();
        self.windows.extend(recent);
    }
}

/// Returns two adjacent windows as one: rates are weighted by length, percentiles keep the worse.
fn join(a: WindowFrame, b: WindowFrame) -> WindowFrame {
    let width_s = a.width_s + b.width_s;
    let mean = |x: f32, y: f32| -> f32 {
        match (x.is_nan(), y.is_nan()) {
            (true, _) => y,
            (_, true) => x,
            _ => ((f64::from(x) * a.width_s + f64::from(y) * b.width_s) / width_s) as f32,
        }
    };
    WindowFrame {
        start_s: a.start_s,
        width_s,
        offered_per_s: mean(a.offered_per_s, b.offered_per_s),
        throughput_per_s: mean(a.throughput_per_s, b.throughput_per_s),
        goodput_per_s: mean(a.goodput_per_s, b.goodput_per_s),
        failed_per_s: mean(a.failed_per_s, b.failed_per_s),
        p50_ms: mean(a.p50_ms, b.p50_ms),
        p99_ms: a.p99_ms.max(b.p99_ms),
        amplification: mean(a.amplification, b.amplification),
        waiting: a.waiting.max(b.waiting),
    }
}

/// `Slowdown of database × 10`.
pub(crate) fn fault_label(fault: &design::Fault, design: &design::Design) -> String {
    use design::FaultKind;
    let target = name_of(design, &fault.target);
    match fault.kind {
        FaultKind::Crash => format!("Crash of {target}"),
        FaultKind::Slowdown => format!("Slowdown of {target} × {}", fault.times),
        FaultKind::Latency => format!("Latency on {target}"),
        FaultKind::Loss => format!("Loss on {target}"),
        FaultKind::TrafficSpike => format!("Traffic of {target} × {}", fault.times),
        FaultKind::CacheFlush => format!("Flush of {target}"),
        FaultKind::Hang => format!("Hang of {target}"),
        FaultKind::ErrorRate => format!("Errors of {target}"),
        FaultKind::GrayFailure => format!("Gray failure of {target}"),
        FaultKind::Jitter => format!("Jitter on {target}"),
        FaultKind::KeySkew => format!("Hot key of {target}"),
        FaultKind::CacheOutage | FaultKind::QueueOutage | FaultKind::ThirdPartyOutage => {
            format!("Outage of {target}")
        }
        FaultKind::RollingDeploy => format!("Deploy of {target}"),
        FaultKind::TelemetryLoss => format!("Telemetry of {target} lost"),
        FaultKind::LeaderFailover => format!("Failover of {target}"),
        FaultKind::PoisonMessage => format!("Poison in {target}"),
        FaultKind::SchemaMigration => format!("Migration of {target}"),
        FaultKind::Reshard => format!("{target} to {} shards", fault.shards),
        FaultKind::ClockSkew => {
            let way = if fault.behind { "behind" } else { "ahead" };
            format!("Clock of {target} {} {way}", fault.offset)
        }
        FaultKind::ConnectionLeak => format!("Connection leak of {target}"),
        FaultKind::DiskFull => format!("Disk full at {target}"),
        FaultKind::GcPauses => format!("Pauses of {target}"),
        FaultKind::Partition => match &fault.to {
            Some(to) => format!("{target} partitioned from {to}"),
            None => format!("{target} partitioned"),
        },
    }
}

#[cfg(test)]
mod tests;
