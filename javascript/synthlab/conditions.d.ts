// The conditions of one direction. Written by write_types.py from the schema of conditions; do not edit.

/** Bits per second: `500kbit`, `1.5mbit`. */
export type Rate = `${number}${"bit" | "kbit" | "mbit" | "gbit"}`;
/** `80ms`, `1.5s`, `250us`. */
export type Time = `${number}${"ns" | "us" | "ms" | "s"}`;
/** `5%`, `0.5%`. */
export type Share = `${number}%`;
/** `64kb`, `1400b`. */
export type Bytes = `${number}${"b" | "kb" | "mb"}`;
/** A number of packets: `100p`. */
export type Packets = `${number}p`;
/** How long: `500ms`, `10s`, `1.5min`. */
export type Duration = `${number}${"ns" | "us" | "ms" | "s" | "min" | "h"}`;

/** Values of one direction; `null` clears one. */
export interface LinkValues {
  /** Bit rate of the bottleneck, counting Ethernet header and IP packet as tc does. */
  rate?: Rate | "unlimited" | null;
  /** Bytes of frames that may leave at once after a pause, as from the token bucket of tc-tbf (default none). */
  burst?: Bytes | null;
  /** Uploaded mahimahi trace: each line is a time in ms at which 1500 bytes may leave; instead of a rate. */
  rate_trace?: string | null;
  /** How much may wait at the bottleneck (default 200ms, but at least 10 full-size packets; with fq_codel 10240p, with pie 1000p). */
  queue?: Time | Bytes | Packets | null;
  /** Bytes each packet costs the bottleneck in addition to its frame. */
  overhead?: Bytes | null;
  /** Payload bytes of the cells that packets take whole, as on ATM (default none). */
  cell?: Bytes | null;
  /** Bytes each cell costs the bottleneck in addition to its payload. */
  cell_overhead?: Bytes | null;
  /** Which packets the queue drops: droptail (arrivals when it is full), codel (also after a long wait), fq_codel (codel on a queue for each flow, served in turns) or pie (arrivals at random, to keep the wait near a target). */
  aqm?: "droptail" | "codel" | "fq_codel" | "pie" | null;
  /** Queueing delay CoDel aims for (default 5ms). */
  codel_target?: Time | null;
  /** How long the delay may exceed the target before CoDel acts (default 100ms). */
  codel_interval?: Time | null;
  /** Bytes a flow may send in its turn (default 1514b). */
  fq_quantum?: Bytes | null;
  /** Number of queues that flows are hashed to (default 1024). */
  fq_flows?: number | `${number}` | null;
  /** Queueing delay PIE aims for (default 15ms). */
  pie_target?: Time | null;
  /** How often PIE updates its drop probability (default 15ms). */
  pie_update?: Time | null;
  /** How long a burst may last before PIE drops (default 150ms). */
  pie_burst?: Time | null;
  /** With ecn, PIE marks up to this drop probability, and drops above it (default 10%). */
  pie_ecn_threshold?: Share | null;
  /** Mark ECN-capable packets instead of dropping them, except when the queue is full. */
  ecn?: boolean | null;
  /** Drop every packet. */
  outage?: boolean | null;
  /** Share of packets dropped, independently of each other. */
  loss?: Share | null;
  /** Mean length of loss bursts, in packets. */
  loss_burst?: Packets | null;
  /** How far the loss of a packet follows that of the one before it; the share stays. */
  loss_correlation?: Share | null;
  /** Loss with a good and a bad state: p [r [1-h [1-k]]] as in tc-netem's gemodel. */
  loss_gemodel?: Share | `${Share} ${string}` | null;
  /** Loss with four states: p13 [p31 [p32 [p23 [p14]]]] as in tc-netem's state. */
  loss_state?: Share | `${Share} ${string}` | null;
  /** Drop every n-th packet. */
  loss_every?: Packets | null;
  /** Drop the packets with these numbers, counted from 1 when this is set. */
  loss_list?: string | null;
  /** Share of packets with one flipped bit. */
  corrupt?: Share | null;
  /** How far the corruption of a packet follows that of the one before it; the share stays. */
  corrupt_correlation?: Share | null;
  /** Share of packets sent twice. */
  duplicate?: Share | null;
  /** How far the duplication of a packet follows that of the one before it; the share stays. */
  duplicate_correlation?: Share | null;
  /** One-way delay of every packet. */
  latency?: Time | null;
  /** Variation of the delay: uniform from latency-jitter to latency+jitter, keeping the order. */
  jitter?: Time | null;
  /** Jitter distribution: uniform (both sides of the latency), one-sided (latency to latency+jitter), or tc-netem's normal, pareto or paretonormal, scaled by the jitter. */
  distribution?: "uniform" | "one-sided" | "normal" | "pareto" | "paretonormal" | null;
  /** Uploaded table of the jitter distribution, in the format of tc-netem (iproute2); instead of a distribution. */
  jitter_table?: string | null;
  /** Share of packets the jitter applies to (default all). */
  jitter_share?: Share | null;
  /** How far a packet's jitter follows that of the one before it; the distribution stays. */
  jitter_correlation?: Share | null;
  /** Let jitter change the order of packets. */
  reordering?: boolean | null;
  /** Maximum packets that latency and jitter hold; more are dropped, as with tc-netem's limit. */
  latency_limit?: Packets | null;
  /** Share of packets that skip latency and jitter, as with tc-netem's reorder. */
  early?: Share | null;
  /** How far the skipping of a packet follows that of the one before it; the share stays. */
  early_correlation?: Share | null;
  /** At most every n-th packet skips latency and jitter, as with tc-netem's gap (default 1p). */
  early_gap?: Packets | null;
  /** Uploaded trace of the delay over time (lines of: milliseconds, delay in ms); added to the latency. */
  delay_trace?: string | null;
  /** Length of recurring stalls, after which everything that waited leaves at once, as in handovers. */
  hold?: Time | null;
  /** Time from the end of one hold to the end of the next (default 15s). */
  hold_every?: Time | null;
  /** Share of packets that later ones overtake. */
  reorder?: Share | null;
  /** How many later packets overtake one (default 1p), which waits for them at most 100ms. */
  reorder_gap?: Packets | null;
  /** How far the reordering of a packet follows that of the one before it; the share stays. */
  reorder_correlation?: Share | null;
  /** Send packets in bursts: waiting packets leave together, this long after the first. */
  slot?: Time | `${Time}-${Time}` | null;
  /** Variation of the time between bursts, added to it. */
  slot_jitter?: Time | null;
  /** Distribution of slot_jitter: those of jitter (default uniform). */
  slot_distribution?: "uniform" | "one-sided" | "normal" | "pareto" | "paretonormal" | null;
  /** Maximum packets per burst. */
  slot_packets?: Packets | null;
  /** Maximum bytes of frames per burst. */
  slot_bytes?: Bytes | null;
  /** Drop longer IP packets and report the limit to the sender (IPv6 ignores limits below 1280b). */
  mtu?: Bytes | null;
  /** Whether to report the limit to the sender (default yes). */
  mtu_answer?: boolean | null;
  /** Drop every packet and answer this way; reset is a TCP reset, and port-unreachable for other protocols. */
  reject?: "reset" | "port-unreachable" | "host-unreachable" | "admin-prohibited" | null;
}
