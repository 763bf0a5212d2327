// Types of `synthlab`.

import type { Nat, State, Traffic } from "./answers.js";
import type { Duration, LinkValues, Time } from "./conditions.js";

export type { Conditions, Entry, HistoryRecord, LinkCounts, State, Traffic, TrafficRow } from "./answers.js";
export type { Bytes, Duration, LinkValues, Packets, Rate, Share, Time } from "./conditions.js";
export { default as SyntheticNetwork } from "./synthetic_network.cjs";

/** Values of one direction in a change. */
export interface LinkChange extends LinkValues {
  /** Values in the words of tc-netem and tc-tbf, below the others: `delay 100ms 20ms loss 1% 25%`. In a lab only. */
  netem?: string;
}

/** Values of one flow; `muted` lets its packets go to the next flow that matches. */
export interface FlowValues {
  match?: string | null;
  muted?: boolean | null;
  ingress?: LinkChange | null;
  egress?: LinkChange | null;
}

/** A flow in one state of a walk. */
export interface StateFlow {
  match?: string;
  ingress?: LinkValues;
  egress?: LinkValues;
}

/** Values that lie over the others in one state of a walk. */
export interface StateValues {
  /** Mean time in this state. */
  mean: Duration;
  /** Weights of the states that may follow; without it all others may, alike. */
  to?: Record<string, number>;
  ingress?: LinkValues;
  egress?: LinkValues;
  flows?: Record<string, StateFlow>;
}

/** What becomes of the look-ups of a name. */
export interface LookupValues {
  /** How much later the answer comes, at most 20s. */
  delay?: Time | null;
  /** `nxdomain`, `servfail`, `timeout` (no answer at all), or addresses: `10.0.0.9, fd00::9`. */
  answer?: string | null;
}

/** What to change. Values without a direction count in both; `null` clears, and what is not named stays. */
export interface Change extends LinkChange {
  /** Toward the client: its download. */
  ingress?: LinkChange | null;
  /** Away from the client: its upload. */
  egress?: LinkChange | null;
  flows?: Record<string, FlowValues | null> | null;
  /** These flows first, in this order. */
  order?: string[];
  /** Keep the values, but do not apply them. */
  muted?: boolean | null;
  /** Walk between these sets of values, from the first one; `null` ends the walk. */
  states?: Record<string, StateValues> | null;
  /** Go to this state now. */
  state?: string;
  /** Look-ups by name: `app.example`, `*.example` or `*`. */
  dns?: Record<string, LookupValues | null> | null;
  /** Of a router: what it does with addresses and ports. */
  nat?: Nat | null;
  seed?: number | null;
  /** Only these packets: `*:udp`, `sfu:rtp`. */
  flow?: string;
  /** A network that sets all values: `wpt/3g`. */
  profile?: string;
}

/** For how long, and from when. */
export interface When {
  /** It ends by itself, even if Node is killed. */
  for?: Duration;
  /** It starts after this time. */
  in?: Duration;
  flow?: string;
  profile?: string;
}

/** What a client receives of one participant. A value that is not known is absent. */
export interface VideoNumbers {
  kbps?: number;
  fps?: number;
  width?: number;
  height?: number;
  frames?: number;
  dropped?: number;
  lost?: number;
  nack?: number;
  pli?: number;
  fir?: number;
  freezes?: number;
  freeze_s?: number;
  jitter_buffer_ms?: number;
  rtt_ms?: number;
  first_frame_ms?: number;
}

export interface AudioNumbers {
  kbps?: number;
  lost?: number;
  concealed?: number;
  jitter_buffer_ms?: number;
  rtt_ms?: number;
}

/** What the application published, and how old each key is. */
export interface Stats {
  values: { video?: Record<string, VideoNumbers>; audio?: Record<string, AudioNumbers> } & Record<string, unknown>;
  age_s: Record<string, number>;
}

export type ClientEvent =
  | { type: "state"; data: State }
  | { type: "stats"; data: Stats }
  | { type: "traffic"; data: Traffic }
  | { type: "history" | "sample" | "files"; data: Record<string, unknown> };

/** The lab or a client failed. */
export class SynthlabError extends Error {}
/** A wrong name, value or file. Nothing was changed. */
export class WrongUse extends SynthlabError {}
/** The lab worked, but an expectation was not met. */
export class ExpectationFailed extends SynthlabError {
  run?: Run;
}
/** An expectation was not met, but the machine was too slow to judge it. */
export class Inconclusive extends ExpectationFailed {}

/** What a text in the words of tc-netem and tc-tbf means. */
export interface NetemMeaning {
  text: string;
  values: LinkValues;
  /** Values that its options replace, which the change clears. */
  cleared: string[];
  /** What differs from the kernel. */
  notes: string[];
}

/** A change, and how to revert or extend it. */
export class AppliedChange {
  private constructor();
  /** Just after the change, by client. */
  readonly states: Record<string, State>;
  /** Ids of the leases by which it ends. */
  readonly leases: number[];
  /** What each `netem` in it means, by the path to it: `egress.netem`. */
  readonly netem: Record<string, NetemMeaning>;
  /** Revert it now, whether scheduled or in force. May be called again. */
  revert(): Promise<void>;
  /** Let it last this long from now; without a time, as long as it was given first. */
  renew(for_?: Duration): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One client over its own HTTP API. */
export class Client {
  /** The address of its control page: `http://127.0.0.1:3000`. */
  constructor(url: string | URL);
  /** Change conditions; nothing is changed if a value is wrong. */
  set(change: Change, when?: When): Promise<AppliedChange>;
  /** Go back to the conditions that it started with; also ends leases and scheduled changes. */
  reset(): Promise<unknown>;
  state(): Promise<State>;
  stats(): Promise<Stats>;
  traffic(): Promise<Traffic>;
  /** The flows in force, in the order in which they match. */
  flows(): Promise<Array<FlowValues & { name: string }>>;
  events(options?: { only?: Array<ClientEvent["type"]>; signal?: AbortSignal }): AsyncGenerator<ClientEvent, void>;
}

/** Least and greatest value, both included. */
export interface Range {
  min?: number;
  max?: number;
}

export type Ranges<Numbers> = { [Name in keyof Numbers]?: Range };

export interface Waiting {
  /** Begin to hold in this time; without it, at the first reading. */
  within?: Duration;
  /** Then hold this long without a break. */
  for?: Duration;
}

export interface Held {
  /** From the call to the reading at which it began to hold. */
  tookMs: number;
  /** The numbers at the last reading, as text. */
  seen: string;
}

/** What one participant receives of another: lazy, read again each time. */
export class Media<Numbers = VideoNumbers> {
  private constructor();
  readonly client: LabClient;
  readonly kind: "video" | "audio";
  readonly participant: string;
  /** `alice.video.bob` */
  readonly name: string;
  toString(): string;
  toJSON(): { client: string; kind: string; participant: string };
  /** The values measured last; an error where there are none of the last second. */
  numbers(): Promise<Numbers>;
  /** The mean of each value over a time that begins now. */
  baseline(lasting: Duration): Promise<Required<Numbers>>;
  /** Wait until each value is in its range; raises ExpectationFailed or Inconclusive. */
  expect(ranges: Ranges<Numbers>, waiting?: Waiting & { negate?: boolean }): Promise<Held>;
  /** The same, as the time to recover. */
  recovers(ranges: Ranges<Numbers>, waiting: Waiting & { within: Duration }): Promise<Held>;
}

/** A client of a lab. */
export class LabClient extends Client {
  constructor(lab: Lab, name: string);
  readonly lab: Lab;
  readonly name: string;
  toString(): string;
  /** What it sees of another participant. */
  video(participant: string): Media<VideoNumbers>;
  /** What it hears of another participant. */
  audio(participant: string): Media<AudioNumbers>;
  /** Why this machine was too slow for what this client, or others, measured in the last second. */
  tooSlow(others?: string[]): Promise<string[]>;
  /** Its browser's debugging port, and the headers that a request to it needs. */
  cdp(): { url: string; headers: Record<string, string> };
  pause(): Promise<void>;
  unpause(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
}

/** Clients that change at the same moment, or not at all. */
export class Group {
  private constructor();
  readonly lab: Lab;
  readonly name?: string;
  set(change: Change, when?: When): Promise<AppliedChange>;
  reset(): Promise<unknown>;
}

export interface Participant {
  name: string;
  group?: string;
  role: "client" | "sfu" | "turn" | "service" | "outside";
  app?: string;
  state: string;
  health?: string;
  conditioned: boolean;
  why_not?: string;
  /** Why the lab has no numbers of WebRTC of it. */
  no_numbers?: string;
  screen: boolean;
  debugger: boolean;
  page?: string;
  address?: string;
}

export interface UpOptions {
  /** The lab's name; without it, the stack's. */
  name?: string;
  /** It expires this long after its start. */
  ttl?: Duration;
  /** The folder below which stacks and scenarios are; without it, the current one. */
  cwd?: string;
  variables?: Record<string, string>;
  /** Take down a lab of this name first. */
  replace?: boolean;
  /** Leave it up at the end. */
  keep?: boolean;
  /** Where it runs: on this machine, or on the nodes of a swarm. */
  engine?: "docker" | "swarm";
  /** Where the nodes of a swarm get the images, such as `10.0.0.1:5000`. */
  registry?: string;
  /** Let a stack do what needs your rights on this machine: see docs/security.md. */
  allowHost?: boolean;
  /** Called with one line per stage. */
  progress?: (line: string) => void;
}

export interface Step {
  step: string;
  state: "waiting" | "running" | "passed" | "failed" | "done";
  at_s?: number;
  value?: string;
  reason?: string;
}

/** A scenario that was played. */
export class Run {
  private constructor();
  readonly id: string;
  readonly verdict: "passed" | "failed" | "inconclusive" | "wrong use";
  readonly steps: Step[];
  /** Its HTML report. */
  report(): Promise<string>;
}

export type LabEvent = { type: "lab" | "states" | "numbers" | "run" | "mark"; data: Record<string, unknown> };

/** A running lab. */
export class Lab {
  protected constructor(server: unknown, name: string, options?: { own?: boolean });
  /** Bring up a stack, a file or a bundled name, and wait until every client is healthy. */
  static up<This extends Lab>(this: { prototype: This }, stack: string, options?: UpOptions): Promise<This>;
  /** A lab that is up: the one named, else that of SYNTHLAB_LAB, else the only one. */
  static attach<This extends Lab>(this: { prototype: This }, name?: string, options?: { cwd?: string }): Promise<This>;
  readonly name: string;
  toString(): string;
  client(name: string): LabClient;
  /** All clients of a group. */
  group(name: string): Group;
  participants(): Promise<Participant[]>;
  /** The names of the clients that have conditions: all, or those of a group. */
  names(group?: string): Promise<string[]>;
  /** All clients back to the conditions of the stack. */
  reset(): Promise<unknown>;
  /** The same, and everything runs that was paused or stopped. */
  restore(): Promise<void>;
  stats(): Promise<Record<string, Stats>>;
  /** Nothing passes directly between two clients, or a client and `sfu`. */
  partition(
    a: string,
    b: string,
    options?: { direction?: "both" | "a-to-b" | "b-to-a"; answer?: "drop" | "reject"; for?: Duration },
  ): Promise<AppliedChange>;
  /** Play a scenario to its end; raises ExpectationFailed or Inconclusive where it does not pass. */
  play(
    scenario: string,
    options?: { variables?: Record<string, string>; seed?: number; allowHost?: boolean },
  ): Promise<Run>;
  /** Wait until an expression such as `alice.video.bob.fps > 10` holds. */
  expect(expression: string, waiting?: Waiting): Promise<Held>;
  /** One line for each link on which this machine was too slow in the last second. */
  tooSlow(): Promise<string[]>;
  events(options?: { signal?: AbortSignal }): AsyncGenerator<LabEvent, void>;
  /** Remove its containers, networks and volumes, and end the server. */
  down(): Promise<void>;
  /** End the server. A lab from `up` goes down with it, unless it is to be kept. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
