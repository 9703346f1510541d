import { join } from 'node:path';
import { Redis } from 'ioredis';
import Database from 'libsql';
import { Sentinels } from '../support/sentinels.ts';
import { until } from '../support/until.ts';
import type { Fault } from './faults.ts';
import type { Fleet } from './fleet.ts';
import type { Member } from './member.ts';
import type { FaultKind } from './schedule.ts';

/** Longest time (ms) until sentinels have made another server the master. */
const failoverPatience = 60_000;

/** What goes wrong with Redis and the record, and so with everybody who needs them. */
export class ServerFaults {
  readonly #fleet: Fleet;
  readonly #begin: (kind: FaultKind, targets: Member[]) => Fault;
  /** somebody keeps the others from writing to the record */
  #recordHeld = false;

  /** @param begin notes that a fault begins */
  constructor(fleet: Fleet, begin: (kind: FaultKind, targets: Member[]) => Fault) {
    this.#fleet = fleet;
    this.#begin = begin;
  }

  async killRedis(hold: () => Promise<unknown>): Promise<void> {
    const { redis } = this.#fleet;
    if (this.#fleet.redisDown || redis instanceof Sentinels) return;
    const fault = this.#begin('redis-kill', []);
    fault.outage = true;
    this.#fleet.redisDown = true;
    await redis.kill();
    await hold();
    await redis.start();
    this.#fleet.redisDown = false;
    fault.back = Date.now();
  }

  async wipeRedis(): Promise<void> {
    if (this.#fleet.redisDown) return;
    const redis = new Redis(this.#fleet.redis.url, { maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    try {
      const fault = this.#begin('redis-wipe', []);
      fault.outage = true;
      await redis.flushall();
      fault.back = Date.now();
    } finally {
      redis.disconnect();
    }
  }

  /** Ends the master; what is acknowledged there and has not come to the replica is gone. */
  async failOver(hold: () => Promise<unknown>): Promise<void> {
    const { redis: sentinels } = this.#fleet;
    if (this.#fleet.redisDown || !(sentinels instanceof Sentinels)) return;
    this.#fleet.redisDown = true;
    const master = await sentinels.master();
    // it takes longer than a lease, so that every runner may have to end its jobs
    const fault = this.#begin('redis-failover', [...this.#fleet.runners.values()]);
    fault.outage = true;
    await sentinels.kill(master);
    const isReplaced = async () => (await sentinels.master()) !== master;
    await until('another server is the master', isReplaced, failoverPatience);
    fault.back = Date.now();
    await hold();
    await sentinels.restart(master);
    this.#fleet.redisDown = false;
  }

  lockRecord(hold: () => Promise<unknown>): Promise<void> {
    return this.#holdRecord('record-lock', () => this.#lockRecord(hold));
  }

  /** Leaves no room on the disk of the record. */
  fillRecord(hold: () => Promise<unknown>): Promise<void> {
    const disk = this.#fleet.disks?.record;
    return this.#holdRecord('record-full', async () => {
      disk?.fill();
      await hold();
      disk?.free();
    });
  }

  /** Keeps everybody from writing to the record; what is done to it comes one after the other. */
  async #holdRecord(kind: FaultKind, work: () => Promise<void>): Promise<void> {
    if (this.#recordHeld) return;
    this.#recordHeld = true;
    const fault = this.#begin(kind, []);
    fault.outage = true;
    await work();
    fault.back = Date.now();
    this.#recordHeld = false;
  }

  async #lockRecord(hold: () => Promise<unknown>): Promise<void> {
    const somebody = new Database(join(this.#fleet.dataDir, 'volt.db'), { timeout: 5000 });
    try {
      somebody.exec('begin immediate');
      await hold();
      somebody.exec('rollback');
    } finally {
      somebody.close();
    }
  }
}
