// Types of Synthetic Network's own class.

declare namespace SyntheticNetwork {
  /** One direction: each value is read without an argument, and set with one. */
  interface Quality {
    /** Bits per second. */
    rate(): number;
    rate(bitsPerSecond: number): this;
    /** A share from 0 to 1. */
    loss(): number;
    loss(share: number): this;
    /** One way, in whole milliseconds. */
    latency(): number;
    latency(ms: number): this;
    jitter(): number;
    jitter(ms: number): this;
    /** The share of packets that are jittered. */
    jitter_strength(): number;
    jitter_strength(share: number): this;
    reorder_packets(): boolean;
    reorder_packets(reorder: boolean): this;
  }

  interface Link {
    ingress: Quality;
    egress: Quality;
  }

  interface FlowFields {
    ip?: string | number;
    protocol?: "*" | "icmp" | "tcp" | "udp" | "icmpv6" | "sctp" | number;
    port_min?: number;
    port_max?: number;
  }

  interface Flow {
    flow: { ip: number; protocol: number; port_min: number; port_max: number };
    link: Link;
  }

  interface Profile {
    get(): Promise<{ flows: Record<string, { packets: number; bits: number }> }>;
  }
}

declare class SyntheticNetwork {
  constructor(options?: { hostname?: string; port?: number | string });
  hostname: string;
  port: number | string;
  default_link: SyntheticNetwork.Link;
  flows: Record<string, SyntheticNetwork.Flow>;
  profiles: { ingress: SyntheticNetwork.Profile; egress: SyntheticNetwork.Profile };
  /** Read what is in force into this object. */
  get(): Promise<this>;
  /** Put in force what this object holds. */
  commit(): Promise<void>;
  /** `*:udp:1-1000`, or fields. */
  addFlow(label: string, flow?: string | SyntheticNetwork.FlowFields): SyntheticNetwork.Flow;
  removeFlow(label: string): void;
}

export = SyntheticNetwork;
