// Types of `@synthlab/playwright`.

import type {
  Browser,
  Expect,
  MatcherReturnType,
  Page,
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from "@playwright/test";
import type { AudioNumbers, Duration, Lab, LabClient, Media, Range, Ranges, VideoNumbers } from "synthlab";

/** A client whose browser Playwright drives. */
export class BrowserClient extends LabClient {
  /** A page of its browser, loaded: the first one, or the first whose address `url` matches. */
  page(options?: { url?: string | RegExp }): Promise<Page>;
}

/** A lab whose clients have pages. */
export class BrowserLab extends Lab {
  client(name: string): BrowserClient;
  /** The connection to a client's browser. */
  browser(name: string): Promise<Browser>;
}

export interface LabWorkerOptions {
  /** A file below the folder of the tests, or a bundled name. Each worker has a lab of its own. */
  stack: string | undefined;
  /** Use this running lab instead. */
  attach: string | undefined;
  /** The lab expires this long after its start, if nobody takes it down. */
  ttl: Duration;
}

export interface LabTestOptions {
  /** When to attach conditions, statistics, screenshots and reports to a test. */
  evidence: "on" | "off" | "retain-on-failure";
  /** Whether Playwright's `retries` are only for tests that the machine was too slow to judge. */
  onInconclusive: "retry" | "fail";
}

export interface LabTestArgs {
  /** Reset after each test. */
  lab: BrowserLab;
}

export interface Polling {
  /** How long to wait for it, in milliseconds; without it, the timeout of `expect`. */
  timeout?: number;
  /** It must then hold this long without a break. */
  for?: Duration;
}

type Judged = Promise<MatcherReturnType>;
type Either = Media<VideoNumbers> | Media<AudioNumbers>;

type Matchers = {
  toHaveFps(media: Media<VideoNumbers>, range: Range, polling?: Polling): Judged;
  toHaveKbps(media: Either, range: Range, polling?: Polling): Judged;
  toHaveNumbers(media: Either, ranges: Ranges<VideoNumbers & AudioNumbers>, polling?: Polling): Judged;
  toRecover(
    media: Either,
    ranges: Ranges<VideoNumbers & AudioNumbers>,
    waiting: { within: Duration; for?: Duration },
  ): Judged;
};

export declare const test: TestType<
  Omit<PlaywrightTestArgs, "page" | "context"> & PlaywrightTestOptions & LabTestOptions & LabTestArgs,
  Omit<PlaywrightWorkerArgs, "browser"> & PlaywrightWorkerOptions & LabWorkerOptions
>;

export declare const expect: Expect<Matchers>;
