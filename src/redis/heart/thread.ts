import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';
import { between, type Moment, moment } from '../../kernel/clock.ts';
import { every, type Repeating, within } from '../../kernel/wait.ts';
import { openImpatient, type RedisConnection } from '../connection.ts';
import { heartbeatInterval, heartbeatTtl, leaseTtl } from '../heartbeat-times.ts';
import { isAwayForAll } from '../outage.ts';
import { Lease } from './lease.ts';
import { KeeperLines } from './lines.ts';
import type { FromHeart, Sign, ToHeart } from './messages.ts';

/** Milliseconds without a sign of the main thread after which this one takes it for dead, and its jobs with it. */
const silence = 60_000;
/** How long (ms) the first heartbeat waits for its connection. */
const connectPatience = 5000;

/**
 * One member's heartbeats. States, of one id: `offered` → (Redis confirms a heartbeat) `joined`: each one that is confirmed,
 * however late, renews the lease from when it was sent, and so does one that cannot be confirmed because Redis is away for
 * everybody → (the lease runs out) `lost`: nothing is sent until the main thread offers another id.
 */
class Pulse {
  readonly #member: number;
  readonly #url: string;
  readonly #connection: RedisConnection;
  readonly #renewedAt: Float64Array;
  readonly #lines: KeeperLines;
  readonly #beating: Repeating;
  #lease: Lease | undefined;
  /** whose lease that is, or was */
  #leaseOf: string | undefined;
  #sign: Sign | undefined;
  #signedAt = moment();
  #left = false;

  constructor({ member, url, name, lease, lines, held }: Extract<ToHeart, { kind: 'open' }>) {
    this.#member = member;
    this.#url = url;
    this.#renewedAt = lease;
    this.#lines = new KeeperLines(lines);
    if (held !== undefined) {
      this.#lease = new Lease(undefined, lease);
      this.#leaseOf = held;
    }
    this.#connection = openImpatient(url, name);
    const connected = once(this.#connection, 'ready');
    connected.catch(() => undefined);
    let first: Promise<unknown> | undefined = within(connected, connectPatience);
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

  hear(sign: Sign, now: boolean): void {
    this.#signedAt = moment();
    this.#sign = sign;
    if (now) this.#beating.now();
  }

  async leave(): Promise<void> {
    this.#left = true;
    await this.#beating.stop();
    const sign = this.#sign;
    if (sign) {
      const told = this.#connection.multi().srem(sign.set, sign.id).del(sign.key).exec();
      await within(
        told.catch(() => undefined),
        heartbeatInterval,
      );
    }
    this.#connection.disconnect();
    this.#tell('left');
  }

  async #beat(): Promise<void> {
    this.#checkLease();
    const sign = this.#sign;
    if (!sign || this.#isLost(sign.id) || between(this.#signedAt, moment()) > silence) return;
    const sentAt = moment();
    const confirmed = await within(this.#send(sign, sentAt), heartbeatInterval);
    if (!confirmed && this.#lease && (await isAwayForAll(this.#url))) this.#renew(sign.id, sentAt);
    if (!confirmed) this.#tell('unheard', sign.id);
    this.#checkLease();
  }

  /** @returns whether Redis has confirmed the heartbeat; a confirmation that nobody waits for any more counts as well */
  async #send({ id, key, set, text }: Sign, sentAt: Moment): Promise<boolean> {
    const member = `{"heartbeatAt":${JSON.stringify(new Date().toISOString())},${text.slice(1)}`;
    try {
      // in this order: an id without a key would be taken for a member that is gone
      const answers = await this.#connection.pipeline().set(key, member, 'PX', heartbeatTtl).sadd(set, id).exec();
      if (!answers || answers.some(([error]) => error)) return false;
    } catch {
      // the connection of the main thread says when the server is away
      return false;
    }
    this.#tell('heard', id);
    if (this.#leaseOf === id) this.#renew(id, sentAt);
    else if (this.#sign?.id === id && !this.#left) this.#join(id, sentAt);
    return true;
  }

  #join(id: string, sentAt: Moment): void {
    // one that was confirmed so late proves nothing any more
    if (between(sentAt, moment()) >= leaseTtl) return;
    this.#lease = new Lease(sentAt, this.#renewedAt);
    this.#leaseOf = id;
    this.#tell('joined', id);
  }

  /** A lease that has run out cannot be brought back to life. */
  #renew(id: string, sentAt: Moment): void {
    if (this.#leaseOf !== id || !this.#lease?.valid) return;
    this.#lease.renew(sentAt);
    this.#lines.beat(this.#lease.left / 1000, leaseTtl / 1000);
  }

  #checkLease(): void {
    if (!this.#lease || this.#lease.valid || this.#leaseOf === undefined) return;
    this.#lease = undefined;
    this.#tell('lost', this.#leaseOf);
  }

  #isLost(id: string): boolean {
    return this.#leaseOf === id && this.#lease === undefined;
  }

  #tell(kind: 'heard' | 'unheard' | 'joined' | 'lost', id: string): void;
  #tell(kind: 'left'): void;
  #tell(kind: string, id?: string): void {
    parentPort?.postMessage({ member: this.#member, kind, ...(id !== undefined && { id }) } as FromHeart);
  }
}

const pulses = new Map<number, Pulse>();

parentPort?.on('message', (message: ToHeart) => {
  const { member } = message;
  if (message.kind === 'open') pulses.set(member, new Pulse(message));
  else if (message.kind === 'sign') pulses.get(member)?.hear(message.sign, message.now);
  else {
    void pulses.get(member)?.leave();
    pulses.delete(member);
  }
});
