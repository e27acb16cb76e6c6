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

/// Edit distance where two swapped adjacent letters count as one, on names cut to a length no
/// valid name has.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_ascii_lowercase().chars().take(40).collect();
    let b: Vec<char> = b.to_ascii_lowercase().chars().take(40).collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        rows[i][0] = i;
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(rows[i][j - 1] + 1).min(rows[i - 1][j] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
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
