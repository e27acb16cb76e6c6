//! Messages between page and worker: what is nested without end is refused.

use format::message::{Diagnosed, Reply};
use report::{Field, Figure, Finding, Message, Piece, Unit};

fn reply(findings: Vec<Finding>) -> Vec<u8> {
    let told = Diagnosed {
        findings,
        ..Diagnosed::default()
    };
    Reply::Diagnosed(Box::new(told)).encode()
}

#[test]
fn findings_below_findings_are_read_to_a_depth() {
    let below = |depth: usize| {
        let rule = || Finding::new("retry-storm", ["db"]);
        (0..depth).fold(rule(), |inner, _| Finding {
            symptoms: vec![inner],
            ..rule()
        })
    };
    assert!(Reply::decode(&reply(vec![below(10)])).is_ok());
    let refused = Reply::decode(&reply(vec![below(100)]));
    assert!(refused.is_err_and(|why| why.starts_with("not a reply")));
    // The depth is that of one branch, and a refusal leaves nothing behind.
    let wide = (0..100).map(|_| below(10)).collect();
    assert!(Reply::decode(&reply(wide)).is_ok());
}

#[test]
fn a_field_of_fields_is_read_to_a_depth() {
    let of = |depth: usize| {
        let at = Field::At(vec!["run".to_owned()]);
        let field = (0..depth).fold(at, |inner, _| Field::Rest(Box::new(inner)));
        let mut figure = Figure::new(1.0, Unit::Count);
        figure.field = Some(Box::new(field));
        let said = Message::from(Piece::Figure(figure));
        Finding::new("retry-storm", ["db"]).says(said, "", "")
    };
    assert!(Reply::decode(&reply(vec![of(10)])).is_ok());
    assert!(Reply::decode(&reply(vec![of(100)])).is_err());
    // The bytes of "what is left of what is left of", on and on.
    let begins = reply(vec![of(1)]);
    let deeper = reply(vec![of(2)]);
    let at = begins.iter().zip(&deeper).position(|(a, b)| a != b);
    let at = at.expect("one is deeper") - 1;
    let mut endless = begins[..at].to_vec();
    endless.extend(std::iter::repeat_n(begins[at], 1_000_000));
    assert!(Reply::decode(&endless).is_err());
}
