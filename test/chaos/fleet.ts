import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program } from '../support/bundle.ts';
import type { TestEngine } from '../support/engine.ts';
import { openRecord } from '../support/record.ts';
import { freePort, startRedis, type TestRedis } from '../support/redis.ts';
import { knownKey } from '../support/runner-keys.ts';
import { Sentinels } from '../support/sentinels.ts';
import { until } from '../support/until.ts';
import { Api } from './api.ts';
import type { BadForge } from './bad-forge.ts';
import type { Clocks } from './clocks.ts';
import { containerRepository } from './container-commits.ts';
import { SmallDisk } from './disk.ts';
import { Member } from './member.ts';
import type { CutNetwork } from './network.ts';
import type { OlderVolt } from './older-volt.ts';
import { keeperOf, leftBehind } from './processes.ts';
import type { StandInRegistry } from './stand-in-registry.ts';
import { Tunnel } from './tunnel.ts';

const password = 'chaos';

/** The stages, and the number of processes of each. */
export const stageKinds = ['web', 'dispatcher', 'reporter', 'notifier', 'observer'] as const;
export type StageKind = (typeof stageKinds)[number];
const perKind = 2;
const runners = 4;
/** name of the runner in a network namespace */
export const cutRunner = 'cut';
/** name of the runner that reaches Redis through a tunnel */
export const tunnelRunner = 'tunnel';
/** name of the runner on a small disk, if there is one */
export const smallRunner = 'r4';
/** Megabytes of the small disks: that of the database and the files beside it, and that of the runner. */
const diskSizes = { record: 256, runner: 64 };

/** A process that ended by itself. */
export interface Death {
  name: string;
  how: string;
  at: number;
}

/** What jobs in containers need. */
export interface ContainerEngine {
  test: TestEngine;
  registry: StandInRegistry;
}

export interface FleetSetup {
  /** a new, empty folder */
  folder: string;
  /** the repositories, as `name=path or URL` */
  repositories: string[];
  /** the network of one runner, if there is such a network */
  network: CutNetwork | undefined;
  /** the settable wall clocks of all members, if there are any */
  clocks: Clocks | undefined;
  /** whether one more runner reaches Redis through a tunnel */
  tunnel: boolean;
  /** the engine of all runners, if jobs run in containers */
  engine: ContainerEngine | undefined;
  /** the forge that gets statuses, if there is one */
  forge: BadForge | undefined;
  /** the version that all start with, if it is not this one */
  older: OlderVolt | undefined;
  /** whether Redis is a master with a replica and sentinels */
  sentinels: boolean;
  /** whether the database and one runner are on small disks */
  disks: boolean;
  /** whether the power of the database's disk can be cut, with Redis on the same disk */
  power: boolean;
}

/** What a fleet needs besides its members. */
interface Parts {
  redis: TestRedis | Sentinels;
  disks: { record: SmallDisk; runner: SmallDisk } | undefined;
  tunnel: Tunnel | undefined;
  /** the key of each runner, by its name */
  keys: ReadonlyMap<string, string>;
  /** ports of the web stages */
  ports: number[];
}

/** Volt as separate processes: several of every stage in one data directory, and runners with a data directory each. */
export class Fleet {
  /** the single server, or the servers that sentinels watch */
  readonly redis: TestRedis | Sentinels;
  /** undefined if they could not be made */
  readonly disks: Parts['disks'];
  readonly network: CutNetwork | undefined;
  readonly tunnel: Tunnel | undefined;
  readonly clocks: Clocks | undefined;
  readonly engine: ContainerEngine | undefined;
  readonly forge: BadForge | undefined;
  readonly api: Api;
  readonly runners = new Map<string, Member>();
  readonly deaths: Death[] = [];
  redisDown = false;
  readonly dataDir: string;
  readonly #stages: Record<StageKind, Member[]>;
  readonly #marker: string;
  #program: string;
  #closing = false;

  private constructor({ folder, repositories, network, clocks, older, engine, forge }: FleetSetup, parts: Parts) {
    const { redis, keys, ports } = parts;
    this.redis = redis;
    this.disks = parts.disks;
    this.network = network;
    this.tunnel = parts.tunnel;
    this.clocks = clocks;
    this.engine = engine;
    this.forge = forge;
    this.api = new Api(ports.map((port) => `http://127.0.0.1:${port}`));
    this.#program = older?.program ?? program;
    this.dataDir = recordFolder(folder);
    this.#marker = join(folder, 'tmp');
    mkdirSync(this.#marker);
    mkdirSync(join(folder, 'logs'));
    const { PATH = '', HOME = '' } = process.env;
    const member = (name: string, args: string[], dataDir = this.dataDir) => {
      const key = keys.get(name);
      const inside = name === cutRunner ? network : undefined;
      const command = () => {
        const own = [process.execPath, this.#program, ...args];
        return inside?.inside(own) ?? own;
      };
      const env = {
        PATH,
        HOME,
        // everything that they start inherits it, and can be found by it
        TMPDIR: this.#marker,
        VOLT_REDIS_URL: redisAddress(name, network, parts),
        VOLT_DATA_DIR: dataDir,
        VOLT_ISOLATION: 'none',
        ...(key !== undefined && { VOLT_RUNNER_KEY: key }),
        ...clocks?.environment(name),
        ...(engine && { VOLT_ENGINE: engine.test.socket }),
      };
      return new Member(name, command, {
        env,
        log: join(folder, 'logs', `${name}.log`),
        died: (who, how, worked) => this.#restart(who, how, worked),
      });
    };
    const several = (kind: StageKind, args: (index: number) => string[]) =>
      Array.from({ length: perKind }, (_, index) => member(`${kind}-${index + 1}`, [kind, ...args(index)]));
    this.#stages = {
      web: several('web', (index) => ['--port', String(ports[index])]),
      dispatcher: several('dispatcher', () => []),
      reporter: several('reporter', () => []),
      notifier: forge ? several('notifier', () => []) : [],
      observer: several('observer', () => ['--poll', '1', ...repositories.flatMap((each) => ['--repo', each])]),
    };
    for (const name of keys.keys()) {
      const volumes = engine ? ['--allow-volumes', containerRepository] : [];
      const args = ['runner', '--name', name, '--slots', '1', '--grace', '1', ...volumes];
      this.runners.set(name, member(name, args, runnerFolder(folder, name)));
    }
  }

  static async start(setup: FleetSetup): Promise<Fleet> {
    const addresses = ['127.0.0.1', ...(setup.network ? [setup.network.address] : [])];
    const settings = ['--bind', ...addresses, '--maxmemory-policy', 'noeviction'];
    const disks = setup.disks ? mountDisks(setup) : undefined;
    const folder = disks && setup.power ? join(disks.record.folder, 'redis-server') : undefined;
    const redis = setup.sentinels ? await Sentinels.start() : await startRedis({ password, settings, folder });
    const tunnel = setup.tunnel && !(redis instanceof Sentinels) ? await Tunnel.open(redis.port) : undefined;
    const ports = [await freePort(), await freePort()];
    const keys = await makeRecord(setup);
    return new Fleet(setup, { redis, disks, tunnel, keys, ports });
  }

  stages(kind: StageKind): Member[] {
    return this.#stages[kind];
  }

  get members(): Member[] {
    return [...stageKinds.flatMap((kind) => this.#stages[kind]), ...this.runners.values()];
  }

  /**
   * Runners that reach Redis through a tunnel or another network. They cannot see that its process is gone, so they end
   * their jobs before the lease ends, as if they were cut off.
   */
  get farRunners(): Member[] {
    return [...this.runners.values()].filter(({ name }) => name === cutRunner || name === tunnelRunner);
  }

  /**
   * Processes that start from now on have this version.
   * @returns whether all had it before
   */
  upgrade(): boolean {
    const known = this.#program === program;
    this.#program = program;
    return known;
  }

  startAll(): void {
    for (const member of this.members) member.start();
  }

  /** Waits until all members run and see each other. */
  async whole(): Promise<void> {
    await until(
      'all stages and runners are there',
      async () => {
        const status = await this.api.status().catch(() => undefined);
        const seen = (kind: StageKind) => status?.stages.find((stage) => stage.kind === kind)?.members ?? [];
        // not every run has notifiers
        const isComplete = stageKinds.every((kind) => seen(kind).length === this.stages(kind).length);
        return isComplete && status?.runners.count === this.runners.size;
      },
      60_000,
    );
  }

  /** Makes the fleet send statuses to the forge. */
  async introduceForge(): Promise<void> {
    await this.forge?.introduce(this.api.first, join(this.dataDir, 'token'));
  }

  /** Processes that the fleet's members have started and that still run, as `pid command`. */
  strays(): string[] {
    const socket = this.engine?.test.socket;
    const keepers = socket === undefined ? [] : [...this.runners.values()].map(({ pid }) => keeperOf(pid, socket));
    const own = new Set([...this.members.map(({ pid }) => pid), ...keepers]);
    return leftBehind(this.#marker, own);
  }

  /** Ends all members and the processes that they have started. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.members.map((member) => member.kill()));
    for (const stray of this.strays()) {
      try {
        process.kill(Number.parseInt(stray, 10), 'SIGKILL');
      } catch {
        // it has ended by itself
      }
    }
    this.tunnel?.close();
    await this.redis.stop();
    for (const disk of Object.values(this.disks ?? {})) disk.close();
  }

  /**
   * Restarts a process as a service manager does. A process that finds no Redis at its start may end; that is no fault.
   */
  #restart(name: string, how: string, worked: boolean): void {
    if (this.#closing) return;
    if (worked || how !== 'exit code 3') this.deaths.push({ name, how, at: Date.now() });
    setTimeout(() => {
      if (!this.#closing) this.members.find((member) => member.name === name)?.start();
    }, 500).unref();
  }
}

function redisAddress(name: string, network: CutNetwork | undefined, { redis, tunnel }: Parts): string {
  if (redis instanceof Sentinels) return redis.url;
  const host = name === cutRunner && network ? network.address : '127.0.0.1';
  const port = name === tunnelRunner && tunnel ? tunnel.port : redis.port;
  return `redis://:${password}@${host}:${port}`;
}

/** @returns the key of each runner, by its name */
async function makeRecord(setup: FleetSetup): Promise<Map<string, string>> {
  const names = runnerNames(setup);
  if (setup.older) return setup.older.record(recordFolder(setup.folder), names);
  const database = await openRecord(recordFolder(setup.folder));
  const keys = new Map<string, string>();
  for (const name of names) keys.set(name, (await knownKey(database, name)).text);
  await database.close();
  return keys;
}

/** The folder of a job's evidence says which runner ran it. */
function runnerNames({ network, tunnel }: FleetSetup): string[] {
  const names = Array.from({ length: runners }, (_, index) => `r${index + 1}`);
  return [...names, ...(network ? [cutRunner] : []), ...(tunnel ? [tunnelRunner] : [])];
}

function recordFolder(folder: string): string {
  return join(folder, 'data');
}

function runnerFolder(folder: string, name: string): string {
  return join(folder, `runner-${name}`);
}

function mountDisks({ folder, power }: FleetSetup): Fleet['disks'] {
  const record = SmallDisk.mount(recordFolder(folder), diskSizes.record, power ? 'image' : 'memory');
  const runner = record && SmallDisk.mount(runnerFolder(folder, smallRunner), diskSizes.runner);
  if (record && runner) return { record, runner };
  record?.close();
  return undefined;
}
