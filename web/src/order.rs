//! Sorting of lists that are short or nearly in order. The standard library's sort is faster on
//! long lists, but costs about 5 KB of page for every type it sorts.

/// Sorts by insertion; equal elements keep their order.
pub(crate) fn insertion_sort<T>(items: &mut [T], in_order: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && !in_order(&items[at - 1], &items[at]) {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}
