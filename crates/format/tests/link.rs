//! The share link: what goes in comes out, damage is told, and old links open.

use format::json;
use format::link::{self, LinkError, Shared, View};

const STORM: &str = r#"{"faultline": 1, "name": "Retry storm", "seed": 7, "duration": "120s", "warmup": "10s",
  "nodes": [
    {"id": "shoppers", "kind": "client", "at": [80, 200], "arrivals": {"poisson": "220/s"}, "patience": "5s"},
    {"id": "balancer", "kind": "load_balancer", "at": [320, 200]},
    {"id": "api", "kind": "service", "at": [560, 200], "replicas": 3, "service_time": "lognormal(p50=4ms,p99=20ms)"},
    {"id": "database", "kind": "database", "at": [800, 200], "connections": 200}],
  "links": [
    {"from": "shoppers", "to": "balancer", "latency": "10ms", "timeout": "2s", "retry": {"max_attempts": 3}},
    {"from": "balancer", "to": "api", "timeout": "1s", "retry": {"max_attempts": 3}},
    {"from": "api", "to": "database", "timeout": "300ms", "pool": {"size": 20, "wait": "1s"}, "retry": {"max_attempts": 4,
      "jitter": "full", "backoff": {"exponential": {"base": "50ms", "cap": "2s"}}, "budget": {"ratio": 0.1, "burst": 10}}}],
  "faults": [{"at": "30s", "for": "10s", "kind": "slowdown", "target": "database", "times": 10}],
  "requirements": [{"metric": "availability", "at_least": 0.999}, {"metric": "latency_p99", "at_most": "300ms"}]}"#;

fn shared(json: &str) -> Shared {
    Shared {
        design: json::read(json).unwrap(),
        view: Some(View {
            x: -40,
            y: 12,
            zoom_percent: 85,
        }),
    }
}

#[test]
fn a_design_survives_its_link() {
    let shared = shared(STORM);
    let text = link::encode(&shared);
    println!("{} {text}", text.len());
    assert_eq!(link::decode(&text).unwrap(), shared);
    assert_eq!(
        link::decode(&format!("https://example.org/play/?a=b#{text}")).unwrap(),
        shared
    );
    assert_eq!(link::decode(""), Err(LinkError::Absent));
}
