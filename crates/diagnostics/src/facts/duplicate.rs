//! The first write that a run applied twice.

use report::{AppliedReport, Report};
use report::{Message, instant, link_name, message, name, operation};

/// Describes the first write that was applied twice and the two attempts that applied it, as a
/// sentence after a space. Returns an empty message if there was none.
pub(crate) fn first_duplicate(report: &Report) -> Message {
    let Some(one) = &report.data.first_duplicate else {
        return Message::new();
    };
    let by = |applied: &AppliedReport| match &applied.link {
        Some(link) => message!(
            "attempt {} of {}",
            applied.attempt.to_string(),
            link_name(link)
        ),
        None => "a write-behind of the cache".into(),
    };
    message!(
        " The first was {} of key {} from {}: requested at {}, applied at {} by {}, \
         and again at {} by {}.",
        operation(&one.operation),
        one.key.to_string(),
        name(&one.client),
        instant(one.wanted_s),
        instant(one.first.at_s),
        by(&one.first),
        instant(one.again.at_s),
        by(&one.again)
    )
}
