//! What others must ask.

use super::Plain::{Number, Text};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "etcd",
        label: "etcd",
        kind: "coordinator",
        words: "consul raft consensus lock leader kubernetes",
        about: "Three members and a majority: a second without a leader when it is lost.",
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
        about: "Three members and a majority; a lock goes with its holder's session.",
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
        about: "One server and a lease: a holder that pauses longer than its lease is one of two.",
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
        about: "One holder at a time of one lease: the others stand by.",
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
