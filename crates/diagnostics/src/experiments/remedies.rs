//! The remedies to try: those of the rules, those of the library, and further sizes of these.

use super::investigation::{Investigation, Purpose, facts};
use super::library::{self, sizes::Size};
use super::outcome::IMPROVED;
use design::Command;
use report::{Effect, Remedy};
use std::collections::BTreeSet;

/// Most remedies that are tried in one round, whatever the budget.
const REMEDIES_MAX: usize = 48;

/// A remedy to try.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The name that all sizes of one remedy share.
    pub(super) family: String,
    /// Interventions that it is tried for. A rule's own remedy is tried for its finding.
    pub(super) causes: BTreeSet<usize>,
    /// Its size, if it has one that can be searched.
    pub(super) size: Option<Size>,
    pub(super) remedy: Remedy,
    pub(super) effect: Option<Effect>,
}

/// A remedy that might be tried.
pub(super) struct Proposal {
    family: String,
    /// The interventions that it is tried for.
    causes: BTreeSet<usize>,
    size: Option<Size>,
    remedy: Remedy,
}

impl Investigation {
    pub(super) fn plan_remedies(&mut self, proposals: Vec<Proposal>) {
        let known = self.candidates.iter();
        let mut commands: Vec<Command> = known.map(|c| as_written(&c.remedy)).collect();
        let first = commands.len();
        for proposal in proposals {
            let command = as_written(&proposal.remedy);
            if let Some(at) = commands.iter().position(|known| *known == command) {
                self.candidates[at].causes.extend(proposal.causes);
                continue;
            }
            commands.push(command);
            self.candidates.push(Candidate {
                family: proposal.family,
                causes: proposal.causes,
                size: proposal.size,
                remedy: proposal.remedy,
                effect: None,
            });
        }
        let count = self.allowed().min(REMEDIES_MAX);
        let new = commands.into_iter().enumerate().skip(first);
        for (at, command) in new.take(count) {
            self.plan(Purpose::Remedy(at), self.course.with(&command));
        }
    }

    /// Returns how many remedies meet every requirement and make nothing worse.
    pub(super) fn fixing(&self) -> usize {
        let effects = self.candidates.iter().filter_map(|c| c.effect.as_ref());
        let fixing = effects.filter(|effect| effect.fixes && effect.worse.is_empty());
        fixing.count()
    }

    /// Returns the remedies that the rules suggest.
    pub(super) fn proposed(&self) -> Vec<Proposal> {
        let own = self
            .found
            .iter()
            .flat_map(|finding| finding.remedies.iter().cloned());
        own.map(|remedy| Proposal {
            family: format!("{:?}", remedy.label),
            causes: BTreeSet::new(),
            size: None,
            remedy,
        })
        .collect()
    }

    /// Returns the library's remedies for confirmed causes, the best explanation first.
    pub(super) fn library(&self) -> Vec<Proposal> {
        let facts = facts(self.design(), &self.report);
        let mut causes: Vec<(u8, usize)> = (self.answers.keys())
            .filter(|at| self.best_share(**at) >= super::conclude::CONTRIBUTES)
            .map(|at| (self.interventions[*at].without.tier(), *at))
            .collect();
        causes.sort_unstable();
        let mut all = Vec::new();
        for (_, at) in causes {
            let tried = library::remedies(&facts, &self.interventions[at]);
            all.extend(tried.into_iter().map(|sized| Proposal {
                family: sized.family,
                causes: BTreeSet::from([at]),
                size: sized.size,
                remedy: sized.remedy,
            }));
        }
        all
    }

    /// Returns the next size of each remedy of the library that helps in one of its sizes.
    pub(super) fn sizes(&self) -> Vec<Proposal> {
        let facts = facts(self.design(), &self.report);
        let mut all: Vec<(&Size, Vec<&Candidate>)> = Vec::new();
        for candidate in &self.candidates {
            let Some(size) = &candidate.size else {
                continue;
            };
            match all.iter_mut().find(|(known, _)| known.of == size.of) {
                Some((_, alike)) => alike.push(candidate),
                None => all.push((size, vec![candidate])),
            }
        }
        let next = all.into_iter().filter_map(|(size, alike)| {
            let tried = alike.iter().filter_map(|candidate| {
                let effect = candidate.effect.as_ref()?;
                let is_enough = effect.fixes && effect.worse.is_empty();
                Some((candidate.size.as_ref()?.to, is_enough, effect.share))
            });
            let tried: Vec<(f64, bool, f64)> = tried.collect();
            // A larger size of a remedy that does nothing does nothing either.
            let helps = tried.iter().any(|(.., share)| *share >= IMPROVED);
            let known: Vec<(f64, bool)> = tried.iter().map(|(to, is, _)| (*to, *is)).collect();
            let to = size.next(&known).filter(|_| helps)?;
            let resized = library::resized(&facts, Size { to, ..size.clone() })?;
            Some(Proposal {
                family: resized.family,
                causes: alike
                    .iter()
                    .flat_map(|c| c.causes.iter().copied())
                    .collect(),
                size: resized.size,
                remedy: resized.remedy,
            })
        });
        next.collect()
    }
}

/// Returns a remedy as its edits are when written and read again: additions go to the end of their
/// list.
pub(super) fn as_written(remedy: &Remedy) -> Command {
    let written = remedy.edits.iter().flat_map(design::edits::write_all);
    let list = design::Value::List(written.collect());
    design::edits::read_all(&list).unwrap_or_else(|_| remedy.command())
}
