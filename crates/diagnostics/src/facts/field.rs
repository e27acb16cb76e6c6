//! Places of the report, for figures that are read from there.

use super::Span;
use report::{Field, Fold};

/// A place by its path, `data.stale_reads`.
pub(crate) fn of(path: &str) -> Field {
    Field::at(path.split('.'))
}

/// A figure of a node, by its path below the node.
pub(crate) fn node(id: &str, path: &str) -> Field {
    below("nodes", id, path)
}

/// A figure of a link, by its path below the link.
pub(crate) fn link(id: &str, path: &str) -> Field {
    below("links", id, path)
}

/// A figure of a part, by its path below the part.
#[inline(never)]
fn below(parts: &str, id: &str, path: &str) -> Field {
    let keys = [parts, id].into_iter().chain(path.split('.'));
    Field::At(keys.map(str::to_owned).collect())
}

/// All failures of a node.
pub(crate) fn node_failures(id: &str) -> Field {
    Field::all(["nodes", id, "failures"])
}

/// All failures of a link.
pub(crate) fn link_failures(id: &str) -> Field {
    Field::all(["links", id, "failures"])
}

/// A figure of each of some nodes, all together.
pub(crate) fn nodes<'a>(ids: impl IntoIterator<Item = &'a str>, path: &str) -> Field {
    Field::Sum(ids.into_iter().map(|id| node(id, path)).collect())
}

/// A figure of each of some links, all together.
pub(crate) fn links<'a>(ids: impl IntoIterator<Item = &'a str>, path: &str) -> Field {
    Field::Sum(ids.into_iter().map(|id| link(id, path)).collect())
}

/// A series of the whole system, over a while.
pub(crate) fn over(series: &str, fold: Fold, span: Span) -> Field {
    Field::windows(["windows", series], fold, span.from_s, span.until_s)
}

/// A series of a node, over a while.
pub(crate) fn node_over(id: &str, series: &str, fold: Fold, span: Span) -> Field {
    part_over("node_windows", id, series, fold, span)
}

/// A series of a link, over a while.
pub(crate) fn link_over(id: &str, series: &str, fold: Fold, span: Span) -> Field {
    part_over("link_windows", id, series, fold, span)
}

#[inline(never)]
fn part_over(parts: &str, id: &str, series: &str, fold: Fold, span: Span) -> Field {
    Field::windows([parts, id, series], fold, span.from_s, span.until_s)
}
