//! Remedies at load balancers.

use super::Library;
use crate::remedies::{self, duration, link, map, node, number};
use design::Value;
use design::link::Mode;
use report::{figure, message, name, percent, time, whole};

impl<'a> Library<'a, '_> {
    pub(super) fn balancers(&mut self) {
        for (at, balancer) in self.facts.balancers() {
            let id = at.id.as_str();
            for (algorithm, words) in [
                ("least_outstanding", "least outstanding requests"),
                ("power_of_two", "the power of two choices"),
            ] {
                if balancer.algorithm.name() != algorithm {
                    let edits = vec![node(id, "algorithm", Value::text(algorithm))];
                    let label = message!("Balance {} by {}", name(id), words);
                    let cost = "Requests for one key no longer go to one replica.";
                    self.add(format!("algorithm {id} {algorithm}"), label, cost, edits);
                }
            }
            if balancer.algorithm.name() == "consistent_hash" {
                for load in [1.25, 2.0] {
                    let edits = vec![node(id, "consistent_hash.bounded_load", number(load))];
                    let label = message!(
                        "Limit each replica of {} to {} times the mean load",
                        name(id),
                        figure(load)
                    );
                    let cost = "Some requests for a hot key go to another replica.";
                    self.add(format!("bounded {id}"), label, cost, edits);
                }
            }
            self.ejections(id);
            if balancer.outlier_ejection.is_some() {
                let edits = vec![node(id, "panic_threshold", number(0.5))];
                let label = message!(
                    "Ignore ejections at {} once half of the replicas are ejected (panic \
                     threshold)",
                    name(id)
                );
                let cost = "Some requests go to replicas that fail.";
                self.add(format!("panic {id}"), label, cost, edits);
                let edits = vec![node(id, "outlier_ejection", Value::Null)];
                let label = message!("Turn off outlier ejection at {}", name(id));
                let cost = "A failing replica keeps its share of the load.";
                self.add(format!("no ejection {id}"), label, cost, edits);
            }
            let check = map(&[
                ("depth", Value::text("http")),
                ("interval", Value::text("2s")),
                ("unhealthy_after", number(2.0)),
            ]);
            let edits = vec![node(id, "health_check", check)];
            let label = message!("Check the replicas behind {} every 2 s", name(id));
            let cost = "A health probe per replica every 2 s.";
            self.add(format!("health {id}"), label, cost, edits);
            self.ejection_and_retry(id);
        }
    }

    /// Ejects at most some share of the replicas, after a number of errors, for some time.
    fn ejections(&mut self, id: &str) {
        for (share, after, back) in [
            (0.1, 5.0, 30.0),
            (0.5, 5.0, 30.0),
            (0.5, 5.0, 5.0),
            (1.0, 3.0, 30.0),
        ] {
            let ejection = map(&[
                ("consecutive_errors", number(after)),
                ("eject_for", duration(back)),
                ("max_ejected", number(share)),
            ]);
            let edits = vec![node(id, "outlier_ejection", ejection)];
            let label = message!(
                "Eject replicas of {} for {} after {} consecutive errors, at most {} of them",
                name(id),
                time(back),
                whole(after),
                percent(share)
            );
            let cost = "The other replicas take the load of the ejected ones.";
            self.add(format!("ejection {id}"), label, cost, edits);
        }
    }

    /// Ejects failing replicas and retries: ejection alone does not save the requests that reach a
    /// failing replica first.
    pub(super) fn ejection_and_retry(&mut self, id: &str) {
        let ejection = map(&[
            ("consecutive_errors", number(3.0)),
            ("max_ejected", number(0.5)),
        ]);
        let mut edits = vec![node(id, "outlier_ejection", ejection)];
        let into = self.facts.graph.inward(id).iter();
        let into = into.filter(|link| link.mode == Mode::Call && link.retry.is_none());
        edits.extend(into.map(|l| link(&l.id, "retry", remedies::budgeted())));
        if edits.len() > 1 {
            let label = message!(
                "Eject failing replicas of {}, and let its callers retry once",
                name(id)
            );
            let cost = "Up to 10% more calls.";
            self.add(format!("ejection and retry {id}"), label, cost, edits);
        }
    }
}
