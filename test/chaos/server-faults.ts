import { join } from 'node:path';
import { Redis } from 'ioredis';
import Database from 'libsql';
import { Sentinels } from '../support/sentinels.ts';
import { until } from '../support/until.ts';
import type { Begin } from './fault.ts';
import type { Fleet } from './fleet.ts';
import type { FaultKind } from './schedule.ts';

/** Longest time (ms) until the sentinels have elected another master. */
const failoverPatience = 60_000;

/** Faults of Redis and the database, which affect everybody. */
export class ServerFaults {
  readonly #fleet: Fleet;
  readonly #begin: Begin;
  /** the database's lock is held */
  #recordHeld = false;

  constructor(fleet: Fleet, begin: Begin) {
    this.#fleet = fleet;
    this.#begin = begin;
  }

  async killRedis(hold: () => Promise<unknown>): Promise<void> {
    const { redis } = this.#fleet;
    if (this.#fleet.redisDown || redis instanceof Sentinels) return;
    const fault = this.#begin('redis-kill', this.#fleet.farRunners);
    fault.outage = true;
    this.#fleet.redisDown = true;
    await redis.kill();
    await hold();
    await redis.start();
    this.#fleet.redisDown = false;
    fault.back = Date.now();
  }

  wipeRedis(): Promise<void> {
    return this.#changeRedis('redis-wipe', async (redis) => {
      await redis.flushall();
    });
  }

  /** Makes Redis refuse all writes: it has no memory left, or it cannot write its files, as on a full disk. */
  async refuseWrites(why: 'memory' | 'files', hold: () => Promise<unknown>): Promise<void> {
    const { redis } = this.#fleet;
    if (redis instanceof Sentinels) return;
    await this.#changeRedis(why === 'memory' ? 'redis-full' : 'redis-misconf', async () => {
      const takeAgain = await redis.refuseWrites(why);
      await hold();
      await takeAgain();
    });
  }

  /** Does something to a running Redis; no job is lost by it. */
  async #changeRedis(kind: FaultKind, work: (redis: Redis) => Promise<void>): Promise<void> {
    if (this.#fleet.redisDown) return;
    this.#fleet.redisDown = true;
    const redis = new Redis(this.#fleet.redis.url, { maxRetriesPerRequest: 1 });
    redis.on('error', () => undefined);
    try {
      const fault = this.#begin(kind, []);
      fault.outage = true;
      await work(redis);
      fault.back = Date.now();
    } finally {
      redis.disconnect();
      this.#fleet.redisDown = false;
    }
  }

  /** Kills the master; acknowledged writes that the replica has not received are lost. */
  async failOver(hold: () => Promise<unknown>): Promise<void> {
    const { redis: sentinels } = this.#fleet;
    if (this.#fleet.redisDown || !(sentinels instanceof Sentinels)) return;
    this.#fleet.redisDown = true;
    const master = await sentinels.master();
    // it takes longer than a lease, so every runner may have to end its jobs
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

  /**
   * Cuts the power of the server's machine: only the synced part of the database, the files beside it and Redis
   * survives.
   * @param runners whether runners are on the same machine; otherwise they live on
   */
  async cutPower(runners: boolean, hold: () => Promise<unknown>): Promise<void> {
    const { redis, disks, members } = this.#fleet;
    if (this.#fleet.redisDown || this.#recordHeld || redis instanceof Sentinels || !disks) return;
    this.#fleet.redisDown = true;
    this.#recordHeld = true;
    const fault = this.#begin('power-cut', members);
    fault.outage = true;
    const here = members.filter(({ name }) => runners || !this.#fleet.runners.has(name));
    // no process is left that could notice the missing disk
    redis.freeze();
    for (const member of here) member.freeze();
    disks.record.cutPower();
    await Promise.all([redis.kill(), ...here.map((member) => member.kill())]);
    await hold();
    disks.record.restorePower();
    await redis.start().catch(async () => {
      // it cannot read its append-only file; an embedded one starts empty then
      await redis.empty();
      await redis.start();
    });
    this.#fleet.redisDown = false;
    this.#recordHeld = false;
    this.#fleet.startAll();
    fault.back = Date.now();
  }

  lockRecord(hold: () => Promise<unknown>): Promise<void> {
    return this.#holdRecord('record-lock', () => this.#lockRecord(hold));
  }

  /** Fills the disk of the database. */
  fillRecord(hold: () => Promise<unknown>): Promise<void> {
    const disk = this.#fleet.disks?.record;
    return this.#holdRecord('record-full', async () => {
      disk?.fill();
      await hold();
      disk?.free();
    });
  }

  /** Keeps everybody from writing to the database; such faults happen one after the other. */
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
