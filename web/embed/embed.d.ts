/** The version of this package. */
export const version: string;
/** Sets the address of the site that has `embed.html`: by default that of the script. */
export function setBase(url: string | URL): void;

/** One thing wrong with a request: where, what, and what would be valid. */
export interface Problem {
  path: string;
  message: string;
}
/** Rejects the promise of a request: has every reason. */
export class SimError extends Error {
  readonly problems: Problem[];
}

/** A plain value: the content of a field. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };
/** A design: the object of a design file. */
export type Design = { faultline: 1 } & Record<string, unknown>;

/** What a simulation reports four times a second, if it has changed. */
export interface State {
  run: "playing" | "paused" | "ended";
  /** Simulated time, in seconds. */
  time_s: number;
  /** Simulated seconds per second. */
  speed: number;
  /** The name of the design. */
  name: string;
  /** The duration of the run, in seconds. */
  duration_s: number;
  /** The ids of the nodes. */
  nodes: string[];
  /** How many steps and fixes the lesson has; 0 for a design that is no lesson. */
  steps: number;
  fixes: number;
  /** Whether the lesson's first fix is in the design. */
  fixed: boolean;
  /** Increases with every change of the design. */
  changes: number;
}
/** What a rule found in the run so far. */
export interface Finding {
  rule: string;
  severity: "note" | "warning" | "error";
  subjects: string[];
  onset_s: number | null;
  what: string;
  why: string;
  remedy: string;
}
/** A metric of the whole system, of a node, or of a link. */
export type Metric =
  | "goodput_per_s" | "offered_per_s" | "throughput_per_s" | "failed_per_s"
  | "p50_ms" | "p99_ms" | "amplification" | "waiting" | "time_s"
  | `nodes.${string}.${"waiting" | "in_use"}`
  | `links.${string}.${"in_flight" | "breakers_open"}`;

/** A simulation in a frame. Its events are `state` and `problem`. */
export class Sim extends EventTarget {
  constructor(frame: HTMLIFrameElement);
  readonly frame: HTMLIFrameElement;
  /** The last state that the frame reported. */
  readonly state: State | undefined;
  play(): Promise<null>;
  pause(): Promise<null>;
  /** Advances the run by 10 ms and pauses it. */
  step(): Promise<null>;
  restart(seed?: number): Promise<null>;
  /** Goes to a moment that the run has reached. */
  seek(time_s: number): Promise<null>;
  /** Runs to a moment as fast as possible. */
  runTo(time_s: number): Promise<null>;
  /** Changes the speed: 0.01 to 1000 simulated seconds per second. */
  speed(speed: number): Promise<null>;
  /** Returns the value of a field: `api->database.retry.max_attempts`. */
  get(path: string): Promise<Value>;
  /** Changes a field and returns its value. */
  set(path: string, value: Value): Promise<Value>;
  /** Injects the fault of the lesson. */
  trigger(): Promise<null>;
  /** Injects a fault, as a design file has it; without `at`, now. */
  inject(fault: { kind: string; target: string } & Record<string, Value>): Promise<null>;
  /** Removes all faults. */
  clear(): Promise<null>;
  /** Applies a fix of the lesson, by its number from 0. */
  fix(fix?: number): Promise<null>;
  /** Undoes the last change. */
  undo(): Promise<null>;
  /** Returns a metric; null if nothing was measured. */
  metric(name: Metric): Promise<number | null>;
  /** Returns the end of each second and the value of a metric of the whole system in it. */
  series(name: Metric): Promise<[number, number | null][]>;
  /** Reports metrics, `hz` times a second: at most 4. Returns what ends it. */
  watch<Name extends Metric>(
    names: Name[],
    take: (values: Record<Name, number | null>) => void,
    hz?: number,
  ): () => void;
  design(): Promise<Design>;
  /** Opens another design: its object, or its link. */
  load(design: Design | string): Promise<null>;
  /** Returns the fragment of the link of the design. */
  link(): Promise<string>;
  findings(): Promise<Finding[]>;
  /** Goes to a step of the lesson, by its number from 1, and returns its text. */
  story(step: number): Promise<string>;
  theme(theme: "auto" | "light" | "dark"): Promise<null>;
  /** Sends any request of the protocol. */
  request(type: string, fields?: Record<string, Value>): Promise<Value>;
  /** Ends the simulation and removes its frame. */
  destroy(): void;
}

/** Connects to a frame that shows `embed.html`. */
export function connect(frame: HTMLIFrameElement): Promise<Sim>;

/** The attributes of `<faultline-sim>`. */
export interface Attributes {
  /** The id of a lesson or of a reference design. */
  scenario?: string;
  /** The link of a design, or its fragment. */
  link?: string;
  /** The address of a design file. */
  src?: string;
  /** Width by height: `16/9`. */
  ratio?: string;
  loading?: "visible" | "click" | "eager";
  /** The address of a picture to show until it runs, or `auto` for the lesson's own. */
  poster?: string;
  mode?: "view" | "play" | "edit";
  autoplay?: "on" | "off";
  speed?: string | number;
  seed?: string | number;
  /** Rows of the chart: `rates,latency,amplification,waiting`, or `none`. */
  panels?: string;
  controls?: "full" | "min" | "none";
  theme?: "auto" | "light" | "dark";
}
/** The attributes, and a design to open in place of a scenario. */
export interface Options extends Attributes {
  /** What screen readers call the frame. */
  label?: string;
  design?: Design;
}
/** Puts a simulation into an element, or the first that a selector matches. */
export function mount(element: Element | string, options?: Options): Promise<Sim>;

/** The element `<faultline-sim>`. */
export interface FaultlineSimElement extends HTMLElement {
  /** Resolved with the simulation, once it runs. */
  readonly ready: Promise<Sim>;
  design: Design | undefined;
  /** Loads and starts the simulation. */
  load(): Promise<Sim>;
  scenario: string | null;
  link: string | null;
  src: string | null;
  ratio: string | null;
  loading: string | null;
  poster: string | null;
  mode: string | null;
  speed: string | null;
  seed: string | null;
  panels: string | null;
  controls: string | null;
  theme: string | null;
}

declare global {
  interface HTMLElementTagNameMap {
    "faultline-sim": FaultlineSimElement;
  }
  interface HTMLElementEventMap {
    "faultline-ready": CustomEvent<Sim>;
    "faultline-state": CustomEvent<State>;
    "faultline-problem": CustomEvent<Problem[]>;
  }
}
