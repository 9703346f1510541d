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
import { SharedConnection } from './shared-connection.ts';
import { SupervisorLines } from './supervisor-lines.ts';
import type { FromHeartbeatThread, MemberState, SharedLease, ToHeartbeatThread } from './thread-messages.ts';

/** Milliseconds without a message of the main thread after which heartbeats end, and the leases of its jobs with them. */
const silence = 60_000;
/** Age of the last message (ms) from which the main thread counts as held up: at least one message is missing. */
const stateOverdue = 2 * heartbeatInterval;
/** Milliseconds that the first heartbeat waits for its connection. */
const connectTimeout = 5000;

/**
 * The heartbeats of one member. A stage, which has no lease, only sends them. The states of a member with a lease, for one id:
 * - `offered` → (Redis confirms a heartbeat) → `joined`;
 * - `joined`: each confirmed heartbeat, however late, renews the lease from when it was sent; so does a heartbeat while Redis is
 *   down for all clients;
 * - `joined` → (the lease expires) → `lost`: no heartbeat is sent until the main thread offers another id.
 * A Redis whose memory is full refuses heartbeats, but extends the TTL of the previous one.
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
  /** the id that has, or had, the lease */
  #leaseOf: string | undefined;
  #state: MemberState | undefined;
  #stateAt = moment();
  #hasLeft = false;

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
    this.#shared = SharedConnection.take(url);
    let first: Promise<unknown> | undefined = within(this.#shared.connected, connectTimeout);
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

  update(state: MemberState, now: boolean): void {
    this.#stateAt = moment();
    this.#state = state;
    if (now) this.#beating.now();
  }

  async leave(): Promise<void> {
    this.#hasLeft = true;
    await this.#beating.stop();
    const state = this.#state;
    if (state) {
      const removed = this.#shared.connection.multi().srem(state.set, state.id).del(state.key).exec();
      await within(
        removed.catch(() => undefined),
        heartbeatInterval,
      );
    }
    this.#shared.release();
    this.#notify('left');
  }

  async #beat(): Promise<void> {
    this.#checkLease();
    const state = this.#state;
    const sentAt = moment();
    if (!state || this.#hasLeft || this.#isLost(state.id) || between(this.#stateAt, sentAt) > silence) return;
    const confirmed = await within(this.#send(state, sentAt), heartbeatInterval);
    if (!confirmed && this.#lease && (await isDownForAll(this.#url, this.#shared.server)))
      this.#renew(state.id, sentAt);
    if (!confirmed) this.#notify('unheard', state.id);
    this.#checkLease();
  }

  /** @returns whether Redis has confirmed the heartbeat; a late confirmation counts as well */
  async #send(state: MemberState, sentAt: Moment): Promise<boolean> {
    if (!(await this.#write(state, sentAt))) return false;
    const { id } = state;
    this.#notify('heard', id);
    if (this.#leaseOf === id) this.#renew(id, sentAt);
    else if (this.#state?.id === id && !this.#hasLeft) this.#join(id, sentAt);
    return true;
  }

  async #write({ id, key, set, text }: MemberState, sentAt: Moment): Promise<boolean> {
    const { connection } = this.#shared;
    const silentFor = sentAt.awake - this.#stateAt.awake;
    const current = silentFor > stateOverdue ? withLag(text, silentFor - heartbeatInterval) : text;
    const member = `{"heartbeatAt":${JSON.stringify(new Date(this.#clock.now()).toISOString())},${current.slice(1)}`;
    try {
      // in this order: an id without a key looks like a member that is gone
      const heartbeat = connection.pipeline().set(key, member, 'PX', heartbeatTtl).sadd(set, id);
      const answers = await this.#execWithTime(heartbeat, sentAt);
      if (!answers) return false;
      const [refusal] = answers.find(([error]) => error) ?? [];
      if (!refusal) return true;
      this.#notify('refused', id);
      return isFull(refusal) && (await connection.pexpire(key, heartbeatTtl)) === 1;
    } catch {
      // the main thread logs outages
      return false;
    }
  }

  /** Sends commands, and with them reads the server's time, once for all members of the process. */
  async #execWithTime(commands: ReturnType<RedisConnection['pipeline']>, sentAt: Moment) {
    if (sentAt.awake - timeAskedAt < heartbeatInterval / 2) return commands.exec();
    timeAskedAt = sentAt.awake;
    const [time, ...answers] = (await commands.time().exec())?.reverse() ?? [];
    if (!time) return null;
    // without the right to TIME the machine's clock stays
    if (!time[0]) this.#clock.hear(serverMillis(time[1] as string[]), sentAt.awake, awake());
    return answers.reverse();
  }

  #join(id: string, sentAt: Moment): void {
    // a confirmation after more than a lease proves nothing
    if (!this.#sharedLease || between(sentAt, moment()) >= leaseTtl) return;
    this.#lease = new Lease(sentAt, this.#sharedLease.renewedAt);
    this.#leaseOf = id;
    this.#notify('joined', id);
  }

  /** An expired lease cannot be renewed. */
  #renew(id: string, sentAt: Moment): void {
    if (this.#leaseOf !== id || !this.#lease?.valid) return;
    this.#lease.renew(sentAt);
    this.#lines?.beat(this.#lease.left / 1000, leaseTtl / 1000);
  }

  #checkLease(): void {
    if (!this.#lease || this.#lease.valid || this.#leaseOf === undefined) return;
    this.#lease = undefined;
    this.#notify('lost', this.#leaseOf);
  }

  #isLost(id: string): boolean {
    return this.#leaseOf === id && this.#lease === undefined;
  }

  #notify(kind: 'heard' | 'unheard' | 'refused' | 'joined' | 'lost', id: string): void;
  #notify(kind: 'left'): void;
  #notify(kind: string, id?: string): void {
    parentPort?.postMessage({ member: this.#member, kind, ...(id !== undefined && { id }) } as FromHeartbeatThread);
  }
}

/** @param lag milliseconds of the main thread's delay so far, which it cannot report itself during the delay */
function withLag(text: string, lag: number): string {
  const member = JSON.parse(text) as { vitals?: { lag: number } };
  const { vitals } = member;
  if (vitals) vitals.lag = Math.max(vitals.lag, Math.round(lag));
  return JSON.stringify(member);
}

/** When the server's time was read, by `awake()`. */
let timeAskedAt = Number.NEGATIVE_INFINITY;

const members = new Map<number, MemberHeartbeat>();

parentPort?.on('message', (message: ToHeartbeatThread) => {
  const { member } = message;
  if (message.kind === 'open') members.set(member, new MemberHeartbeat(message));
  else if (message.kind === 'sign') members.get(member)?.update(message.sign, message.now);
  else {
    void members.get(member)?.leave();
    members.delete(member);
  }
});
