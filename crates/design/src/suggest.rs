//! "Did you mean": the nearest of the valid names to a misspelt one.

/// The valid name nearest to `wrong`, if one is near enough to be worth proposing.
pub fn nearest<'a>(wrong: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wrong.chars().count() / 3).clamp(1, 3);
    valid
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .filter(|&(distance, name)| {
            distance <= limit || (wrong.len() >= 4 && name.starts_with(wrong))
        })
        .min()
        .map(|(_, name)| name)
}

/// Edit distance in which two swapped adjacent letters count as one, on names cut to a length that
/// no valid name has.
fn distance(a: &str, b: &str) -> usize {
    let cut = |name: &str| -> String { name.to_ascii_lowercase().chars().take(40).collect() };
    strsim::osa_distance(&cut(a), &cut(b))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn proposes_near_names_only() {
        let names = ["max_attempts", "backoff", "jitter"];
        assert_eq!(nearest("max_atempts", names), Some("max_attempts"));
        assert_eq!(nearest("jiter", names), Some("jitter"));
        assert_eq!(nearest("jittre", names), Some("jitter"));
        assert_eq!(nearest("timeout", names), None);
    }
}
