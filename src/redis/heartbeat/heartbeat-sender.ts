import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { serverClock } from '../../kernel/server-time.ts';
import { ownProgram } from '../../system/own-program.ts';
import { everyLater, type Repeating, within } from '../../system/wait.ts';
import { heartbeatInterval } from '../heartbeat-times.ts';
import type { SupervisorLines } from './supervisor-lines.ts';
import type { FromHeartbeatThread, MemberState, SharedLease, ToHeartbeatThread } from './thread-messages.ts';

/** Memory of the thread, in megabytes. */
const limits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
/** Milliseconds to wait for the first heartbeat: the start of the thread, a connection, an answer. */
const startTimeout = 10_000;
/** Milliseconds until a new thread replaces one that has ended; shorter than a lease. */
const restartPause = 500;
/** Milliseconds that a stopping member tries to remove itself; otherwise its heartbeat key expires. */
const leaveTimeout = 500;

export interface MemberHooks {
  /** the present content of its heartbeat */
  sign(): MemberState;
  /** Redis has confirmed a heartbeat */
  heard(): void;
  /** Redis answers, and refuses heartbeats at present */
  refused?(): void;
  /** absent for stages */
  lease?: LeaseHooks;
}

interface LeaseHooks {
  /** memory of the lease, see Lease */
  readonly renewedAt: Float64Array;
  /** supervisors that each renewal is sent to */
  readonly lines: SupervisorLines;
  joined(id: string): void;
  lost(id: string): unknown;
}

/**
 * The heartbeats of a member, sent by a thread of their own. Each second the main thread gives it their content; while the main
 * thread is held up, the heartbeat thread goes on for up to a minute with the last content.
 */
export class HeartbeatSender {
  readonly #url: string;
  readonly #hooks: MemberHooks;
  readonly #number = ++last;
  #updating: Repeating | undefined;
  #answered: () => void = () => undefined;
  #gone: () => void = () => undefined;
  #held: string | undefined;
  #isLeaving = false;

  constructor(url: string, hooks: MemberHooks) {
    this.#url = url;
    this.#hooks = hooks;
  }

  /** Resolves after the first try; `leave` may be called before. */
  async start(): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    senders.set(this.#number, this);
    this.open();
    this.#updating = everyLater(
      heartbeatInterval,
      async () => this.#update(false),
      () => undefined,
    );
    await within(answered, startTimeout);
  }

  /** Sends a heartbeat with the present content at once. */
  now(): void {
    if (this.#updating) this.#update(true);
  }

  async leave(): Promise<void> {
    this.#answered();
    await this.#updating?.stop();
    this.#updating = undefined;
    const gone = new Promise<void>((resolve) => {
      this.#gone = resolve;
    });
    this.#isLeaving = true;
    send({ kind: 'leave', member: this.#number });
    await within(gone, leaveTimeout);
    senders.delete(this.#number);
  }

  /** Registers the member with the thread, also with one that replaces another. */
  open(): void {
    if (this.#isLeaving) return;
    const time = serverClock.shared;
    send({ kind: 'open', member: this.#number, url: this.#url, time, lease: this.#sharedLease() });
    this.#update(true);
  }

  receive(message: FromHeartbeatThread): void {
    if (message.kind === 'left') {
      this.#gone();
      return;
    }
    const { kind, id } = message;
    const { heard, refused, lease } = this.#hooks;
    if (kind === 'heard') heard();
    else if (kind === 'refused') refused?.();
    else if (kind === 'joined') {
      this.#held = id;
      lease?.joined(id);
    } else if (kind === 'lost') {
      this.#held = undefined;
      lease?.lost(id);
    }
    // with a lease, `joined` follows the first `heard`
    if (kind !== 'heard' || !lease) this.#answered();
  }

  #sharedLease(): SharedLease | undefined {
    const { lease } = this.#hooks;
    return lease && { renewedAt: lease.renewedAt, lines: lease.lines.shared, held: this.#held };
  }

  #update(now: boolean): void {
    send({ kind: 'sign', member: this.#number, sign: this.#hooks.sign(), now });
  }
}

let last = 0;
const senders = new Map<number, HeartbeatSender>();
let thread: Worker | undefined;

function send(message: ToHeartbeatThread): void {
  thread ??= startThread();
  thread.postMessage(message);
}

/** One thread for the process, which does not keep the process alive. */
function startThread(): Worker {
  const file = ownProgram(import.meta.url, 'heartbeat-thread', 'heartbeat-thread');
  const options = { resourceLimits: limits, env: {} };
  const started = file.endsWith('.ts')
    ? new Worker(fromSources(file), { ...options, eval: true })
    : new Worker(file, options);
  started.on('message', (message: FromHeartbeatThread) => {
    senders.get(message.member)?.receive(message);
  });
  // `exit` follows
  started.on('error', () => undefined);
  started.on('exit', () => {
    if (thread !== started) return;
    thread = undefined;
    const again = () => {
      for (const sender of senders.values()) sender.open();
    };
    setTimeout(again, restartPause).unref();
  });
  // listeners have made it keep the process alive
  started.unref();
  return started;
}

/** A thread does not inherit the loader of TypeScript. */
function fromSources(file: string): string {
  const api = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const [tsx, own] = [api, file].map((path) => JSON.stringify(pathToFileURL(path).href));
  return `import(${tsx}).then(({ register }) => { register(); return import(${own}); });`;
}
