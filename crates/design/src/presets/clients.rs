//! Presets of clients.

use super::Plain::{Fields, Number, Records, Text, True};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "web-client",
        label: "Web browsers",
        kind: "client",
        words: "user users browser website shopper visitor frontend spa",
        about: "Website visitors: mostly reads, with a few very popular pages. Users who wait too long leave, and some reload.",
        values: &[
            example(
                "operations",
                Records(&[
                    &[
                        ("name", Text("browse")),
                        ("weight", Number(9.0)),
                        ("keys.zipf.n", Number(10_000.0)),
                        ("keys.zipf.s", Number(0.9)),
                    ],
                    &[
                        ("name", Text("submit")),
                        ("weight", Number(1.0)),
                        ("effect", Text("write")),
                    ],
                ]),
            ),
            example("patience", Text("lognormal(p50=5s,p99=30s)")),
            example("reload", Number(0.3)),
        ],
    },
    Preset {
        name: "mobile-client",
        label: "Mobile app",
        kind: "client",
        words: "user users phone ios android app device",
        about: "An app that sends an idempotency key with each write. Mobile users wait less than desktop users.",
        values: &[
            example(
                "operations",
                Records(&[
                    &[
                        ("name", Text("sync")),
                        ("weight", Number(4.0)),
                        ("keys.zipf.n", Number(100_000.0)),
                        ("keys.zipf.s", Number(0.8)),
                    ],
                    &[
                        ("name", Text("save")),
                        ("weight", Number(1.0)),
                        ("effect", Text("write")),
                        ("idempotency_key", True),
                    ],
                ]),
            ),
            example("patience", Text("lognormal(p50=4s,p99=15s)")),
            example("reload", Number(0.5)),
        ],
    },
    Preset {
        name: "cron-job",
        label: "Cron job",
        kind: "client",
        words: "batch scheduled timer nightly periodic crontab",
        about: "A scheduled batch: 120 simultaneous writes every minute.",
        values: &[
            given(
                "arrivals",
                Fields(&[("constant", Text("2/s"))]),
                "with a batch of 120, one batch per minute: the shortest interval of a crontab",
            ),
            example("batch", Number(120.0)),
            example(
                "operations",
                Records(&[&[("name", Text("job")), ("effect", Text("write"))]]),
            ),
        ],
    },
    Preset {
        name: "load-test",
        label: "Load test",
        kind: "client",
        words: "k6 jmeter locust gatling wrk closed loop virtual users benchmark",
        about: "A closed loop: each virtual user sends a request, waits for the response and pauses. A slow system therefore gets less load.",
        values: &[example(
            "arrivals",
            Fields(&[
                ("closed.users", Number(50.0)),
                ("closed.think", Text("const(1s)")),
            ]),
        )],
    },
    Preset {
        name: "sensors",
        label: "Devices",
        kind: "client",
        words: "iot telemetry sensor mqtt meter agent metrics heartbeat",
        about: "Evenly spaced writes over many keys, with no user waiting for the response.",
        values: &[
            example("arrivals", Fields(&[("constant", Text("200/s"))])),
            example(
                "operations",
                Records(&[&[
                    ("name", Text("report")),
                    ("effect", Text("write")),
                    ("keys.uniform.n", Number(100_000.0)),
                ]]),
            ),
        ],
    },
];
