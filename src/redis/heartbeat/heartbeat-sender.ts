import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { serverClock } from '../../kernel/server-time.ts';
import { ownProgram } from '../../system/own-program.ts';
import { everyLater, type Repeating, within } from '../../system/wait.ts';
import { heartbeatInterval } from '../heartbeat-times.ts';
import type { SupervisorLines } from './supervisor-lines.ts';
import type { FromHeartbeatThread, MemberState, SharedLease, ToHeartbeatThread } from './thread-messages.ts';

/** The thread has little to hold, in megabytes. */
const limits = { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
/** How long (ms) the first heartbeat of a member is waited for: a thread's start, a connection, an answer. */
const startPatience = 10_000;
/** Milliseconds until another thread takes the place of one that has ended, which is shorter than a lease. */
const restartPause = 500;
/** How long (ms) a member that stops tries to take itself off the list; its heartbeat key goes by itself. */
const leavePatience = 500;

export interface MemberHooks {
  /** what the member says of itself now */
  sign(): MemberState;
  /** Redis has confirmed a heartbeat */
  heard(): void;
  /** Redis answers, and takes no heartbeat at present */
  refused?(): void;
  /** absent for a member without a lease */
  lease?: LeaseHooks;
}

interface LeaseHooks {
  /** when it was renewed last, see Lease */
  readonly renewedAt: Float64Array;
  /** who is told of it */
  readonly lines: SupervisorLines;
  joined(id: string): void;
  lost(id: string): unknown;
}

/**
 * A member's heartbeats, kept by a thread of their own: it goes on while the main one is held up, for up to a minute, with
 * what that has said last, and needs nothing of it. The main one says each second what the heartbeats are to tell.
 */
export class HeartbeatSender {
  readonly #url: string;
  readonly #hooks: MemberHooks;
  readonly #number = ++last;
  #signing: Repeating | undefined;
  #answered: () => void = () => undefined;
  #gone: () => void = () => undefined;
  #held: string | undefined;
  #isLeaving = false;

  constructor(url: string, hooks: MemberHooks) {
    this.#url = url;
    this.#hooks = hooks;
  }

  /** Resolves after the first try; `leave` needs not wait for that. */
  async start(): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
    beating.set(this.#number, this);
    this.open();
    this.#signing = everyLater(
      heartbeatInterval,
      async () => this.#say(false),
      () => undefined,
    );
    await within(answered, startPatience);
  }

  /** Says what the member is now, and has a heartbeat sent without waiting for the next. */
  now(): void {
    if (this.#signing) this.#say(true);
  }

  async leave(): Promise<void> {
    this.#answered();
    await this.#signing?.stop();
    this.#signing = undefined;
    const gone = new Promise<void>((resolve) => {
      this.#gone = resolve;
    });
    this.#isLeaving = true;
    send({ kind: 'leave', member: this.#number });
    await within(gone, leavePatience);
    beating.delete(this.#number);
  }

  /** Has the thread take it up, at first or after another one has ended. */
  open(): void {
    if (this.#isLeaving) return;
    const time = serverClock.shared;
    send({ kind: 'open', member: this.#number, url: this.#url, time, lease: this.#sharedLease() });
    this.#say(true);
  }

  hear(message: FromHeartbeatThread): void {
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
    // where there is a lease, `joined` comes after the first `heard`
    if (kind !== 'heard' || !lease) this.#answered();
  }

  #sharedLease(): SharedLease | undefined {
    const { lease } = this.#hooks;
    return lease && { renewedAt: lease.renewedAt, lines: lease.lines.shared, held: this.#held };
  }

  #say(now: boolean): void {
    send({ kind: 'sign', member: this.#number, sign: this.#hooks.sign(), now });
  }
}

let last = 0;
const beating = new Map<number, HeartbeatSender>();
let thread: Worker | undefined;

function send(message: ToHeartbeatThread): void {
  thread ??= startThread();
  thread.postMessage(message);
}

/** One for all of the process. It keeps nobody from ending. */
function startThread(): Worker {
  const file = ownProgram(import.meta.url, 'heartbeat-thread', 'heartbeat-thread');
  const options = { resourceLimits: limits, env: {} };
  const started = file.endsWith('.ts')
    ? new Worker(fromSources(file), { ...options, eval: true })
    : new Worker(file, options);
  started.on('message', (message: FromHeartbeatThread) => {
    beating.get(message.member)?.hear(message);
  });
  // what has ended is told by its `exit`
  started.on('error', () => undefined);
  started.on('exit', () => {
    if (thread !== started) return;
    thread = undefined;
    const again = () => {
      for (const heartbeat of beating.values()) heartbeat.open();
    };
    setTimeout(again, restartPause).unref();
  });
  // listening to it has made it one that is waited for
  started.unref();
  return started;
}

/** A thread does not inherit what makes the process understand TypeScript. */
function fromSources(file: string): string {
  const api = createRequire(import.meta.url)
    .resolve('tsx/esm/api')
    .replace(/\.cjs$/, '.mjs');
  const [tsx, own] = [api, file].map((path) => JSON.stringify(pathToFileURL(path).href));
  return `import(${tsx}).then(({ register }) => { register(); return import(${own}); });`;
}
