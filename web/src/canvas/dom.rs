//! Elements that are written to while the simulation runs: straight to the DOM, and only what
//! differs from what stands there.

use web_sys::Element;

/// An attribute of an element.
pub(crate) struct Attr {
    element: Element,
    name: &'static str,
    last: String,
}

impl Attr {
    /// Of the element below `root` that the selector finds.
    pub(crate) fn of(root: &Element, selector: &str, name: &'static str) -> Option<Self> {
        let element = root.query_selector(selector).ok()??;
        Some(Self::on(element, name))
    }

    /// Of this element.
    pub(crate) fn on(element: Element, name: &'static str) -> Self {
        Self {
            element,
            name,
            last: String::new(),
        }
    }

    /// What stands there.
    pub(crate) fn shown(&self) -> &str {
        &self.last
    }

    /// Writes it, if it differs.
    pub(crate) fn set(&mut self, value: &str) {
        if self.last != value {
            value.clone_into(&mut self.last);
            // Fails for names that are no attribute names; ours are constants.
            let _ = self.element.set_attribute(self.name, value);
        }
    }
}

/// The text of an element.
pub(crate) struct Text {
    element: Element,
    last: String,
}

impl Text {
    /// Of the element below `root` that the selector finds.
    pub(crate) fn of(root: &Element, selector: &str) -> Option<Self> {
        let element = root.query_selector(selector).ok()??;
        Some(Self::on(element))
    }

    /// Of this element.
    pub(crate) fn on(element: Element) -> Self {
        Self {
            element,
            last: String::new(),
        }
    }

    /// What stands there.
    pub(crate) fn shown(&self) -> &str {
        &self.last
    }

    /// Writes it, if it differs.
    pub(crate) fn set(&mut self, value: &str) {
        if self.last != value {
            value.clone_into(&mut self.last);
            self.element.set_text_content(Some(value));
        }
    }
}
