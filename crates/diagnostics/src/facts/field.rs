//! Fields of the report, for numbers that are read from it.

use super::Span;
use report::{Field, Fold};

/// Returns the field with this path, such as `data.stale_reads`.
pub(crate) fn of(path: &str) -> Field {
    Field::at(path.split('.'))
}

/// Returns a field of a node, by its path below the node.
pub(crate) fn node(id: &str, path: &str) -> Field {
    below("nodes", id, path)
}

/// Returns a field of a link, by its path below the link.
pub(crate) fn link(id: &str, path: &str) -> Field {
    below("links", id, path)
}

/// Returns a field of a node or link, by its path below it.
#[inline(never)]
fn below(parts: &str, id: &str, path: &str) -> Field {
    let keys = [parts, id].into_iter().chain(path.split('.'));
    Field::At(keys.map(str::to_owned).collect())
}

/// Returns the number of all failures of a node.
pub(crate) fn node_failures(id: &str) -> Field {
    Field::all(["nodes", id, "failures"])
}

/// Returns the number of all failures of a link.
pub(crate) fn link_failures(id: &str) -> Field {
    Field::all(["links", id, "failures"])
}

/// Returns the sum of a field over some nodes.
pub(crate) fn nodes<'a>(ids: impl IntoIterator<Item = &'a str>, path: &str) -> Field {
    Field::Sum(ids.into_iter().map(|id| node(id, path)).collect())
}

/// Returns the sum of a field over some links.
pub(crate) fn links<'a>(ids: impl IntoIterator<Item = &'a str>, path: &str) -> Field {
    Field::Sum(ids.into_iter().map(|id| link(id, path)).collect())
}

/// Returns a series of the whole system over a span.
pub(crate) fn over(series: &str, fold: Fold, span: Span) -> Field {
    Field::windows(["windows", series], fold, span.from_s, span.until_s)
}

/// Returns a series of a node over a span.
pub(crate) fn node_over(id: &str, series: &str, fold: Fold, span: Span) -> Field {
    part_over("node_windows", id, series, fold, span)
}

/// Returns a series of a link over a span.
pub(crate) fn link_over(id: &str, series: &str, fold: Fold, span: Span) -> Field {
    part_over("link_windows", id, series, fold, span)
}

#[inline(never)]
fn part_over(parts: &str, id: &str, series: &str, fold: Fold, span: Span) -> Field {
    Field::windows([parts, id, series], fold, span.from_s, span.until_s)
}
