import { parentPort } from 'node:worker_threads';
import { ServerClock } from '../../kernel/server-time.ts';
import { awake, between, type Moment, moment } from '../../system/clock.ts';
import { every, type Repeating, within } from '../../system/wait.ts';
import type { RedisConnection } from '../connection.ts';
import { heartbeatInterval, heartbeatTtl, leaseTtl } from '../heartbeat-times.ts';
import { isDownForAll } from '../outage.ts';
import { isFull } from '../refusal.ts';
import { serverMillis } from '../server-time.ts';
import { Lease } from './lease.ts';
import { type SharedConnection, takeConnection } from './shared-connection.ts';
import { SupervisorLines } from './supervisor-lines.ts';
import type { FromHeartbeatThread, MemberState, SharedLease, ToHeartbeatThread } from './thread-messages.ts';

/** Milliseconds without a sign of the main thread after which this one takes it for dead, and its jobs with it. */
const silence = 60_000;
/** The main thread is told to be held up when its last sign is older than this (ms): it missed one at least. */
const signMissed = 2 * heartbeatInterval;
/** How long (ms) the first heartbeat waits for its connection. */
const connectPatience = 5000;

/**
 * One member's heartbeats. One without a lease, as a stage, sends them and nothing more. States of one with a lease, of one
 * id: `offered` → (Redis confirms a heartbeat) `joined`: each one that is confirmed, however late, renews the lease from when
 * it was sent, and so does one that cannot be confirmed because Redis is away for everybody → (the lease runs out) `lost`:
 * nothing is sent until the main thread offers another id. A Redis whose memory is full takes no heartbeat, and confirms that
 * the one before holds for longer.
 */
class MemberHeartbeat {
  readonly #member: number;
  readonly #url: string;
  readonly #shared: SharedConnection;
  readonly #clock: ServerClock;
  readonly #sharedLease: SharedLease | undefined;
  readonly #lines: SupervisorLines | undefined;
  readonly #beating: Repeating;
  #lease: Lease | undefined;
  /** whose lease that is, or was */
  #leaseOf: string | undefined;
  #sign: MemberState | undefined;
  #signedAt = moment();
  #left = false;

  constructor({ member, url, time, lease }: Extract<ToHeartbeatThread, { kind: 'open' }>) {
    this.#member = member;
    this.#url = url;
    this.#clock = new ServerClock(time);
    this.#sharedLease = lease;
    this.#lines = lease && new SupervisorLines(lease.lines);
    if (lease?.held !== undefined) {
      this.#lease = new Lease(undefined, lease.renewedAt);
      this.#leaseOf = lease.held;
    }
    this.#shared = takeConnection(url);
    let first: Promise<unknown> | undefined = within(this.#shared.connected, connectPatience);
    this.#beating = every(
      heartbeatInterval,
      async () => {
        await first;
        first = undefined;
        await this.#beat();
      },
      () => undefined,
    );
  }

  hear(sign: MemberState, now: boolean): void {
    this.#signedAt = moment();
    this.#sign = sign;
    if (now) this.#beating.now();
  }

  async leave(): Promise<void> {
    this.#left = true;
    await this.#beating.stop();
    const sign = this.#sign;
    if (sign) {
      const told = this.#shared.connection.multi().srem(sign.set, sign.id).del(sign.key).exec();
      await within(
        told.catch(() => undefined),
        heartbeatInterval,
      );
    }
    this.#shared.release();
    this.#tell('left');
  }

  async #beat(): Promise<void> {
    this.#checkLease();
    const sign = this.#sign;
    const sentAt = moment();
    if (!sign || this.#left || this.#isLost(sign.id) || between(this.#signedAt, sentAt) > silence) return;
    const confirmed = await within(this.#send(sign, sentAt), heartbeatInterval);
    if (!confirmed && this.#lease && (await isDownForAll(this.#url, this.#shared.server))) this.#renew(sign.id, sentAt);
    if (!confirmed) this.#tell('unheard', sign.id);
    this.#checkLease();
  }

  /** @returns whether Redis has confirmed the heartbeat; a confirmation that nobody waits for any more counts as well */
  async #send(sign: MemberState, sentAt: Moment): Promise<boolean> {
    if (!(await this.#write(sign, sentAt))) return false;
    const { id } = sign;
    this.#tell('heard', id);
    if (this.#leaseOf === id) this.#renew(id, sentAt);
    else if (this.#sign?.id === id && !this.#left) this.#join(id, sentAt);
    return true;
  }

  async #write({ id, key, set, text }: MemberState, sentAt: Moment): Promise<boolean> {
    const { connection } = this.#shared;
    const unsignedFor = sentAt.awake - this.#signedAt.awake;
    const told = unsignedFor > signMissed ? withLag(text, unsignedFor - heartbeatInterval) : text;
    const member = `{"heartbeatAt":${JSON.stringify(new Date(this.#clock.now()).toISOString())},${told.slice(1)}`;
    try {
      // in this order: an id without a key would be taken for a member that is gone
      const beat = connection.pipeline().set(key, member, 'PX', heartbeatTtl).sadd(set, id);
      const answers = await this.#askingTime(beat, sentAt);
      if (!answers) return false;
      const [refusal] = answers.find(([error]) => error) ?? [];
      if (!refusal) return true;
      this.#tell('refused', id);
      return isFull(refusal) && (await connection.pexpire(key, heartbeatTtl)) === 1;
    } catch {
      // the connection of the main thread says when the server is away
      return false;
    }
  }

  /** Sends commands, and asks the server for its time with them, once for all members of the process. */
  async #askingTime(commands: ReturnType<RedisConnection['pipeline']>, sentAt: Moment) {
    if (sentAt.awake - timeAskedAt < heartbeatInterval / 2) return commands.exec();
    timeAskedAt = sentAt.awake;
    const [time, ...answers] = (await commands.time().exec())?.reverse() ?? [];
    if (!time) return null;
    // a user of Redis who may not ask keeps the time of its machine
    if (!time[0]) this.#clock.hear(serverMillis(time[1] as string[]), sentAt.awake, awake());
    return answers.reverse();
  }

  #join(id: string, sentAt: Moment): void {
    // one that was confirmed so late proves nothing any more
    if (!this.#sharedLease || between(sentAt, moment()) >= leaseTtl) return;
    this.#lease = new Lease(sentAt, this.#sharedLease.renewedAt);
    this.#leaseOf = id;
    this.#tell('joined', id);
  }

  /** A lease that has run out cannot be brought back to life. */
  #renew(id: string, sentAt: Moment): void {
    if (this.#leaseOf !== id || !this.#lease?.valid) return;
    this.#lease.renew(sentAt);
    this.#lines?.beat(this.#lease.left / 1000, leaseTtl / 1000);
  }

  #checkLease(): void {
    if (!this.#lease || this.#lease.valid || this.#leaseOf === undefined) return;
    this.#lease = undefined;
    this.#tell('lost', this.#leaseOf);
  }

  #isLost(id: string): boolean {
    return this.#leaseOf === id && this.#lease === undefined;
  }

  #tell(kind: 'heard' | 'unheard' | 'refused' | 'joined' | 'lost', id: string): void;
  #tell(kind: 'left'): void;
  #tell(kind: string, id?: string): void {
    parentPort?.postMessage({ member: this.#member, kind, ...(id !== undefined && { id }) } as FromHeartbeatThread);
  }
}

/** @param held milliseconds for which the event loop has been held at least, which it cannot tell itself meanwhile */
function withLag(text: string, held: number): string {
  const member = JSON.parse(text) as { vitals?: { lag: number } };
  const { vitals } = member;
  if (vitals) vitals.lag = Math.max(vitals.lag, Math.round(held));
  return JSON.stringify(member);
}

/** When the server was asked for its time, by `awake()`. */
let timeAskedAt = Number.NEGATIVE_INFINITY;

const pulses = new Map<number, MemberHeartbeat>();

parentPort?.on('message', (message: ToHeartbeatThread) => {
  const { member } = message;
  if (message.kind === 'open') pulses.set(member, new MemberHeartbeat(message));
  else if (message.kind === 'sign') pulses.get(member)?.hear(message.sign, message.now);
  else {
    void pulses.get(member)?.leave();
    pulses.delete(member);
  }
});
