//! Keyboard shortcuts in a neutral notation, `Mod+Shift+Z`, and how a keyboard prints them.

/// A key press.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyPress<'a> {
    /// The character it types or its name: `z`, `Z`, `+`, `ArrowLeft` (a browser's `key`).
    pub key: &'a str,
    /// The physical key, whatever is printed on it: `Digit1` (a browser's `code`).
    pub code: &'a str,
    /// Ctrl is held.
    pub ctrl: bool,
    /// ⌘ or the Windows key is held.
    pub meta: bool,
    /// Shift is held.
    pub shift: bool,
    /// Alt or ⌥ is held.
    pub alt: bool,
}

/// The naming of keys on this platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// `⇧⌘Z`
    Mac,
    /// `Ctrl+Shift+Z`
    Other,
}

struct Shortcut<'a> {
    command: bool,
    shift: bool,
    alt: bool,
    key: &'a str,
}

/// Parses `Mod+Shift+Z`. The key comes last and may itself be `+`.
fn parse(shortcut: &str) -> Shortcut<'_> {
    let mut parsed = Shortcut {
        command: false,
        shift: false,
        alt: false,
        key: shortcut,
    };
    loop {
        let (held, rest) = match parsed.key.split_once('+') {
            Some(("Mod", rest)) => (&mut parsed.command, rest),
            Some(("Shift", rest)) => (&mut parsed.shift, rest),
            Some(("Alt", rest)) => (&mut parsed.alt, rest),
            _ => return parsed,
        };
        *held = true;
        parsed.key = rest;
    }
}

/// Returns whether a key press is this shortcut. `Mod` is Ctrl or ⌘.
///
/// Digits are matched by physical key, because Shift+1 types `!` on one keyboard and `+` on
/// another. Signs are matched by the typed character, whether or not this keyboard needs Shift for
/// it.
pub fn matches(shortcut: &str, press: &KeyPress<'_>) -> bool {
    let wanted = parse(shortcut);
    let is_sign = wanted.key.len() == 1
        && !wanted
            .key
            .starts_with(|c: char| c.is_alphanumeric() || c == ' ');
    let same_key = match wanted.key.as_bytes() {
        [digit @ b'0'..=b'9'] => {
            let place = press.code.strip_prefix("Digit");
            let place = place.or_else(|| press.code.strip_prefix("Numpad"));
            place.unwrap_or(press.key).as_bytes() == [*digit]
        }
        _ => wanted.key.eq_ignore_ascii_case(press.key),
    };
    same_key
        && wanted.command == (press.ctrl || press.meta)
        && (is_sign || wanted.shift == press.shift)
        && wanted.alt == press.alt
}

/// Returns the shortcut as a menu shows it.
pub fn label(shortcut: &str, keyboard: Keyboard) -> String {
    let wanted = parse(shortcut);
    let key = match wanted.key {
        "ArrowLeft" => "←",
        "ArrowRight" => "→",
        "ArrowUp" => "↑",
        "ArrowDown" => "↓",
        "Escape" => "Esc",
        "ContextMenu" => "Menu key",
        "-" => "−",
        key => key,
    };
    let names = match keyboard {
        Keyboard::Mac => ["⌥", "⇧", "⌘"],
        Keyboard::Other => ["Alt+", "Shift+", "Ctrl+"],
    };
    let mut held = [
        (wanted.alt, names[0]),
        (wanted.shift, names[1]),
        (wanted.command, names[2]),
    ];
    if keyboard == Keyboard::Other {
        held = [held[2], held[1], held[0]];
    }
    let held = held.iter().filter(|(held, _)| *held);
    held.map(|(_, name)| *name).chain([key]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press<'a>(key: &'a str, code: &'a str, held: &str) -> KeyPress<'a> {
        KeyPress {
            key,
            code,
            ctrl: held.contains('c'),
            meta: held.contains('m'),
            shift: held.contains('s'),
            alt: held.contains('a'),
        }
    }

    #[test]
    fn presses_match_their_shortcuts() {
        for (shortcut, key, code, held, wanted) in [
            ("Mod+Z", "z", "KeyZ", "c", true),
            ("Mod+Z", "z", "KeyZ", "m", true),
            ("Mod+Z", "Z", "KeyZ", "cs", false),
            ("Mod+Shift+Z", "Z", "KeyZ", "cs", true),
            ("Mod+Z", "z", "KeyZ", "", false),
            ("Mod+Z", "z", "KeyZ", "ca", false),
            ("C", "c", "KeyC", "", true),
            ("C", "c", "KeyC", "c", false),
            ("Shift+1", "!", "Digit1", "s", true),
            ("Shift+1", "1", "Digit1", "", false),
            ("Mod+0", "à", "Digit0", "c", true),
            ("Mod+=", "=", "Equal", "c", true),
            ("Mod++", "+", "Equal", "cs", true),
            ("Mod++", "+", "NumpadAdd", "c", true),
            ("Mod+-", "-", "Minus", "c", true),
            ("Shift+ArrowLeft", "ArrowLeft", "ArrowLeft", "s", true),
            ("ArrowLeft", "ArrowLeft", "ArrowLeft", "s", false),
        ] {
            assert_eq!(
                matches(shortcut, &press(key, code, held)),
                wanted,
                "{shortcut} and {key} with {held}"
            );
        }
    }

    #[test]
    fn labels_follow_the_keyboard() {
        for (shortcut, mac, other) in [
            ("Mod+Shift+Z", "⇧⌘Z", "Ctrl+Shift+Z"),
            ("Mod++", "⌘+", "Ctrl++"),
            ("Shift+ArrowUp", "⇧↑", "Shift+↑"),
            ("Escape", "Esc", "Esc"),
        ] {
            assert_eq!(label(shortcut, Keyboard::Mac), mac);
            assert_eq!(label(shortcut, Keyboard::Other), other);
        }
    }
}
