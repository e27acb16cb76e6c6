// Simulations in other pages: the element <faultline-sim>, mount() and connect() for scripts, and
// controls in the text that need no script. The simulation itself runs in a frame, and this file
// talks to it over a message port. The build makes a classic script of it as well.

/** The version of this file. */
export const version = "0.0.0";

let base = new URL("./", import.meta.url).href;

/** The most simulations that play at a time; the others keep their last picture. */
const LIVE_MAX = 3;
/** For how long a loaded frame may stay silent before it is shown as it is, in ms. */
const SILENCE_MS = 10_000;

/** Sets the address of the site that has `embed.html`: by default that of this file. */
export function setBase(url) {
  base = new URL(url, document.baseURI).href;
}

/** A request that was refused: `problems` has every reason, with its path. */
export class SimError extends Error {
  constructor(problems) {
    super(problems.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join("\n"));
    this.name = "SimError";
    this.problems = problems;
  }
}

const gone = () => new SimError([{ path: "", message: "the simulation was removed" }]);

/** A simulation in a frame. Made by connect() and mount(). */
export class Sim extends EventTarget {
  #port;
  #last = 0;
  #waiting = new Map();
  #watches = new Set();
  #listen = ({ source, data }) => {
    const ours = source !== null && source === this.frame.contentWindow;
    if (ours && data?.faultline === 1 && data.type === "listening") this.#greet();
  };

  /** The last state that the frame reported. */
  state;

  constructor(frame) {
    super();
    this.frame = frame;
    addEventListener("message", this.#listen);
    // The frame may be listening already; if not, it will say so.
    this.#greet();
  }

  #greet() {
    this.#drop();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#take(data);
    this.frame.contentWindow?.postMessage({ faultline: 1, type: "hello" }, "*", [port2]);
    for (const watch of this.#watches) if (this.state) this.#begin(watch);
  }

  #drop() {
    this.#port?.close();
    for (const { reject } of this.#waiting.values()) reject(gone());
    this.#waiting.clear();
  }

  #take(data) {
    const { id, type, ok, problems } = data;
    const asked = this.#waiting.get(id);
    if (asked) {
      this.#waiting.delete(id);
      if (problems) asked.reject(new SimError(problems));
      else asked.resolve(ok);
    } else if (type === "values") {
      for (const watch of this.#watches) if (watch.id === data.watch) watch.take(data.values);
    } else if (type === "state") {
      this.state = data;
      this.#tell("state", data);
    } else if (problems) {
      this.#tell("problem", problems);
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Sends any request of the protocol. */
  request(type, fields = {}) {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ faultline: 1, id, type, ...fields });
    });
  }

  play() { return this.request("play"); }
  pause() { return this.request("pause"); }
  step() { return this.request("step"); }
  restart(seed) { return this.request("restart", seed === undefined ? {} : { seed }); }
  seek(time_s) { return this.request("seek", { time_s }); }
  runTo(time_s) { return this.request("run_to", { time_s }); }
  speed(speed) { return this.request("speed", { speed }); }
  get(path) { return this.request("get", { path }); }
  set(path, value) { return this.request("set", { path, value }); }
  trigger() { return this.request("trigger"); }
  inject(fault) { return this.request("inject", { fault }); }
  clear() { return this.request("clear"); }
  fix(fix = 0) { return this.request("fix", { fix }); }
  undo() { return this.request("undo"); }
  metric(name) { return this.request("metric", { name }); }
  series(name) { return this.request("series", { name }); }
  design() { return this.request("design"); }
  load(design) { return this.request("load", { design }); }
  link() { return this.request("link"); }
  findings() { return this.request("findings"); }
  story(step) { return this.request("story", { step }); }
  theme(theme) { return this.request("theme", { theme }); }

  /** Calls back with the values of metrics, at most four times a second. Returns what ends it. */
  watch(names, take, hz = 4) {
    const watch = { names, take, hz };
    this.#watches.add(watch);
    this.#begin(watch);
    return () => {
      this.#watches.delete(watch);
      if (watch.id) this.request("unwatch", { watch: watch.id }).catch(() => {});
    };
  }

  #begin(watch) {
    const { names, hz } = watch;
    this.request("watch", { names, hz }).then(
      (id) => { watch.id = id; },
      ({ problems }) => this.#tell("problem", problems),
    );
  }

  /** Ends the simulation and removes its frame. */
  destroy() {
    removeEventListener("message", this.#listen);
    this.#drop();
    this.frame.remove();
  }
}

/** Connects to a frame that shows `embed.html`, which may be loading. */
export function connect(frame) {
  const sim = new Sim(frame);
  return new Promise((resolve, reject) => {
    sim.addEventListener("state", () => resolve(sim), { once: true });
    // An embed of another version says so.
    sim.addEventListener("problem", ({ detail }) => reject(new SimError(detail)), { once: true });
  });
}

/** Puts a simulation into an element of the page. The options are the element's attributes. */
export async function mount(element, { design, ...options } = {}) {
  const parent = typeof element === "string" ? document.querySelector(element) : element;
  const figure = document.createElement("faultline-sim");
  for (const [name, value] of Object.entries({ loading: "eager", ...options })) {
    figure.setAttribute(name, value);
  }
  figure.design = design;
  parent.append(figure);
  return figure.ready;
}

const STYLE = `
:host { display: block; position: relative; aspect-ratio: 12 / 7;
  max-width: 100%; min-height: 22rem; }
:host([hidden]) { display: none; }
iframe, .fallback { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
.fallback { display: flex; flex-direction: column; overflow: auto; }
.fallback img, ::slotted(img) { flex: 1; min-width: 0; min-height: 0; object-fit: contain; }
iframe { visibility: hidden; color-scheme: auto; }
:host([running]) iframe { visibility: visible; }
:host([running]) .fallback { visibility: hidden; }
button { position: absolute; inset: auto auto 1rem 50%; transform: translateX(-50%);
  padding: 0.6em 1.6em; border: 0; border-radius: 0.4em; background: #1a5fb4; color: #fff;
  font: 600 1rem/1.2 system-ui, sans-serif; cursor: pointer; }
@media print {
  :host iframe { display: none; }
  :host .fallback { visibility: visible; }
  button { display: none; }
}`;

/** Attributes that the address of the frame has. */
const ADDRESS = ["mode", "panels", "controls", "theme"];
const OTHERS = [
  "scenario", "link", "src", "ratio", "loading", "poster", "autoplay", "speed", "seed",
];
/** Attributes of another simulation: the frame is loaded again. */
const RELOADS = new Set(["scenario", "link", "src", "mode", "panels", "controls"]);

const live = [];
// A server that renders pages imports this file as well, and has no elements.
const inBrowser = "customElements" in globalThis;
const seen = inBrowser && new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) target.load();
});

class FaultlineSim extends (inBrowser ? HTMLElement : Object) {
  static observedAttributes = [...ADDRESS, ...OTHERS];

  #root = this.attachShadow({ mode: "open" });
  #frame;
  #sim;
  #button = document.createElement("button");
  #poster = document.createElement("img");
  #resolve;
  #reject;
  #changes;
  #held = false;

  /** The simulation, once it runs. */
  ready;
  /** A design to open, in place of a scenario or a link. */
  design;

  constructor() {
    super();
    const fallback = document.createElement("div");
    fallback.className = "fallback";
    fallback.part = "fallback";
    fallback.append(document.createElement("slot"));
    this.#button.textContent = "Run the simulation";
    this.#button.part = "run";
    this.#button.hidden = true;
    this.#button.addEventListener("click", () => this.load());
    this.#poster.alt = "";
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [style];
    this.#root.append(fallback, this.#button);
    this.#promise();
  }

  #promise() {
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Those who wait are told; nobody has to wait.
    this.ready.catch(() => {});
  }

  connectedCallback() {
    this.#wait();
  }

  disconnectedCallback() {
    seen.unobserve(this);
    this.#end();
  }

  attributeChangedCallback(name, before, value) {
    if (before === value) return;
    if (name === "ratio") {
      const ratio = (value ?? "").replace(":", "/");
      // Before the style that reserves the space.
      this.style.aspectRatio = ratio;
    } else if (name === "poster" || name === "scenario") {
      this.#showPoster();
    }
    if (!this.#frame) return;
    if (RELOADS.has(name)) {
      this.#end();
      this.load();
    } else if (name === "theme") this.#try((sim) => sim.theme(value ?? "auto"));
    else if (name === "speed") this.#try((sim) => sim.speed(Number(value ?? 1)));
    else if (name === "seed" && value !== null) this.#try((sim) => sim.restart(Number(value)));
  }

  #showPoster() {
    const { poster, scenario } = this;
    const drawn = scenario && `${base}pictures/lessons/${encodeURIComponent(scenario)}.svg`;
    const url = poster === "auto" ? drawn : poster;
    this.#poster.remove();
    if (!url) return;
    this.#poster.src = url;
    this.#root.querySelector(".fallback").prepend(this.#poster);
  }

  /** Waits for what the author chose. Who prefers less motion starts it. */
  #wait() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const loading = this.loading ?? "visible";
    if (loading === "eager") this.load();
    else if (loading === "click" || still) this.#button.hidden = false;
    else seen.observe(this);
  }

  /** Loads and starts the simulation. Returns when it runs. */
  load() {
    if (this.#frame || !this.isConnected) return this.ready;
    seen.unobserve(this);
    this.#button.hidden = true;
    const frame = document.createElement("iframe");
    this.#frame = frame;
    frame.title = this.getAttribute("label") ?? "Simulation";
    frame.allow = "fullscreen; clipboard-write";
    frame.src = this.#address();
    frame.addEventListener("load", () => setTimeout(() => {
      // It has a sentence of its own about what went wrong.
      if (this.#frame === frame) this.toggleAttribute("running", true);
    }, SILENCE_MS));
    this.#root.append(frame);
    this.#start(frame).catch((error) => {
      if (this.#frame !== frame) return;
      this.toggleAttribute("running", true);
      this.#report(error);
      this.#reject(error);
    });
    return this.ready;
  }

  #address() {
    const code = (this.link ?? "").replace(/^.*#/, "");
    const search = new URLSearchParams();
    if (this.scenario) search.set("scenario", this.scenario);
    for (const name of ADDRESS) if (this[name]) search.set(name, this[name]);
    const waits = this.autoplay === "off" || this.src || this.design;
    if (waits) search.set("autoplay", "0");
    return `${base}embed.html#${[code, `${search}`].filter(Boolean).join("&")}`;
  }

  async #start(frame) {
    const own = this.design ?? (this.src && (await (await fetch(this.src)).json()));
    const sim = await connect(frame);
    if (this.#frame !== frame) return sim.destroy();
    this.#sim = sim;
    if (own) {
      await sim.load(own);
      if (this.autoplay !== "off") await sim.play();
    }
    if (this.speed) await sim.speed(Number(this.speed));
    if (this.seed) {
      await sim.restart(Number(this.seed));
      if (this.autoplay === "off") await sim.pause();
    }
    sim.addEventListener("state", () => this.#follow());
    sim.addEventListener("problem", ({ detail }) => this.#report(new SimError(detail)));
    this.#watch();
    this.toggleAttribute("running", true);
    this.#resolve(sim);
    this.#emit("faultline-ready", sim);
    this.#follow();
  }

  #end() {
    this.#sim?.destroy();
    this.#frame?.remove();
    this.#leave();
    this.toggleAttribute("running", false);
    if (this.#frame) {
      this.#reject(gone());
      this.#promise();
    }
    this.#frame = this.#sim = this.#changes = undefined;
    this.#held = false;
  }

  #leave() {
    const at = live.indexOf(this);
    if (at >= 0) live.splice(at, 1);
  }

  #follow() {
    const { state } = this.#sim;
    if (state.run !== "playing") {
      this.#held = false;
      this.#leave();
    } else if (!this.#held && !live.includes(this)) {
      live.unshift(this);
      live.splice(LIVE_MAX).forEach((other) => other.#hold());
    }
    this.#emit("faultline-state", state);
    if (state.changes !== this.#changes) {
      this.#changes = state.changes;
      this.#sync();
    }
  }

  /** Pauses it for another. What it reported before it was paused does not count. */
  #hold() {
    this.#held = true;
    this.#try((sim) => sim.pause());
  }

  /** What else in the page is about this simulation. */
  #about(data) {
    return document.querySelectorAll(`[data-sim="${CSS.escape(this.id)}"][${data}]`);
  }

  #watch() {
    const shown = [...this.#about("data-get")].filter(({ dataset }) => isMetric(dataset.get));
    const names = [...new Set(shown.map(({ dataset }) => dataset.get))];
    // One name that does not exist does not keep the others from being shown.
    for (const name of names) {
      this.#sim.watch([name], (values) => {
        for (const one of shown) if (one.dataset.get === name) show(one, values[name]);
      });
    }
  }

  /** Controls and texts show what the design has now. */
  #sync() {
    for (const one of this.#about("data-set")) {
      this.#read(one.dataset.set, (value) => { if (!one.sending) fill(one, value); });
    }
    for (const one of this.#about("data-get")) {
      const path = one.dataset.get;
      if (!isMetric(path)) this.#read(path, (value) => show(one, value));
    }
  }

  #read(path, take) {
    this.#try((sim) => sim.get(path).then(take));
  }

  async #try(act) {
    try {
      await act(await this.ready);
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error) {
    console.warn(`${this.id || "faultline-sim"}: ${error.message}`);
    this.#emit("faultline-problem", error.problems ?? [{ path: "", message: error.message }]);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** Sends the value of a control; one at a time, then the last. */
  async send(control) {
    if (control.sending) {
      control.again = true;
      return;
    }
    control.sending = true;
    this.load();
    try {
      const sim = await this.ready;
      await sim.set(control.dataset.set, valueOf(control));
      control.setCustomValidity("");
      control.removeAttribute("aria-invalid");
    } catch (error) {
      control.setCustomValidity(error.message);
      control.setAttribute("aria-invalid", "true");
      this.#report(error);
    }
    control.sending = false;
    if (control.again) {
      control.again = false;
      this.send(control);
    }
  }

  /** Does what a button says: `trigger`, `fix:1`, or several with a space between. */
  perform(actions) {
    this.load();
    return this.#try(async (sim) => {
      for (const action of actions.trim().split(/\s+/)) {
        const [name, number] = action.split(":");
        const act = ACTIONS[name];
        if (!act) {
          const message = `unknown action; expected one of ${Object.keys(ACTIONS).join(", ")}`;
          throw new SimError([{ path: action, message }]);
        }
        await act(sim, number === undefined ? undefined : Number(number));
      }
    });
  }
}

const ACTIONS = {
  trigger: (sim) => sim.trigger(),
  clear: (sim) => sim.clear(),
  fix: (sim, fix) => sim.fix(fix),
  undo: (sim) => sim.undo(),
  play: (sim) => sim.play(),
  pause: (sim) => sim.pause(),
  restart: (sim, seed) => sim.restart(seed),
  step: (sim, step) => (step === undefined ? sim.step() : sim.story(step)),
  seek: (sim, time_s) => sim.seek(time_s),
  run_to: (sim, time_s) => sim.runTo(time_s),
  speed: (sim, speed) => sim.speed(speed),
};

for (const name of FaultlineSim.observedAttributes) {
  Object.defineProperty(FaultlineSim.prototype, name, {
    get() { return this.getAttribute(name); },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(name);
      else this.setAttribute(name, value);
    },
  });
}

/** Metrics have one word, or begin with what they are of. All else is a field of the design. */
const isMetric = (name) => /^([^.]+|(nodes|links)\..+)$/.test(name);

function show(element, value) {
  const { digits, get } = element.dataset;
  const usual = /_(per_s|ms)$/.test(get) ? 0 : 1;
  const text = value === null || value === undefined
    ? "–"
    : typeof value === "number"
      ? value.toLocaleString("en", { maximumFractionDigits: Number(digits ?? usual) })
      : String(value);
  if (element.textContent !== text) element.textContent = text;
}

function valueOf(control) {
  if (control.type === "checkbox") return control.checked;
  if (control.dataset.unit) return control.value + control.dataset.unit;
  if (control.type === "range" || control.type === "number") return Number(control.value);
  // As the command line reads values: JSON where it is some, else text.
  try {
    return JSON.parse(control.value);
  } catch {
    return control.value;
  }
}

function fill(control, value) {
  const { unit = "" } = control.dataset;
  if (control.type === "checkbox") control.checked = Boolean(value);
  else if (control.tagName === "SELECT") control.value = textOf(value);
  else if (value !== null) control.value = numberOf(textOf(value), unit);
}

/** Factors of the units of time, in ms. */
const FACTORS = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A quantity without its unit, in the unit of a control: 1000 for "1s" in ms. */
function numberOf(text, unit) {
  const [, number, given] = /^([\d.]+)([a-z]+)$/.exec(text) ?? [];
  if (FACTORS[given] && FACTORS[unit]) return (number * FACTORS[given]) / FACTORS[unit];
  return unit && text.endsWith(unit) ? text.slice(0, -unit.length) : text;
}

const textOf = (value) => (typeof value === "string" ? value : JSON.stringify(value));

const simOf = ({ dataset }) => {
  const element = document.getElementById(dataset.sim);
  return element instanceof FaultlineSim ? element : null;
};

if (inBrowser && !customElements.get("faultline-sim")) {
  customElements.define("faultline-sim", FaultlineSim);
  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.set) simOf(target)?.send(target);
  });
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-do][data-sim]");
    if (button) simOf(button)?.perform(button.dataset.do);
  });
}
