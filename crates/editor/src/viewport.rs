//! The viewport: the part of the canvas that the screen shows.

use crate::geometry::{Point, Rect};

/// Smallest zoom: 10%.
pub const SCALE_MIN: f64 = 0.1;
/// Largest zoom: 400%.
pub const SCALE_MAX: f64 = 4.0;
/// Maximum zoom of fitting: larger nodes would help nobody.
pub const FIT_MAX: f64 = 1.25;
/// Free space around what is fitted, in screen pixels; less on a narrow screen.
pub const FIT_MARGIN: f64 = 48.0;
/// Free space above and below it, where tools cover the canvas.
const TOOLS_MARGIN: [f64; 2] = [80.0, 56.0];
/// The same on a phone: the palette is one row, and words below the last card stand above the zoom.
const TOOLS_MARGIN_NARROW: [f64; 2] = [57.0, 68.0];
/// Width below which a canvas is that of a phone held upright, in pixels.
const NARROW: f64 = 480.0;
/// Factor of one step of the zoom actions.
pub const ZOOM_STEP: f64 = 1.25;
/// Zoom per pixel of wheel. A trackpad's pinch arrives as a stream of a few pixels each.
const WHEEL_ZOOM: f64 = 0.01;
/// Maximum number of pixels of one turn that count. A mouse's notch is 100 pixels or more in one
/// event, and zooms by a quarter.
const WHEEL_TURN_MAX: f64 = 25.0;

/// Maximum distance by which the canvas can be panned away, in screen pixels. It keeps the
/// arithmetic finite.
const OFFSET_MAX: f64 = 1e7;

/// The part of the canvas on the screen. Screen coordinates count from the canvas element's upper
/// left corner: `screen = canvas * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    size: Point,
    offset: Point,
    scale: f64,
}

impl Default for Viewport {
    fn default() -> Self {
        Self {
            size: Point::new(1024.0, 640.0),
            offset: Point::default(),
            scale: 1.0,
        }
    }
}

impl Viewport {
    /// Returns width and height of the canvas element, in screen pixels.
    pub fn size(&self) -> Point {
        self.size
    }

    /// Returns the position of the canvas's origin on the screen.
    pub fn offset(&self) -> Point {
        self.offset
    }

    /// Returns screen pixels per canvas unit: 1 is 100%.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Returns the part of the canvas that is visible.
    pub fn visible(&self) -> Rect {
        Rect::between(self.to_canvas(Point::default()), self.to_canvas(self.size))
    }

    /// Returns the canvas point in the middle of the screen.
    pub fn center(&self) -> Point {
        self.to_canvas(self.size * 0.5)
    }

    /// Converts from screen to canvas.
    pub fn to_canvas(&self, screen: Point) -> Point {
        (screen - self.offset) * (1.0 / self.scale)
    }

    /// Converts from canvas to screen.
    pub fn to_screen(&self, canvas: Point) -> Point {
        canvas * self.scale + self.offset
    }

    /// Sets the size of the canvas element. What is in the upper left corner stays there.
    pub fn resize(&mut self, size: Point) {
        if size.is_finite() {
            self.size = Point::new(size.x.max(1.0), size.y.max(1.0));
        }
    }

    /// Pans the canvas by a distance in screen pixels.
    pub fn pan(&mut self, by: Point) {
        self.set_offset(self.offset + by);
    }

    /// Zooms by a factor. What is at the screen point `at` stays there.
    pub fn zoom_at(&mut self, at: Point, factor: f64) {
        if factor.is_finite() && factor > 0.0 {
            self.zoom_to(at, self.scale * factor);
        }
    }

    /// Sets the zoom. What is at the screen point `at` stays there.
    pub fn zoom_to(&mut self, at: Point, scale: f64) {
        if !at.is_finite() || !scale.is_finite() {
            return;
        }
        let fixed = self.to_canvas(at);
        self.scale = scale.clamp(SCALE_MIN, SCALE_MAX);
        self.set_offset(at - fixed * self.scale);
    }

    /// Fits `bounds` into the view, in the middle, at most at [`FIT_MAX`].
    pub fn fit(&mut self, bounds: Rect) {
        // On a phone that much margin would be a quarter of the width.
        let margin = FIT_MARGIN.min(self.size.x * 0.04);
        // The palette is above, the zoom and the legend below.
        let margins = match self.size.x < NARROW {
            true => TOOLS_MARGIN_NARROW,
            false => TOOLS_MARGIN,
        };
        let [above, below] = margins.map(|margin| margin.min(self.size.y * 0.2));
        let room = self.size - Point::new(margin * 2.0, above + below);
        let size = bounds.size();
        let scale = (room.x / size.x.max(1.0)).min(room.y / size.y.max(1.0));
        if !scale.is_finite() {
            return;
        }
        self.scale = scale.clamp(SCALE_MIN, FIT_MAX);
        let middle = Point::new(self.size.x, self.size.y + above - below) * 0.5;
        self.set_offset(middle - bounds.center() * self.scale);
    }

    /// Centers a canvas point.
    pub fn center_on(&mut self, canvas: Point) {
        self.set_offset(self.size * 0.5 - canvas * self.scale);
    }

    fn set_offset(&mut self, offset: Point) {
        if offset.is_finite() {
            self.offset = Point::new(
                offset.x.clamp(-OFFSET_MAX, OFFSET_MAX),
                offset.y.clamp(-OFFSET_MAX, OFFSET_MAX),
            );
        }
    }
}

/// Returns the zoom factor of a wheel's turn in pixels. Down zooms out, and turning back returns
/// exactly to the zoom before.
pub fn wheel_factor(turn: f64) -> f64 {
    let by = 1.0 + turn.abs().min(WHEEL_TURN_MAX) * WHEEL_ZOOM;
    if turn > 0.0 { 1.0 / by } else { by }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Point, b: Point) -> bool {
        a.distance(b) < 1e-9
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let mut view = Viewport::default();
        view.pan(Point::new(37.0, -12.0));
        let at = Point::new(300.0, 200.0);
        let under = view.to_canvas(at);
        for turn in [-100.0, -400.0, 250.0, 900.0, -3.0] {
            view.zoom_at(at, wheel_factor(turn));
            assert!(near(view.to_canvas(at), under), "after {turn}");
        }
    }

    #[test]
    fn zoom_stays_between_10_and_400_percent() {
        let mut view = Viewport::default();
        view.zoom_at(Point::default(), 1e9);
        assert_eq!(view.scale(), SCALE_MAX);
        view.zoom_at(Point::default(), 1e-9);
        assert_eq!(view.scale(), SCALE_MIN);
        let before = view;
        for nonsense in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            view.zoom_at(Point::default(), nonsense);
        }
        view.pan(Point::new(f64::NAN, 0.0));
        assert_eq!(view, before);
    }

    #[test]
    fn turning_the_wheel_back_leads_back() {
        assert_eq!(wheel_factor(120.0) * wheel_factor(-120.0), 1.0);
        assert!(wheel_factor(120.0) < 1.0);
    }

    #[test]
    fn fitting_shows_everything_between_the_tools() {
        let mut view = Viewport::default();
        view.resize(Point::new(1000.0, 500.0));
        let bounds = Rect::between(Point::new(-4000.0, 100.0), Point::new(2000.0, 300.0));
        view.fit(bounds);
        assert!(view.visible().contains(bounds.min) && view.visible().contains(bounds.max));
        let [above, below] = TOOLS_MARGIN;
        let middle = Point::new(500.0, (500.0 + above - below) / 2.0);
        assert!(near(view.to_canvas(middle), bounds.center()));
        view.fit(Rect::between(Point::default(), Point::new(10.0, 10.0)));
        assert_eq!(view.scale(), FIT_MAX);
    }
}
