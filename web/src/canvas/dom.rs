//! Elements that are written while the simulation runs: directly to the DOM, and only if the value
//! differs from the present one.

use web_sys::Element;

/// An attribute of an element.
pub(crate) struct Attr {
    element: Element,
    name: &'static str,
    last: String,
}

impl Attr {
    /// Returns the attribute of the element below `root` that matches the selector.
    pub(crate) fn of(root: &Element, selector: &str, name: &'static str) -> Option<Self> {
        let element = root.query_selector(selector).ok()??;
        Some(Self::on(element, name))
    }

    /// Returns the attribute of this element.
    pub(crate) fn on(element: Element, name: &'static str) -> Self {
        Self {
            element,
            name,
            last: String::new(),
        }
    }

    /// Returns its present value.
    pub(crate) fn shown(&self) -> &str {
        &self.last
    }

    /// Writes a value, if it differs.
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
    /// Returns the text of the element below `root` that matches the selector.
    pub(crate) fn of(root: &Element, selector: &str) -> Option<Self> {
        let element = root.query_selector(selector).ok()??;
        Some(Self::on(element))
    }

    /// Returns the text of this element.
    pub(crate) fn on(element: Element) -> Self {
        Self {
            element,
            last: String::new(),
        }
    }

    /// Returns its present value.
    pub(crate) fn shown(&self) -> &str {
        &self.last
    }

    /// Writes a value, if it differs.
    pub(crate) fn set(&mut self, value: &str) {
        if self.last != value {
            value.clone_into(&mut self.last);
            self.element.set_text_content(Some(value));
        }
    }
}
