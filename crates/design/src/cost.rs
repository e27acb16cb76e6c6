//! What nodes cost a month, in US dollars.

use crate::kinds::Kind;
use crate::record;

record! {
    /// What a node costs, in US dollars.
    pub struct Cost {
        /// Monthly cost of each replica.
        pub replica_month: f64 = 0.0 => { label: "Replica", unit: "$ / month", range: 0..=1000000 },
        /// Cost per million calls, or messages for a queue.
        pub per_million_calls: f64 = 0.0 => { label: "1M calls", unit: "$", range: 0..=1000000 },
        /// Monthly cost of storage, regardless of its size.
        pub storage_month: f64 = 0.0 => { label: "Storage", unit: "$ / month", range: 0..=1000000 },
        /// Cost per million traces kept.
        pub per_million_traces: f64 = 0.0 => { label: "1M traces", unit: "$", range: 0..=1000000, source: "AWS X-Ray: 5 per million traces recorded" },
        /// Cost per million log lines. Each failure logs one line.
        pub per_million_log_lines: f64 = 0.0 => { label: "1M log lines", unit: "$", range: 0..=1000000, source: "CloudWatch Logs: 0.50 per GB, which is 0.10 at 200 bytes a line" },
    }
}

/// Hours of a month, as clouds bill it.
pub const HOURS_PER_MONTH: f64 = 730.0;

impl Cost {
    /// What a node of a kind usually costs: list prices on demand, Amazon Web Services, Northern
    /// Virginia, 2024, rounded.
    pub fn usual(kind: &Kind) -> Self {
        // X-Ray per million traces recorded; CloudWatch Logs, 0.50 per GB, at 200 bytes a line.
        let base = Self {
            per_million_traces: 5.0,
            per_million_log_lines: 0.1,
            ..Self::default()
        };
        let hourly = |price: f64| Self {
            replica_month: price * HOURS_PER_MONTH,
            ..base.clone()
        };
        match kind {
            // Users cost nothing; they pay.
            Kind::Client(_) => Self::default(),
            // An application load balancer, without its capacity units.
            Kind::LoadBalancer(_) => hourly(0.022_5),
            // Fargate: one virtual CPU (0.04048) and 2 GB (0.004445 each).
            Kind::Service(_) => hourly(0.049_37),
            // ElastiCache, cache.t4g.medium.
            Kind::Cache(_) => hourly(0.065),
            // SQS: 0.40 per million requests, three for each message (send, receive, delete).
            Kind::Queue(_) => Self {
                per_million_calls: 1.2,
                ..base.clone()
            },
            // RDS for PostgreSQL, db.m6g.large (0.159), and 100 GB of gp3 at 0.115.
            Kind::Database(_) => Self {
                storage_month: 11.5,
                ..hourly(0.159)
            },
            // EC2, t4g.small.
            Kind::Coordinator(_) => hourly(0.016_8),
        }
    }
}
