//! Saved designs, wherever they are stored: which tab may overwrite a design, how copies are named,
//! and how lists are sorted.

/// What a list shows of a saved design.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// The id it is stored under.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was last written, in ms since 1970.
    pub modified_ms: f64,
    /// Size of its file, in bytes.
    pub bytes: u32,
    /// Number of nodes. `None` if the stored text is not a design.
    pub nodes: Option<u32>,
    /// A new value with every write, so that the write of another tab is noticed.
    pub stamp: String,
}

/// How a design is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// It overwrites the stored one.
    InPlace,
    /// Another tab has saved the design since: both are saved, this one under a new id and name.
    Beside,
}

/// Returns whether a tab may overwrite a design. `kept` is the stamp that is stored now, `seen` the
/// one that this tab read or wrote last. A design that was deleted in another tab is saved again,
/// because an edit here since shows that it is wanted.
pub fn write(kept: Option<&str>, seen: Option<&str>) -> Write {
    match kept {
        Some(kept) if Some(kept) != seen => Write::Beside,
        Some(_) | None => Write::InPlace,
    }
}

/// Maximum length of a name, in letters.
pub const NAME_MAX: usize = 80;

/// Returns a free name: `Orders`, `Orders 2`, `Orders 3`.
pub fn free_name<'a>(name: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    let name: String = name.trim().chars().take(NAME_MAX).collect();
    let name = if name.is_empty() {
        "Untitled".to_owned()
    } else {
        name
    };
    let is_taken = |name: &str| taken.clone().any(|one| one == name);
    if !is_taken(&name) {
        return name;
    }
    let (stem, last) = match name.rsplit_once(' ') {
        Some((stem, number)) => match number.parse::<u32>() {
            Ok(number) if !stem.is_empty() => (stem, number),
            Ok(_) | Err(_) => (name.as_str(), 1),
        },
        None => (name.as_str(), 1),
    };
    let stem: String = stem.chars().take(NAME_MAX - 11).collect();
    let mut number = last.max(1);
    loop {
        // At most as many iterations as there are names.
        number = number.wrapping_add(1);
        let name = format!("{stem} {number}");
        if !is_taken(&name) {
            return name;
        }
    }
}

/// How a list of saved designs is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The last saved first.
    #[default]
    Time,
    /// By name.
    Name,
    /// The largest first.
    Size,
}

/// Sorts the list; equal rows by time, then by id, so that the order never jumps.
pub fn sort(list: &mut [Kept], order: Order) {
    list.sort_by(|a, b| {
        let by = match order {
            Order::Time => std::cmp::Ordering::Equal,
            Order::Name => a.name.to_lowercase().cmp(&b.name.to_lowercase()),
            Order::Size => b.bytes.cmp(&a.bytes),
        };
        by.then(b.modified_ms.total_cmp(&a.modified_ms))
            .then_with(|| a.id.cmp(&b.id))
    });
}

/// Returns a size in words: `480 B`, `12 kB`, `1.4 MB`.
pub fn size(bytes: u32) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", (bytes + 500) / 1_000),
        _ => format!("{:.1} MB", f64::from(bytes) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_writes_over_its_own_state_only() {
        for (kept, seen, wanted) in [
            (None, None, Write::InPlace),
            (Some("a1"), Some("a1"), Write::InPlace),
            (Some("b1"), Some("a1"), Write::Beside),
            (Some("b1"), None, Write::Beside),
            (None, Some("a1"), Write::InPlace),
        ] {
            assert_eq!(write(kept, seen), wanted, "{kept:?} {seen:?}");
        }
    }

    #[test]
    fn copies_count_up() {
        let free = |name: &str, taken: &[&str]| free_name(name, taken.iter().copied());
        assert_eq!(free("Orders", &[]), "Orders");
        assert_eq!(free("Orders", &["Orders"]), "Orders 2");
        assert_eq!(free("Orders 2", &["Orders", "Orders 2"]), "Orders 3");
        assert_eq!(free("Orders", &["Orders", "Orders 2"]), "Orders 3");
        assert_eq!(free("7", &["7"]), "7 2");
        assert_eq!(free("  ", &[]), "Untitled");
        let long = "x".repeat(500);
        let first = free(&long, &[]);
        assert_eq!(first.len(), NAME_MAX);
        assert!(free(&long, &[&first]).len() <= NAME_MAX);
        let last = format!("Orders {}", u32::MAX);
        assert_eq!(free(&last, &[&last]), "Orders 0");
    }

    #[test]
    fn lists_are_sorted_and_do_not_jump() {
        let kept = |id: &str, name: &str, at: f64, bytes: u32| Kept {
            id: id.into(),
            name: name.into(),
            modified_ms: at,
            bytes,
            ..Kept::default()
        };
        let mut list = [
            kept("a", "zebra", 1.0, 10),
            kept("b", "Apple", 3.0, 5),
            kept("c", "apple", 2.0, 10),
        ];
        for (order, wanted) in [
            (Order::Time, "bca"),
            (Order::Name, "bca"),
            (Order::Size, "cab"),
        ] {
            sort(&mut list, order);
            let ids: String = list.iter().map(|kept| kept.id.as_str()).collect();
            assert_eq!(ids, wanted, "{order:?}");
        }
    }

    #[test]
    fn sizes_in_words() {
        let sizes = [480, 1_499, 12_600, 1_400_000].map(size);
        assert_eq!(sizes, ["480 B", "1 kB", "13 kB", "1.4 MB"]);
    }
}
