//! Statistics over several runs of a design.

use crate::figure::Unit;
use crate::finding::Finding;
use crate::score::{Bound, Score, Verdict};
use design::Metric;

/// A mean and its 95% confidence interval (Student 1908); a single sample has no interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of the samples.
    pub mean: f64,
    /// Half the width of the interval around the mean.
    pub half: Option<f64>,
    /// Number of runs without a value; the mean is that of the others.
    pub missing: usize,
}

impl Estimate {
    /// Returns the mean of independent samples, or `None` without samples.
    pub fn of(samples: &[f64]) -> Option<Self> {
        let n = samples.len() as f64;
        let first = *samples.first()?;
        // Relative to the first, so that identical samples do not get an interval from rounding.
        let mean = first + samples.iter().map(|x| x - first).sum::<f64>() / n;
        let half = (samples.len() > 1).then(|| {
            let squares: f64 = samples.iter().map(|x| (x - mean) * (x - mean)).sum();
            student_t(samples.len() - 1) * libm::sqrt(squares / (n - 1.0) / n)
        });
        Some(Self {
            mean,
            half,
            missing: 0,
        })
    }

    /// Returns the mean over runs, some of which may have no value; `None` if none has one.
    pub fn over(samples: impl IntoIterator<Item = Option<f64>>) -> Option<Self> {
        let samples: Vec<Option<f64>> = samples.into_iter().collect();
        let present: Vec<f64> = samples.iter().copied().flatten().collect();
        Some(Self {
            missing: samples.len() - present.len(),
            ..Self::of(&present)?
        })
    }

    /// Returns both ends of the interval, if there is one.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half.map(|half| [self.mean - half, self.mean + half])
    }
}

/// The 97.5th percentile of Student's t distribution: exact to the given digits for up to 30
/// degrees of freedom. Beyond, it is linear in their reciprocal, with an error below 0.001.
fn student_t(freedom: usize) -> f64 {
    const EXACT: [f64; 30] = [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010,
        2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739,
        2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];
    const NORMAL: f64 = 1.959_964;
    match EXACT.get(freedom - 1) {
        Some(t) => *t,
        None => NORMAL + (EXACT[29] - NORMAL) * 30.0 / freedom as f64,
    }
}

/// One bound of a requirement over several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreOver {
    /// The metric.
    pub metric: Metric,
    /// The bound, in the unit.
    pub bound: Bound,
    /// The unit of bound and values.
    pub unit: Unit,
    /// The value in each run.
    pub each: Vec<Option<f64>>,
    /// Met if every run met it, and missed if any run missed it.
    pub verdict: Verdict,
    /// Number of runs that met it.
    pub met_in: usize,
    /// Number of runs in which it was not measured.
    pub not_measured_in: usize,
}

impl ScoreOver {
    /// Returns the score of one bound over several runs, or `None` without runs.
    pub fn of(scores: &[&Score]) -> Option<Self> {
        let first = scores.first()?;
        let count = |verdict| {
            let with = scores.iter().filter(|score| score.verdict == verdict);
            with.count()
        };
        let (met, unknown) = (count(Verdict::Met), count(Verdict::NotMeasured));
        Some(Self {
            metric: first.metric,
            bound: first.bound,
            unit: first.unit,
            each: scores.iter().map(|score| score.actual.ok()).collect(),
            verdict: match (met == scores.len(), met + unknown == scores.len()) {
                (true, _) => Verdict::Met,
                (false, true) => Verdict::NotMeasured,
                (false, false) => Verdict::Missed,
            },
            met_in: met,
            not_measured_in: unknown,
        })
    }

    /// Returns the mean of the values.
    pub fn actual(&self) -> Option<Estimate> {
        Estimate::over(self.each.iter().copied())
    }

    /// Returns the number of runs that missed it.
    pub fn missed_in(&self) -> usize {
        self.each.len() - self.met_in - self.not_measured_in
    }
}

/// A finding over several runs.
#[derive(Clone, Debug, PartialEq)]
pub struct FindingOver {
    /// The finding of the first run that has it, with the highest severity of all runs.
    pub finding: Finding,
    /// Number of runs that have it.
    pub seeds: usize,
}

impl FindingOver {
    /// Returns the findings of several runs: the most severe first, then those in the most runs.
    /// Two findings are the same if they have the same rule and the same first subject.
    pub fn of<'a>(runs: impl IntoIterator<Item = &'a [Finding]>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for finding in runs.into_iter().flatten() {
            let same = |known: &&mut Self| {
                known.finding.rule == finding.rule
                    && known.finding.subjects.first() == finding.subjects.first()
            };
            match all.iter_mut().find(same) {
                Some(known) => {
                    known.seeds += 1;
                    known.finding.severity = known.finding.severity.max(finding.severity);
                }
                None => all.push(Self {
                    finding: finding.clone(),
                    seeds: 1,
                }),
            }
        }
        all.sort_by_key(|known| std::cmp::Reverse((known.finding.severity, known.seeds)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::score::Reason;

    #[test]
    fn intervals_are_students() {
        // Mean 3, sample deviation 1.5811, t(4) = 2.7764: half width 2.7764 · 1.5811 / √5.
        let estimate = Estimate::of(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert_eq!(estimate.mean, 3.0);
        assert!((estimate.half.unwrap() - 1.9632).abs() < 1e-4);
        assert_eq!(Estimate::of(&[7.0]).unwrap().half, None);
        assert_eq!(Estimate::of(&[0.1; 7]).unwrap().half, Some(0.0));
        assert_eq!(Estimate::of(&[]), None);
        // Tables give 2.0211, 2.0003 and 1.9799.
        for (freedom, t) in [(40, 2.0211), (60, 2.0003), (120, 1.9799)] {
            assert!((student_t(freedom) - t).abs() < 0.001, "{freedom}");
        }
    }

    #[test]
    fn what_is_missing_in_some_runs_is_told() {
        let estimate = Estimate::over([Some(2.0), None, Some(4.0)]).unwrap();
        assert_eq!((estimate.mean, estimate.missing), (3.0, 1));
        assert_eq!(Estimate::over([None, None]), None);
    }

    #[test]
    fn a_requirement_is_met_where_it_is_in_every_run_and_missed_where_it_is_in_any() {
        let score = |actual: Result<f64, Reason>, verdict| Score {
            metric: Metric::RecoveryTime,
            bound: Bound::AtMost(20e3),
            unit: Unit::Milliseconds,
            actual,
            verdict,
        };
        let met = score(Ok(12e3), Verdict::Met);
        let missed = score(Ok(31e3), Verdict::Missed);
        let unknown = score(Err(Reason::FaultLasts), Verdict::NotMeasured);
        for (scores, verdict) in [
            (vec![&met, &met], Verdict::Met),
            (vec![&met, &unknown], Verdict::NotMeasured),
            (vec![&met, &unknown, &missed], Verdict::Missed),
        ] {
            assert_eq!(ScoreOver::of(&scores).unwrap().verdict, verdict);
        }
        let all = ScoreOver::of(&[&met, &unknown, &missed]).unwrap();
        assert_eq!(
            (all.met_in, all.not_measured_in, all.missed_in()),
            (1, 1, 1)
        );
        assert_eq!(all.each, [Some(12e3), None, Some(31e3)]);
        assert_eq!(all.actual().unwrap().missing, 1);
    }

    #[test]
    fn findings_of_several_runs_are_counted_and_the_worst_stand_first() {
        let finding =
            |rule, subject: &str, severity| Finding::new(rule, [subject]).severity(severity);
        let runs = [
            vec![
                finding("a", "x", Severity::Note),
                finding("b", "y", Severity::Warning),
            ],
            vec![
                finding("a", "x", Severity::Error),
                finding("a", "z", Severity::Note),
            ],
        ];
        let all = FindingOver::of(runs.iter().map(Vec::as_slice));
        let told: Vec<_> = (all.iter())
            .map(|one| (&*one.finding.rule, one.finding.severity, one.seeds))
            .collect();
        let expected = [
            ("a", Severity::Error, 2),
            ("b", Severity::Warning, 1),
            ("a", Severity::Note, 1),
        ];
        assert_eq!(told, expected);
    }
}
