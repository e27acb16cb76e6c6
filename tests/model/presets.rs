//! Every preset runs in the smallest design that uses it.

use design::link::{Condition, Conditions, Mode};
use design::validate::usual_mode;
use design::{Design, Duration, KINDS, Kind, Link, Node, PRESETS, Preset, Settings};

fn plain(kind: &str) -> Kind {
    let info = KINDS.iter().find(|info| info.name == kind).unwrap();
    (info.make)()
}

/// Returns nodes in a chain, each linked to the next as usual.
fn chain(nodes: Vec<(&str, Kind)>) -> Design {
    let mut design = Design {
        settings: Settings {
            duration: Duration::s(5),
            ..Settings::default()
        },
        ..Design::default()
    };
    for (id, kind) in nodes {
        design.nodes.push(Node::new(id, kind, [0, 0]));
    }
    let ends = design.nodes.windows(2).map(|pair| {
        let mode = usual_mode(&pair[0].kind, &pair[1].kind);
        let id = format!("{}->{}", pair[0].id, pair[1].id);
        Link::new(id, &pair[0].id, &pair[1].id, mode)
    });
    design.links = ends.collect();
    design
}

fn smallest(preset: &Preset) -> Design {
    let (made, plain_client, plain_service) = (preset.make(), plain("client"), plain("service"));
    match preset.kind {
        "client" => chain(vec![("it", made), ("api", plain_service)]),
        "load_balancer" => chain(vec![
            ("u", plain_client),
            ("it", made),
            ("api", plain_service),
        ]),
        "service" => chain(vec![
            ("u", plain_client),
            ("it", made),
            ("db", plain("database")),
        ]),
        "cache" if preset.name == "cdn" => chain(vec![
            ("u", plain_client),
            ("it", made),
            ("api", plain_service),
        ]),
        "cache" => {
            let mut design = chain(vec![
                ("u", plain_client),
                ("api", plain_service),
                ("it", made),
            ]);
            design
                .nodes
                .push(Node::new("db", plain("database"), [0, 0]));
            let mut load = Link::new("api->db", "api", "db", Mode::Call);
            load.when = Conditions(vec![Condition::OnMiss]);
            design.links.push(load);
            design
        }
        "queue" => chain(vec![
            ("u", plain_client),
            ("api", plain_service.clone()),
            ("it", made),
            ("worker", plain_service),
        ]),
        _ => chain(vec![
            ("u", plain_client),
            ("api", plain_service),
            ("it", made),
        ]),
    }
}

#[test]
fn every_preset_runs_and_answers() {
    for preset in PRESETS.iter().flat_map(|group| group.presets) {
        let mut design = smallest(preset);
        if preset.name == "cron-job" {
            // Its first minute is over at 60 s.
            design.settings.duration = Duration::s(90);
        }
        assert_eq!(design.problems(), [], "{}", preset.name);
        let run = super::run_design(&design);
        let (ok, offered) = (run.ok(), run.number("/requests/offered"));
        assert!(offered >= 100.0, "{}: {offered} offered", preset.name);
        let came = preset.kind == "client" || run.number("/nodes/it/arrivals") > 0.0;
        assert!(came, "{}: nothing came", preset.name);
        assert!(ok >= 0.9 * offered, "{}: {ok} of {offered} ok", preset.name);
    }
}
