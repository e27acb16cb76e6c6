//! Dots by WebGL2, in one instanced draw. The CPU writes each flight's link, age, duration and
//! sort; the shaders compute its position and look, as [`super::particles`] and [`super::flat`] do
//! for browsers without WebGL2.

use js_sys::{Float32Array, Object, Reflect};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{
    HtmlCanvasElement, WebGl2RenderingContext as Context, WebGlProgram, WebGlUniformLocation,
    WebglLoseContext,
};

use super::clock::Clock;
use super::particles::{Particles, Route, STEPS};
use super::surface::{Colors, View};

/// Numbers per instance: age, life, row of a mark; link, sort.
const NUMBERS: i32 = 5;
/// Texels of a route: its points, and its length.
const TEXELS: usize = STEPS + 2;
/// Routes side by side in the texture: every WebGL2 supports textures 2,048 wide.
const ACROSS: usize = 32;

/// The sorts are the [`format::message::FlightKind`]s, in their order.
const VERTEX: &str = "#version 300 es
precision highp float;precision highp int;
layout(location=0)in vec3 a;layout(location=1)in vec2 b;
uniform highp sampler2D routes;uniform vec4 view;uniform vec4 now;
out vec2 p;flat out int sort;flat out float seen;
vec2 at(int i){int l=int(b.x);return texelFetch(routes,ivec2(l%32*64+i,l/32),0).xy;}
void main(){
sort=int(b.y);seen=1.;
float age=a.x+now.x,share=clamp(age/max(a.y,1.),0.,1.),late=clamp((age-a.y)/700.,0.,1.),aside=4.,
   wide=1.9;
if(sort==2)aside=0.;
if(sort==3||sort==4||sort==7){share=1.-share;aside=-4.;}
if(sort==4){seen=1.-late;share=max(share,9./max(at(63).x,1.));}
if(sort==5||sort>7){float k=max(.7/view.z,1.);share=k*9./max(at(63).x,1.);aside=k*(12.+13.*a.z);
   seen=min(2.-2.*late,1.);wide=2.6;}
if(sort==8||sort==11){share=1.-share;aside=-aside;}
if(sort==6){seen=1.-share;share*=.5;}
float place=clamp(share,0.,1.)*62.;int i=min(int(place),61);
vec2 u=at(i),v=at(i+1),d=(v-u)/max(length(v-u),1e-6);
u=mix(u,v,place-float(i))+vec2(-d.y,d.x)*aside;
p=(vec2(gl_VertexID&1,gl_VertexID>>1)*2.-1.)*wide;
u=((u*view.z+view.xy)*view.w+p*now.y)/now.zw;
gl_Position=vec4(u.x*2.-1.,1.-u.y*2.,0,1);}";

/// Distances are in radii of a dot; `r` is how many pixels that is.
const FRAGMENT: &str = "#version 300 es
precision highp float;
in vec2 p;flat in int sort;flat in float seen;
uniform vec3 k[5];uniform float r;
out vec4 o;
float within(float d){return clamp(.5-d*r,0.,1.);}
float bar(float x,float y,float u,float v){vec2 d=vec2(u-x,v-y),o=p-vec2(x,y);
return within(length(o-d*clamp(dot(o,d)/dot(d,d),0.,1.))-.28);}
void main(){
float l=length(p),c;vec3 z=k[0];vec2 q=abs(p);
if(sort==0)c=within(l-1.);
else if(sort==1){z=k[2];c=within(max(l-1.3,p.x*.644-q.y*.765));}
else if(sort==2)c=within(max(q.x,q.y)-1.);
else if(sort==3||sort==7){float e=within(abs(l-1.)-.225);z=mix(k[4],sort==7?k[2]:k[1],e);
   c=max(e,within(l-1.));}
else if(sort==6){z=k[3];c=within(abs(l-1.)-.25);}
else if(sort==5){float e=max(within(abs(l-1.8)-.28),max(bar(0.,-1.,0.,.1),bar(0.,.1,.9,.1)));
   z=mix(k[4],k[3],e);c=max(e,within(l-1.8));}
else if(sort==8){z=k[3];c=max(bar(-1.75,0.,.75,0.),bar(1.3,-2.,1.3,2.));}
else if(sort==9){z=k[3];c=max(max(bar(-2.1,.7,-.9,.7),bar(.9,.7,2.1,.7)),bar(-.9,.7,.8,-1.1));}
else if(sort==10){z=k[3];
   c=max(max(bar(-1.3,-1.1,.3,-1.1),bar(-1.2,1.1,.3,1.1)),max(bar(-1.4,1.1,-.5,.3),bar(-1.4,1.1,
   -.5,1.9)));
if(p.x>.3)c=max(c,within(abs(length(p-vec2(.3,0.))-1.1)-.28));}
else if(sort==11){float e=max(within(abs(l-1.4)-.28),bar(-1.3,1.3,1.3,-1.3));z=mix(k[4],k[1],e);
   c=max(e,within(l-1.4));}
else{z=k[3];c=within(max(abs(q.x-q.y)*.707-.3,(q.x+q.y)*.707-1.7));}
o=vec4(z,1)*c*seen;}";

pub(super) struct Gl {
    canvas: HtmlCanvasElement,
    gl: Context,
    view: Option<WebGlUniformLocation>,
    now: Option<WebGlUniformLocation>,
    colors: Option<WebGlUniformLocation>,
    radius: Option<WebGlUniformLocation>,
    /// The instances as the context takes them.
    bytes: Vec<u8>,
    on_loss: Closure<dyn FnMut()>,
}

impl Gl {
    /// Returns a surface on this canvas element; `None` if the browser has no WebGL2, or draws it
    /// without a GPU: Canvas2D is faster then.
    pub(super) fn new(canvas: HtmlCanvasElement, on_loss: impl FnMut() + 'static) -> Option<Self> {
        let options = Object::new();
        for (name, value) in [
            ("antialias", false),
            ("depth", false),
            ("failIfMajorPerformanceCaveat", true),
        ] {
            Reflect::set(&options, &name.into(), &value.into()).ok()?;
        }
        let gl = canvas
            .get_context_with_context_options("webgl2", &options)
            .ok()??;
        let gl: Context = gl.dyn_into().ok()?;
        if is_software(&gl) {
            return None;
        }
        let program = program(&gl)?;
        gl.use_program(Some(&program));
        gl.bind_buffer(Context::ARRAY_BUFFER, gl.create_buffer().as_ref());
        for (place, size, from) in [(0, 3, 0), (1, 2, 12)] {
            gl.enable_vertex_attrib_array(place);
            let stride = NUMBERS * 4;
            gl.vertex_attrib_pointer_with_i32(place, size, Context::FLOAT, false, stride, from);
            gl.vertex_attrib_divisor(place, 1);
        }
        gl.bind_texture(Context::TEXTURE_2D, gl.create_texture().as_ref());
        for filter in [Context::TEXTURE_MIN_FILTER, Context::TEXTURE_MAG_FILTER] {
            gl.tex_parameteri(Context::TEXTURE_2D, filter, Context::NEAREST as i32);
        }
        gl.enable(Context::BLEND);
        gl.blend_func(Context::ONE, Context::ONE_MINUS_SRC_ALPHA);
        let place = |name: &str| gl.get_uniform_location(&program, name);
        let on_loss = Closure::new(on_loss);
        let _ = canvas
            .add_event_listener_with_callback("webglcontextlost", on_loss.as_ref().unchecked_ref());
        let mut made = Self {
            view: place("view"),
            now: place("now"),
            colors: place("k"),
            radius: place("r"),
            bytes: Vec::new(),
            canvas,
            gl,
            on_loss,
        };
        made.recolor();
        Some(made)
    }

    pub(super) fn recolor(&mut self) {
        let colors = Colors::of_theme();
        let all = [
            colors.ink,
            colors.quiet,
            colors.degraded,
            colors.failing,
            colors.paper,
        ];
        let numbers: Vec<f32> = all.iter().flat_map(|color| rgb(color)).collect();
        self.gl
            .uniform3fv_with_f32_array(self.colors.as_ref(), &numbers);
    }

    /// Every route as a row of texels.
    pub(super) fn reroute(&mut self, routes: &[Route]) {
        let rows = routes.len().div_ceil(ACROSS).max(1);
        let mut texels = vec![0.0_f32; rows * ACROSS * TEXELS * 2];
        for (texels, route) in texels.chunks_exact_mut(TEXELS * 2).zip(routes) {
            let points = route.points.iter().flatten();
            for (texel, number) in texels.iter_mut().zip(points) {
                *texel = *number;
            }
            texels[(TEXELS - 1) * 2] = route.length as f32;
        }
        let texels = Float32Array::from(&texels[..]);
        // Fails for sizes that no texture has; ours are below what each must have.
        let _ = self
            .gl
            .tex_image_2d_with_i32_and_i32_and_i32_and_format_and_type_and_opt_array_buffer_view(
                Context::TEXTURE_2D,
                0,
                Context::RG32F as i32,
                (ACROSS * TEXELS) as i32,
                rows as i32,
                0,
                Context::RG,
                Context::FLOAT,
                Some(&texels),
            );
    }

    pub(super) fn draw(&mut self, view: &View, particles: &Particles, clock: &Clock) {
        self.bytes.clear();
        let bytes = &mut self.bytes;
        particles.instances(clock, |instance| {
            for number in instance {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        });
        let gl = &self.gl;
        let (width, height) = (self.canvas.width(), self.canvas.height());
        gl.viewport(0, 0, width as i32, height as i32);
        gl.clear(Context::COLOR_BUFFER_BIT);
        let [x, y] = view.offset.map(|offset| offset as f32);
        let (scale, ratio, radius) = (view.scale as f32, view.ratio as f32, view.radius() as f32);
        gl.uniform4f(self.view.as_ref(), x, y, scale, ratio);
        gl.uniform4f(self.now.as_ref(), 0.0, radius, width as f32, height as f32);
        gl.uniform1f(self.radius.as_ref(), radius);
        gl.buffer_data_with_u8_array(Context::ARRAY_BUFFER, bytes, Context::STREAM_DRAW);
        let count = bytes.len() as i32 / (NUMBERS * 4);
        gl.draw_arrays_instanced(Context::TRIANGLE_STRIP, 0, 4, count);
    }
}

impl Drop for Gl {
    /// Returns the context immediately, because a page may have only a few.
    fn drop(&mut self) {
        let _ = self.canvas.remove_event_listener_with_callback(
            "webglcontextlost",
            self.on_loss.as_ref().unchecked_ref(),
        );
        if let Ok(Some(extension)) = self.gl.get_extension("WEBGL_lose_context") {
            extension
                .unchecked_into::<WebglLoseContext>()
                .lose_context();
        }
    }
}

/// Returns whether the CPU does the GPU's work. Not every browser reports it when the context is
/// created.
fn is_software(gl: &Context) -> bool {
    /// The extension's constant for the renderer's real name.
    const UNMASKED_RENDERER: u32 = 0x9246;
    let named = gl.get_extension("WEBGL_debug_renderer_info");
    if !matches!(named, Ok(Some(_))) {
        return false;
    }
    let name = gl.get_parameter(UNMASKED_RENDERER).ok();
    let name = name.and_then(|name| name.as_string()).unwrap_or_default();
    ["SwiftShader", "llvmpipe", "softpipe"]
        .iter()
        .any(|software| name.contains(software))
}

fn program(gl: &Context) -> Option<WebGlProgram> {
    let program = gl.create_program()?;
    for (kind, text) in [
        (Context::VERTEX_SHADER, VERTEX),
        (Context::FRAGMENT_SHADER, FRAGMENT),
    ] {
        let shader = gl.create_shader(kind)?;
        gl.shader_source(&shader, text);
        gl.compile_shader(&shader);
        gl.attach_shader(&program, &shader);
    }
    gl.link_program(&program);
    let linked = gl.get_program_parameter(&program, Context::LINK_STATUS);
    linked.is_truthy().then_some(program)
}

/// Returns `rgb(27, 31, 36)` as three numbers from 0 to 1.
fn rgb(color: &str) -> [f32; 3] {
    let mut parts = color
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|part| part.parse::<f32>().ok());
    std::array::from_fn(|_| parts.next().unwrap_or_default() / 255.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_numbers() {
        assert_eq!(rgb("rgb(255, 0, 51)"), [1.0, 0.0, 0.2]);
        assert_eq!(rgb("none"), [0.0; 3]);
    }

    #[test]
    fn the_shader_reads_routes_as_they_are_written() {
        assert!(VERTEX.contains(&format!("l%{ACROSS}*{TEXELS}+i,l/{ACROSS}")));
        assert!(VERTEX.contains(&format!("at({})", TEXELS - 1)));
        assert!(VERTEX.contains(&format!("*{STEPS}.;int i=min(int(place),{})", STEPS - 1)));
        const { assert!(ACROSS * TEXELS <= 2_048) };
    }
}
