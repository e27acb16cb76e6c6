//! The patience of users.

use crate::event::NodeIx;
use crate::random::{self, Sampler, Stream};
use crate::world::{Delay, World};
use design::Distribution;

/// How long users wait.
#[derive(Clone, Debug)]
pub(super) enum Patience {
    Endless,
    Fixed(Delay),
    Drawn(Box<(Sampler, Stream)>),
}

impl Patience {
    /// Takes the patience of a design. Draws continue in the same stream.
    pub(super) fn update(&mut self, spec: Option<&Distribution>, node: NodeIx, cx: &mut World) {
        *self = match (spec, std::mem::replace(self, Self::Endless)) {
            (None, _) => Self::Endless,
            (Some(Distribution::Const(patience)), _) => Self::Fixed(cx.delay(patience.0)),
            (Some(spec), Self::Drawn(mut drawn)) => {
                drawn.0 = Sampler::new(spec);
                Self::Drawn(drawn)
            }
            (Some(spec), Self::Endless | Self::Fixed(_)) => {
                let id = &cx.node(node).id;
                let stream = Stream::new(cx.seed, id, random::Purpose::Patience);
                Self::Drawn(Box::new((Sampler::new(spec), stream)))
            }
        };
    }

    /// Returns the patience of a user that makes a request now.
    #[inline]
    pub(super) fn of_request(&mut self) -> Option<Delay> {
        match self {
            Self::Endless => None,
            Self::Fixed(delay) => Some(*delay),
            Self::Drawn(drawn) => Some(Delay {
                duration: drawn.0.draw(&mut drawn.1),
                lane: None,
            }),
        }
    }
}
