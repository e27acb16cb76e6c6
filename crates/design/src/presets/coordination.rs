//! What others must ask.

use super::Plain::{Number, Text};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "etcd",
        label: "etcd",
        kind: "coordinator",
        words: "consul raft consensus lock leader kubernetes",
        about: "Three members, majority required. Losing the leader takes it down for about 1 s.",
        values: &[
            given("members", Number(3.0), "etcd advises 3 or 5"),
            given(
                "election_time",
                Text("1s"),
                "etcd election-timeout: 1000 ms",
            ),
            example("service_time", Text("lognormal(p50=2ms,p99=15ms)")),
            example("scope", Text("per_key")),
            example("lease", Text("10s")),
        ],
    },
    Preset {
        name: "zookeeper",
        label: "ZooKeeper",
        kind: "coordinator",
        words: "zk zab cp-zookeeper keeper lock leader consensus curator",
        about: "Three members, majority required. A lock ends with its holder's session.",
        values: &[
            given("members", Number(3.0), "ZooKeeper advises 3 or 5"),
            example("service_time", Text("lognormal(p50=2ms,p99=15ms)")),
            example("scope", Text("per_key")),
        ],
    },
    Preset {
        name: "redis-lock",
        label: "Redis lock",
        kind: "coordinator",
        words: "redlock setnx distributed mutex lease",
        about: "One server, a lease. A pause longer than the lease gives the lock two holders.",
        values: &[
            given("members", Number(1.0), "SET NX PX on a single instance"),
            given(
                "lease",
                Text("30s"),
                "Redis documentation: PX 30000 in its example",
            ),
            example("scope", Text("per_key")),
            example("service_time", Text("lognormal(p50=400us,p99=1ms)")),
        ],
    },
    Preset {
        name: "scheduler",
        label: "Leader election",
        kind: "coordinator",
        words: "kubernetes lease scheduler singleton leader elect controller cron quartz",
        about: "One lease with one holder at a time; the other callers are on standby.",
        values: &[
            given(
                "lease",
                Text("15s"),
                "Kubernetes client-go LeaseDuration: 15 s",
            ),
            given("scope", Text("global"), "one leader"),
        ],
    },
];
