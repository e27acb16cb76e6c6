use super::*;

const ALL: [Need; 7] = [
    Need::WasmTarget,
    Need::Rustfmt,
    Need::Clippy,
    Need::Node,
    Need::NpmPackages,
    Need::Browser,
    Need::Valgrind,
];

/// A machine that lacks nothing: Debian, used as root.
fn complete() -> Facts {
    Facts {
        rust: Rust::Rustup("1.95.0-x".to_owned()),
        wasm_target: true,
        rustfmt: true,
        clippy: true,
        node: Some("v20.11.0".to_owned()),
        npm: true,
        packages: Packages::Current,
        browser: Browser::Found("/usr/bin/chromium".into()),
        valgrind: true,
        system: debian(),
    }
}

fn debian() -> System {
    System {
        packager: Some(Packager::Apt),
        is_root: true,
        ..System::default()
    }
}

/// Debian, used by somebody who is not root.
fn debian_user() -> System {
    System {
        is_root: false,
        ..debian()
    }
}

fn with(packager: Packager) -> System {
    System {
        packager: Some(packager),
        ..System::default()
    }
}

/// The commands that install what all needs lack on this machine; nothing is refused.
fn installs(facts: &Facts) -> Vec<String> {
    let plan = Plan::new(&ALL, facts);
    assert_eq!(plan.refusals, Vec::<String>::new());
    let lines = plan.installs.iter().flat_map(|install| &install.lines);
    lines.map(Line::to_string).collect()
}

/// The one sentence that says what cannot be installed; nothing is installed.
fn refusal(facts: &Facts) -> String {
    let plan = Plan::new(&ALL, facts);
    assert_eq!(plan.installs, Vec::<Install>::new());
    match plan.refusals.as_slice() {
        [refusal] => refusal.clone(),
        refusals => panic!("{refusals:?}"),
    }
}

#[test]
fn what_is_there_is_used() {
    assert!(Plan::new(&ALL, &complete()).is_empty());
}

#[test]
fn a_command_demands_only_what_it_needs() {
    let bare = Facts {
        rust: complete().rust,
        ..Facts::default()
    };
    let plan = Plan::new(&[Need::WasmTarget], &bare);
    assert_eq!(plan.refusals, Vec::<String>::new());
    assert_eq!(plan.installs.len(), 1);
    assert!(Plan::new(&[], &bare).is_empty());
}

#[test]
fn rustup_adds_target_and_components() {
    let facts = Facts {
        wasm_target: false,
        ..complete()
    };
    assert_eq!(
        installs(&facts),
        ["rustup target add --toolchain 1.95.0-x wasm32-unknown-unknown"]
    );
    let facts = Facts {
        rustfmt: false,
        clippy: false,
        ..complete()
    };
    assert_eq!(
        installs(&facts),
        ["rustup component add --toolchain 1.95.0-x rustfmt clippy"]
    );
    let facts = Facts {
        clippy: false,
        ..complete()
    };
    assert_eq!(
        installs(&facts),
        ["rustup component add --toolchain 1.95.0-x clippy"]
    );
}

#[test]
fn without_rustup_one_sentence_says_how_to_get_it() {
    let facts = Facts {
        rust: Rust::WithoutRustup,
        wasm_target: false,
        clippy: false,
        ..complete()
    };
    assert_eq!(
        refusal(&facts),
        "the Rust toolchain lacks the target wasm32-unknown-unknown, clippy, and rustup is not \
         installed: run `curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh`"
    );
    let windows = System {
        is_windows: true,
        ..with(Packager::Winget)
    };
    let facts = Facts {
        system: windows,
        ..facts
    };
    assert!(refusal(&facts).ends_with("run `winget install Rustlang.Rustup`"));
    let rust = Rust::BesideRustup("/usr".into());
    let facts = Facts {
        rust,
        wasm_target: false,
        ..complete()
    };
    assert_eq!(
        refusal(&facts),
        "the Rust toolchain in /usr lacks the target wasm32-unknown-unknown, and rustup does not \
         manage it: put rustup's cargo first with `export PATH=\"$HOME/.cargo/bin:$PATH\"`"
    );
    // A distribution's toolchain that has everything is as good as rustup's.
    assert!(
        Plan::new(
            &ALL,
            &Facts {
                rust: Rust::WithoutRustup,
                ..complete()
            }
        )
        .is_empty()
    );
}

#[test]
fn node_is_missing_or_too_old() {
    let facts = Facts {
        node: None,
        npm: false,
        packages: Packages::Missing,
        ..complete()
    };
    assert_eq!(
        refusal(&facts),
        "Node.js 20 or newer is required, but `node` does not run: run `nvm install 22`, or \
         install it from https://nodejs.org"
    );
    let facts = Facts {
        node: Some("v18.19.1".to_owned()),
        ..complete()
    };
    assert!(refusal(&facts).starts_with("Node.js 20 or newer is required, but `node` is v18.19.1"));
    let facts = Facts {
        node: None,
        system: with(Packager::Brew),
        ..complete()
    };
    assert!(refusal(&facts).ends_with("run `brew install node`"));
    for version in ["v20.0.0", "v22.1.0", "v100.0.0"] {
        let facts = Facts {
            node: Some(version.to_owned()),
            ..complete()
        };
        assert!(Plan::new(&ALL, &facts).is_empty(), "{version}");
    }
    for version in ["v19.9.0", "v8.0.0", "nonsense"] {
        let facts = Facts {
            node: Some(version.to_owned()),
            ..complete()
        };
        assert!(refusal(&facts).contains(version));
    }
}

#[test]
fn npm_packages_are_missing_or_stale() {
    for packages in [Packages::Missing, Packages::Stale] {
        let facts = Facts {
            packages,
            ..complete()
        };
        assert_eq!(
            installs(&facts),
            [format!("{} ci --no-audit --no-fund", npm())]
        );
        let facts = Facts {
            npm: false,
            ..facts
        };
        assert_eq!(
            refusal(&facts),
            "npm is required for the npm packages, but `npm` does not run: \
             run `apt-get install -y npm`"
        );
    }
    // npm is needed only to install packages.
    assert!(
        Plan::new(
            &ALL,
            &Facts {
                npm: false,
                ..complete()
            }
        )
        .is_empty()
    );
}

#[test]
fn a_browser_that_is_found_is_used_and_a_wrong_variable_is_refused() {
    for path in ["/from/CHROME", "/usr/bin/chromium", "/playwright/chrome"] {
        let browser = Browser::Found(path.into());
        assert!(
            Plan::new(
                &ALL,
                &Facts {
                    browser,
                    ..complete()
                }
            )
            .is_empty()
        );
    }
    let browser = Browser::WrongVariable("/no/such".into());
    let refusal = refusal(&Facts {
        browser,
        ..complete()
    });
    assert!(
        refusal.starts_with("CHROME is `/no/such`, which is not a file"),
        "{refusal}"
    );
}

#[test]
fn a_missing_browser_comes_from_apt_or_from_playwright() {
    let missing = |system| Facts {
        browser: Browser::Missing,
        system,
        ..complete()
    };
    assert_eq!(
        installs(&missing(debian())),
        [
            "apt-get update -q",
            "apt-get install -y -q --no-install-recommends chromium"
        ]
    );
    // Ubuntu's package is a snap.
    let ubuntu = System {
        is_ubuntu: true,
        ..debian()
    };
    let playwright = "node node_modules/playwright-core/cli.js install";
    assert_eq!(
        installs(&missing(ubuntu)),
        [format!("{playwright} --with-deps chromium")]
    );
    for system in [debian_user(), with(Packager::Brew), System::default()] {
        assert_eq!(
            installs(&missing(system)),
            [format!("{playwright} chromium")]
        );
    }
    // What a person can run instead, should that fail.
    let otherwise = |system| {
        Plan::new(&ALL, &missing(system)).installs[0]
            .otherwise
            .clone()
    };
    let by_apt = otherwise(debian_user());
    assert_eq!(by_apt.as_deref(), Some("sudo apt-get install -y chromium"));
    assert_eq!(
        otherwise(System {
            is_ubuntu: true,
            ..debian_user()
        }),
        None
    );
}

#[test]
fn missing_valgrind_comes_from_apt_or_is_refused() {
    let missing = |system| Facts {
        valgrind: false,
        system,
        ..complete()
    };
    assert_eq!(
        installs(&missing(debian())),
        [
            "apt-get update -q",
            "apt-get install -y -q --no-install-recommends valgrind"
        ]
    );
    for (system, command) in [
        (debian_user(), "run `sudo apt-get install -y valgrind`"),
        (with(Packager::Dnf), "run `sudo dnf install -y valgrind`"),
        (
            System {
                is_root: true,
                ..with(Packager::Apk)
            },
            "run `apk add valgrind`",
        ),
        (System::default(), "install it from https://valgrind.org"),
    ] {
        let expected = "valgrind is required to count instructions, but does not run: ";
        assert_eq!(refusal(&missing(system)), format!("{expected}{command}"));
    }
}

#[test]
fn installs_come_in_the_order_in_which_they_need_each_other() {
    let facts = Facts {
        wasm_target: false,
        packages: Packages::Missing,
        browser: Browser::Missing,
        valgrind: false,
        ..complete()
    };
    let commands = installs(&facts);
    let starts = ["rustup target", npm(), "apt-get update", "apt-get install"];
    assert_eq!(commands.len(), starts.len());
    for (command, start) in commands.iter().zip(starts) {
        assert!(command.starts_with(start), "{command}");
    }
    assert!(commands[3].ends_with(" chromium valgrind"));
}

#[test]
fn an_install_may_go_on_after_a_failed_update_of_apt() {
    let plan = Plan::new(
        &ALL,
        &Facts {
            valgrind: false,
            ..complete()
        },
    );
    let may_fail: Vec<bool> = plan.installs[0]
        .lines
        .iter()
        .map(|line| line.may_fail)
        .collect();
    assert_eq!(may_fail, [true, false]);
}
