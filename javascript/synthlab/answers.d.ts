// A client's answers. Written by write_types.py from the API's own description; do not edit.

import type { LinkValues } from "./conditions.js";

export type Change = {
    ingress?: LinkChange | null;
    egress?: LinkChange | null;
    /** @description kept, but not in force */
    muted?: boolean | string | null;
    flows?: {
        [key: string]: FlowChange | null;
    } | null;
    /** @description flows that go first */
    order?: string[];
    states?: {
        [key: string]: ConditionsState;
    } | null;
    /** @description the state that the walk is in; in a change: that it begins with */
    state?: string;
    dns?: {
        [key: string]: {
            delay?: string | null;
            answer?: string | null;
        } | null;
    } | null;
    nat?: Nat | null;
    seed?: number | null;
};
export type Conditions = {
    ingress?: Link;
    egress?: Link;
    /**
     * @description kept, but not in force
     * @constant
     */
    muted?: true;
    flows?: {
        [key: string]: Flow;
    };
    states?: {
        [key: string]: ConditionsState;
    };
    /** @description the state that the walk is in; in a change: that it begins with */
    state?: string;
    dns?: {
        [key: string]: Lookup;
    };
    nat?: Nat;
    /** @description seed of all random draws */
    seed?: number;
};
export type ConditionsState = {
    /** @description mean time in this state, 100ms to 1h */
    mean: string;
    to?: {
        [key: string]: number;
    };
    ingress?: LinkChange;
    egress?: LinkChange;
    flows?: {
        [key: string]: FlowOfState;
    };
};
export type Counts = {
    packets_in: number;
    bytes_in: number;
    packets_out: number;
    bytes_out: number;
    duplicated: number;
    originated: number;
    queued: number;
    dropped: {
        [key: string]: number;
    };
    dropped_bytes: {
        [key: string]: number;
    };
    achieved: {
        window_s?: number;
        packets?: number;
        /** @description of what left */
        rate_bps?: number;
        /** @description share dropped by conditions */
        loss?: number;
        /** @description dropped by the forwarder or the kernel */
        discarded?: number;
        delay_p50_ms?: number;
        delay_p99_ms?: number;
        /** @description waiting in the queue of a rate or rate trace */
        queue_delay_p50_ms?: number;
        queue_delay_p95_ms?: number;
    };
};
export type Entry = {
    id: number;
    /** @description time of CLOCK_MONOTONIC in ns */
    at_ns: number;
    change?: Change;
    replace?: Change;
    /** @description time until it starts */
    in_ns?: number;
    /** @description time of CLOCK_MONOTONIC in ns */
    expires_ns?: number;
    /** @description time until it ends */
    left_ns?: number;
    /** @description how late it came */
    late_ns?: number;
};
export type Flow = {
    /** @description a flow expression: host[:protocol[:port[-port]]][,pt=N][,ssrc=N] */
    match?: string;
    ingress?: Link;
    egress?: Link;
    /**
     * @description kept, but not in force
     * @constant
     */
    muted?: true;
};
export type FlowChange = {
    /** @description a flow expression: host[:protocol[:port[-port]]][,pt=N][,ssrc=N] */
    match?: string;
    ingress?: LinkChange | null;
    egress?: LinkChange | null;
    /** @description kept, but not in force */
    muted?: boolean | string | null;
};
export type FlowOfState = {
    /** @description a flow expression: host[:protocol[:port[-port]]][,pt=N][,ssrc=N] */
    match?: string;
    ingress?: LinkChange;
    egress?: LinkChange;
};
export type HistoryRecord = {
    /** @description time of CLOCK_MONOTONIC in ns */
    at_ns: number;
    age_s: number;
    by: string;
    /** @enum {unknown} */
    kind: "change" | "replace" | "lease" | "expired" | "released" | "failed" | "roam";
    id: number;
    change?: Change;
    lasts_ns?: number;
    /** @description where it roamed */
    to?: string;
};
export type Link = LinkValues;
export type LinkChange = LinkValues;
export type LinkCounts = {
    packets_in: number;
    bytes_in: number;
    packets_out: number;
    bytes_out: number;
    duplicated: number;
    originated: number;
    queued: number;
    dropped: {
        [key: string]: number;
    };
    dropped_bytes: {
        [key: string]: number;
    };
    achieved: {
        window_s?: number;
        packets?: number;
        /** @description of what left */
        rate_bps?: number;
        /** @description share dropped by conditions */
        loss?: number;
        /** @description dropped by the forwarder or the kernel */
        discarded?: number;
        delay_p50_ms?: number;
        delay_p99_ms?: number;
        /** @description waiting in the queue of a rate or rate trace */
        queue_delay_p50_ms?: number;
        queue_delay_p95_ms?: number;
    };
    bypassed: number;
    forgotten: {
        conversations: number;
        fragments: number;
    };
};
export type Lookup = {
    /** @description how much later the answer comes, at most 20s */
    delay?: string;
    /** @description the answer in place of the real one: nxdomain, servfail, timeout (no answer at all), or addresses such as 10.0.0.9, fd00::9 */
    answer?: string;
};
export type Lookups = {
    lookups: number;
    delayed: number;
    /** @description answered nxdomain or servfail */
    failed: number;
    unanswered: number;
    /** @description answered with the addresses of `dns` */
    made_up: number;
};
export type Nat = ("none" | "full-cone" | "restricted" | "port-restricted" | "symmetric") | {
    /**
     * @description what a router does with addresses and ports
     * @enum {unknown}
     */
    kind: "none" | "full-cone" | "restricted" | "port-restricted" | "symmetric";
    /** @description neighbours reach each other at external ports */
    hairpin?: boolean;
    /** @description how long an idle mapping of UDP lasts, 1s to 1h */
    mapping_timeout?: string;
    /** @description external ports are the inner ones */
    port_preserving?: boolean;
};
export type State = {
    version: string;
    name: string;
    lab: string;
    startup: Conditions;
    seed: number;
    problem: string | null;
    self_control: boolean;
    screen_port: number | null;
    may_change: boolean;
    /** @description time of CLOCK_MONOTONIC in ns */
    monotonic_ns: number;
    conditions: Conditions;
    base: Conditions;
    leases: Entry[];
    scheduled: Entry[];
    failed: {
        count: number;
        last: {
            id: number;
            /** @description time of CLOCK_MONOTONIC in ns */
            at_ns: number;
            error: string;
        }[];
    };
    history: HistoryRecord[];
    forwarder: {
        restarts: number;
        /** @enum {unknown} */
        state: "well" | "starved" | "hangs";
        hangs: number;
        starved_s: number;
        up_s: number;
        cpu_s: number;
        /** @description share of one processor in the last second; near 1, no more can be forwarded */
        busy: number;
        /** @description estimate of what it forwards of full-size packets, one way */
        reach_bps: number;
        lateness: {
            ingress: {
                p50_ms?: number;
                p99_ms?: number;
                max_ms?: number;
            };
            egress: {
                p50_ms?: number;
                p99_ms?: number;
                max_ms?: number;
            };
        };
    };
    links: {
        ingress: LinkCounts;
        egress: LinkCounts;
    };
    flows: {
        [key: string]: {
            ingress: Counts;
            egress: Counts;
        };
    };
    walk?: Walk;
    dns?: {
        restarts: number;
        /** @enum {unknown} */
        state: "well" | "starved" | "hangs";
        hangs: number;
        starved_s: number;
        /** @description all, also of names that `dns` does not cover */
        lookups: number;
        names: {
            [key: string]: Lookups;
        };
        /** @description why look-ups are not conditioned although `dns` is set */
        problem?: string;
    };
    uplink?: Uplink;
};
export type Traffic = {
    /** @description time of CLOCK_MONOTONIC in ns */
    monotonic_ns: number;
    window_s: number;
    watching: boolean;
    ingress: TrafficRow[];
    egress: TrafficRow[];
    rest: {
        ingress: {
            rows: number;
            packets_s: number;
            bits_s: number;
        };
        egress: {
            rows: number;
            packets_s: number;
            bits_s: number;
        };
    };
};
export type TrafficRow = {
    remote: string;
    name: string | null;
    protocol: string;
    port: number | null;
    media: string | null;
    payload_type: number | null;
    kind: string | null;
    codec: string | null;
    packets_s: number;
    bits_s: number;
    dropped_s: {
        [key: string]: number;
    };
    delay_ms: number | null;
    flow: string;
    match: string;
};
export type Uplink = {
    uplinks: string[];
    in_use: string | null;
    address: string | null;
    on_the_way_to: string | null;
};
export type Walk = {
    /** @description the state that the walk is in; in a change: that it begins with */
    state: string;
    /** @description time of CLOCK_MONOTONIC in ns */
    since_ns: number;
    /** @description time of CLOCK_MONOTONIC in ns */
    until_ns: number;
    age_s: number;
    states: {
        [key: string]: {
            entered: number;
            spent_s: number;
        };
    };
    /** @description the last 32 states, oldest first */
    past: {
        /** @description time of CLOCK_MONOTONIC in ns */
        at_ns: number;
        /** @description the state that the walk is in; in a change: that it begins with */
        state: string;
    }[];
};
