//! Decides when to make experiments on the run on the canvas, and joins their results with the
//! latest diagnosis. It knows neither worker nor clock, so it can be tested without a browser.
//!
//! A paused or finished run is tested as it is. A playing run is tested when a new suspect appears,
//! one trial at a time. A conclusion is shown until the next one, with the moment up to which it
//! holds. An edit discards it.

use format::message::Diagnosed;
use report::{Conclusion, Finding, Severity, Standing, Verdict};

/// The stage of a trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Stage {
    /// Nothing is suspected.
    #[default]
    Idle,
    /// The run is being repeated, or experiments are being made.
    Trying { done: u32, planned: u32 },
    /// All experiments are done.
    Done,
    /// The user stopped the trial.
    Stopped,
    /// The run cannot be tested, for this reason.
    Impossible(String),
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Nothing,
    /// Request the run's design and edits, and start a trial with this token.
    Try(u32),
    /// Stop the trial in progress.
    LeaveOff,
}

/// Experiments on one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trials {
    token: u32,
    stage: Stage,
    /// The last diagnosis of the run.
    shown: Option<Diagnosed>,
    /// Whether it is of the run before its last edit.
    is_stale: bool,
    /// Whether the run is paused or over.
    stands: bool,
    /// The trial in progress, or the last.
    tried: Option<Tried>,
    /// The last conclusion, and what it is of.
    known: Option<(Tried, Conclusion)>,
}

/// The subject of a trial.
#[derive(Clone, Debug, Default, PartialEq)]
struct Tried {
    /// The moment of the run, in ns, and the number of edits before it.
    at: (u64, u32),
    /// The suspects.
    suspects: Vec<String>,
    /// The keys of all findings of the rules.
    keys: Vec<String>,
}

impl Trials {
    /// The stage of a trial.
    pub(crate) fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Another run begins: discards everything.
    pub(crate) fn forget(&mut self) -> Order {
        self.shown = None;
        self.part()
    }

    /// The run was edited: discards the conclusion. The last diagnosis is shown until the next one.
    pub(crate) fn part(&mut self) -> Order {
        let was_trying = self.is_trying();
        *self = Self {
            // Later answers to the old token are ignored.
            token: self.token.wrapping_add(1),
            shown: self.shown.take(),
            is_stale: true,
            stands: self.stands,
            ..Self::default()
        };
        match was_trying {
            true => Order::LeaveOff,
            false => Order::Nothing,
        }
    }

    /// Takes the latest diagnosis.
    pub(crate) fn show(&mut self, shown: Diagnosed, stands: bool) -> Order {
        (self.stands, self.is_stale) = (stands, false);
        self.shown = Some(shown);
        self.next()
    }

    /// The run has stopped at this moment. A diagnosis of the moment may have arrived before that
    /// was known.
    pub(crate) fn stand(&mut self, at_ns: u64) -> Order {
        let is_shown = |shown: &Diagnosed| shown.until_ns == at_ns;
        if self.stands || !self.shown.as_ref().is_some_and(is_shown) {
            return Order::Nothing;
        }
        self.stands = true;
        self.next()
    }

    /// Takes a conclusion. Answers to an old token are ignored.
    pub(crate) fn conclude(
        &mut self,
        token: u32,
        (done, planned, is_done): (u32, u32, bool),
        conclusion: Conclusion,
    ) -> Order {
        let Some(tried) = self.tried.as_ref().filter(|_| self.is_of(token)) else {
            return Order::Nothing;
        };
        self.known = Some((tried.clone(), conclusion));
        self.stage = match is_done {
            true => Stage::Done,
            false => Stage::Trying { done, planned },
        };
        self.next()
    }

    /// The user stops the trial.
    pub(crate) fn stop(&mut self) -> Order {
        if !self.is_trying() {
            return Order::Nothing;
        }
        self.token = self.token.wrapping_add(1);
        self.stage = Stage::Stopped;
        Order::LeaveOff
    }

    /// The user starts it again.
    pub(crate) fn resume(&mut self) -> Order {
        (self.stage, self.tried) = (Stage::Idle, None);
        self.next()
    }

    /// Notes that the run cannot be tested.
    pub(crate) fn give_up(&mut self, token: u32, why: String) {
        if self.is_of(token) {
            self.stage = Stage::Impossible(why);
        }
    }

    /// Handles a worker that failed during a trial.
    pub(crate) fn lose(&mut self, why: String) {
        if self.is_trying() {
            self.token = self.token.wrapping_add(1);
            self.stage = Stage::Impossible(why);
        }
    }

    fn is_of(&self, token: u32) -> bool {
        self.token == token && self.is_trying()
    }

    fn is_trying(&self) -> bool {
        matches!(self.stage, Stage::Trying { .. })
    }

    /// Decides whether to start a new trial.
    fn next(&mut self) -> Order {
        let Some(shown) = self.shown.as_ref().filter(|_| !self.is_stale) else {
            return Order::Nothing;
        };
        if matches!(self.stage, Stage::Stopped) || !is_suspect(shown) {
            return Order::Nothing;
        }
        let suspects = suspects(shown);
        let is_due = match &self.tried {
            None => true,
            Some(tried) if self.stands => tried.at != at(shown),
            Some(tried) => {
                let is_new = |suspect: &String| !tried.suspects.contains(suspect);
                !self.is_trying() && suspects.iter().any(is_new)
            }
        };
        if !is_due {
            return Order::Nothing;
        }
        self.token = self.token.wrapping_add(1);
        self.tried = Some(Tried {
            at: at(shown),
            suspects,
            keys: keys(&shown.findings),
        });
        self.stage = Stage::Trying {
            done: 0,
            planned: 0,
        };
        Order::Try(self.token)
    }

    /// Returns the moment up to which the experiments hold, in seconds, if it is not the moment
    /// shown.
    pub(crate) fn lags(&self) -> Option<f64> {
        let ((tried, _), shown) = (self.known.as_ref()?, self.shown.as_ref()?);
        let (moment, _) = tried.at;
        (moment != shown.until_ns).then_some(moment as f64 / 1e9)
    }

    /// The last conclusion.
    pub(crate) fn known(&self) -> Option<&Conclusion> {
        self.known.as_ref().map(|(_, known)| known)
    }

    /// The latest findings, with the results of experiments, causes first.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let now = self.shown.as_ref();
        let shown = now.map_or(&[][..], |shown| &shown.findings);
        match (&self.known, now) {
            (None, _) => {
                let mut findings = shown.to_vec();
                let is_waiting = self.is_trying();
                findings
                    .iter_mut()
                    .for_each(|finding| suspect(finding, is_waiting));
                findings
            }
            (Some((tried, known)), Some(now)) if tried.at == at(now) => known.findings.clone(),
            (Some((tried, known)), _) => merged(known, &tried.keys, shown),
        }
    }
}

/// Returns the moment and the edit of a diagnosis.
fn at(shown: &Diagnosed) -> (u64, u32) {
    (shown.until_ns, shown.edit)
}

/// The keys of findings and of all their symptoms.
fn keys(findings: &[Finding]) -> Vec<String> {
    let all = findings.iter().flat_map(Finding::all);
    all.map(Finding::key).collect()
}

/// Returns whether two lists differ at most in words and numbers.
pub(super) fn are_alike(one: &[Finding], other: &[Finding]) -> bool {
    let is_alike = |(one, other): (&Finding, &Finding)| {
        one.key() == other.key()
            && (one.severity, one.standing) == (other.severity, other.standing)
            && one.remedies.len() == other.remedies.len()
            && one.experiments.len() == other.experiments.len()
            && are_alike(&one.symptoms, &other.symptoms)
    };
    one.len() == other.len() && one.iter().zip(other).all(is_alike)
}

/// Whether a diagnosis has a suspect to test.
fn is_suspect(shown: &Diagnosed) -> bool {
    let is_missed = |score: &report::Score| score.verdict == Verdict::Missed;
    shown.scores.iter().any(is_missed) || shown.findings.iter().any(is_loud)
}

fn is_loud(finding: &Finding) -> bool {
    finding.measured && finding.worst() != Severity::Note
}

/// Returns the keys of prominent findings, and the metrics of missed requirements.
fn suspects(shown: &Diagnosed) -> Vec<String> {
    let findings = shown.findings.iter().filter(|finding| is_loud(finding));
    let missed = shown.scores.iter();
    let missed = missed.filter(|score| score.verdict == Verdict::Missed);
    findings
        .map(Finding::key)
        .chain(missed.map(|score| score.metric.name().to_owned()))
        .collect()
}

/// Marks findings as suspected while a trial runs. Remedies are not offered before they are tested.
fn suspect(finding: &mut Finding, is_waiting: bool) {
    if is_waiting && is_loud(finding) {
        finding.standing = Standing::Suspected;
        finding.remedies.clear();
    }
    for symptom in &mut finding.symptoms {
        suspect(symptom, is_waiting);
    }
}

/// Returns the conclusion of an earlier moment with the latest texts, followed by findings that are
/// new since then. Findings that the rules no longer report are left out.
fn merged(known: &Conclusion, found: &[String], shown: &[Finding]) -> Vec<Finding> {
    let now: Vec<&Finding> = shown.iter().flat_map(Finding::all).collect();
    let is_there = |finding: &Finding| {
        let key = finding.key();
        !found.contains(&key) || now.iter().any(|now| now.key() == key)
    };
    let mut findings = known.findings.clone();
    findings.retain(is_there);
    for finding in &mut findings {
        finding.symptoms.retain(is_there);
        renew(finding, &now);
    }
    let before = [keys(&findings), keys(&known.ruled_out)].concat();
    let is_new = |finding: &&Finding| !before.contains(&finding.key());
    findings.extend(shown.iter().filter(is_new).cloned());
    findings
}

/// Takes the latest texts of a finding; its experiments stay.
fn renew(finding: &mut Finding, now: &[&Finding]) {
    let key = finding.key();
    if let Some(now) = now.iter().find(|now| now.key() == key) {
        finding.onset_s = now.onset_s;
        finding.what = now.what.clone();
        finding.why = now.why.clone();
        finding.chain = now.chain.clone();
    }
    for symptom in &mut finding.symptoms {
        renew(symptom, now);
    }
}

#[cfg(test)]
mod tests;
