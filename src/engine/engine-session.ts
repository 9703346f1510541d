import { createHash, randomBytes } from 'node:crypto';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import { isAlive } from '../system/processes.ts';
import { pause, within } from '../system/wait.ts';
import { BuildGroup } from './build-group.ts';
import { buildImage, type ImageBuild } from './build-image.ts';
import { EngineConnection } from './connection.ts';
import { ContainerDisk } from './container-disk.ts';
import type { ContainerPlan } from './container-plan.ts';
import { type Prepare, startContainer } from './containers.ts';
import type { Engine } from './engine.ts';
import { findEngine } from './find-engine.ts';
import { FirstProcess } from './first-process.ts';
import { ImageLooks } from './image-facts.ts';
import { ImagePulls } from './image-pulls.ts';
import { Keeper } from './keeper/keeper.ts';
import { EngineNotes, ownProcessLabel, sweepEnded } from './left-behind.ts';
import { untilPodsAreGone } from './pods.ts';
import { removeLabelled } from './remove-labelled.ts';
import { type ContainerEnd, type ContainerRun, runContainer } from './run-container.ts';
import { socketPath } from './socket-path.ts';
import { starterMount } from './starter/starter.ts';

/** Whose containers a session makes. */
export interface EngineOwner {
  /** id of the database to which the runner belongs */
  record(): Promise<string>;
  /** name of the runner; no other process has it meanwhile */
  runner: string;
  /** seconds that the lease of the containers holds at first, and at most */
  ttl: number;
  /** seconds that the lease holds from now */
  left(): number;
  /** Renews the lease of a keeper from now on. @returns false where it cannot, so that `beat` has to */
  renew(keeper: Keeper): boolean;
  /** takes sentences for the log */
  warn(message: string): void;
}

/** A job whose containers are told from those of others. */
export interface LabelledJob {
  build: string;
  job: string;
  attempt: number;
}

export interface StartedContainer {
  id: string;
  first: FirstProcess;
}

/** What a job needs to have containers. */
export interface JobEngine {
  /** @throws VoltError `engine_failed` */
  open(): Promise<Engine>;
  /**
   * Makes and starts a container, whose first process the keeper knows then.
   * @throws as `startContainer`
   */
  start(engine: Engine, plan: ContainerPlan, prepare?: Prepare): Promise<StartedContainer>;
  /** As `start`, but runs the container to its end. @throws as `runContainer` */
  run(engine: Engine, plan: ContainerPlan, run: ContainerRun): Promise<ContainerEnd>;
  /** Builds an image, whose commands the keeper knows. @throws as `buildImage` */
  build(engine: Engine, build: ImageBuild): Promise<void>;
  /** of everything that is made for the job */
  labels(): Promise<Record<string, string>>;
  /** Bytes that its containers have on the disk, in volumes, too. Never rejects; an engine that is away counts nothing. */
  bytesOnDisk(): Promise<number>;
  /** Removes what a job has left in the engine, after its end; again, where the engine does not answer. */
  removeLater(engine: Engine, labels: Readonly<Record<string, string>>): void;
  pulls: ImagePulls;
  looks: ImageLooks;
}

/** Removals after the end of their jobs; with more of them, the next job waits for one. */
const mostRemovals = 8;
/** Milliseconds to wait for removals, and between two tries of one. */
const removalPatience = 10_000;
const removalPause = 1000;
/** Milliseconds between two looks for what other runners of the machine have left that were killed. */
const sweepInterval = 20_000;
/** Milliseconds between two tries to start a keeper. */
const keeperPause = 1000;

/**
 * The container engine as one runner uses it. Nothing is looked for before the first job that needs a container. Then the
 * containers of the runner's earlier life are removed, and a keeper is started, which ends all containers when the runner is gone.
 */
export class EngineSession {
  readonly #config: Pick<Config, 'engine' | 'dataDir'>;
  readonly #owner: EngineOwner;
  readonly #pulls: ImagePulls;
  readonly #looks = new ImageLooks();
  #engine: Engine | undefined;
  #keeper: Keeper | undefined;
  #keeping: Promise<void> | undefined;
  readonly #notes: EngineNotes;
  #record: string | undefined;
  #starter: ContainerPlan['mounts'][number] | undefined;
  /** tells its containers from those of the runner's earlier life, whose keeper may still be at work */
  readonly #life = randomBytes(8).toString('hex');
  #opening: Promise<Engine> | undefined;
  /** first processes of containers, some of which may be over */
  readonly #pids = new Set<number>();
  readonly #removals = new Set<Promise<void>>();
  /** names of the groups of builds that run */
  readonly #builds = new Set<string>();
  #isRenewed = true;
  readonly #closing = new AbortController();

  constructor(config: Pick<Config, 'engine' | 'dataDir' | 'imagePull'>, owner: EngineOwner) {
    this.#config = config;
    this.#owner = owner;
    this.#pulls = new ImagePulls(config);
    this.#notes = new EngineNotes(config.dataDir);
  }

  /** Removes what earlier processes with this data directory have left that were killed with their keepers. Never rejects. */
  async sweepFormer(): Promise<void> {
    await this.#notes.sweep((message) => this.#owner.warn(message));
  }

  /** What the engine is, for people; undefined before a job has needed one. */
  get engineName(): string | undefined {
    return this.#engine?.name;
  }

  /** Process ids of what must be gone before another runner may have the jobs. */
  get pids(): number[] {
    return this.#keeper ? [this.#keeper.pid] : [];
  }

  /** Renews the lease of the containers, where nobody else does. */
  beat(): void {
    if (!this.#isRenewed) this.#keeper?.beat(this.#owner.left());
  }

  /** For the containers of one job. */
  forJob(job: LabelledJob): JobEngine {
    const labels = async () => ({
      ...(await this.#labels()),
      ...{ 'volt.build': job.build, 'volt.job': job.job, 'volt.attempt': String(job.attempt) },
    });
    let disk: ContainerDisk | undefined;
    return {
      open: async () => {
        const engine = await this.#open();
        disk ??= new ContainerDisk(engine, await labels());
        return engine;
      },
      labels,
      bytesOnDisk: async () => (await disk?.bytes().catch(() => 0)) ?? 0,
      start: (engine, plan, prepare) => this.#start(engine, plan, prepare),
      build: (engine, build) => this.#build(engine, build),
      run: (engine, plan, run) =>
        runContainer(engine, this.#startable(plan), { ...run, prepare: this.#noting(run.prepare) }),
      removeLater: (engine, labels) => this.#removeLater(engine, labels),
      pulls: this.#pulls,
      looks: this.#looks,
    };
  }

  /** To be called when no job runs any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#opening?.catch(() => undefined);
    await within(Promise.all(this.#removals), removalPatience);
    await this.#keeper?.close();
    if (this.#keeper?.isDone) this.#notes.remove();
  }

  #removeLater(engine: Engine, labels: Readonly<Record<string, string>>): void {
    const removal = this.#remove(engine, labels).finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
    void removal.then(() => untilPodsAreGone(engine, labels, this.#closing.signal));
  }

  /** Never rejects. What is left when the runner stops is the keeper's to remove. */
  async #remove(engine: Engine, labels: Readonly<Record<string, string>>): Promise<void> {
    for (let hasFailed = false; ; hasFailed = true) {
      try {
        return await removeLabelled(engine, labels);
      } catch (error) {
        if (!hasFailed) this.#owner.warn(`cannot remove the containers of a job yet: ${errorText(error)}`);
      }
      if (this.#closing.signal.aborted) return;
      await pause(removalPause, this.#closing.signal);
    }
  }

  async #start(engine: Engine, plan: ContainerPlan, prepare?: Prepare): Promise<StartedContainer> {
    let first = new FirstProcess(0);
    const started: Prepare = async (pid) => {
      first = new FirstProcess(pid);
      await prepare?.(pid);
    };
    return { id: await startContainer(engine, this.#startable(plan), this.#noting(started)), first };
  }

  #noting(prepare: Prepare): Prepare {
    return async (pid) => {
      if (pid > 0) this.#note(pid);
      await prepare(pid);
    };
  }

  #startable(plan: ContainerPlan): ContainerPlan {
    this.#starter ??= starterMount(dataPaths(this.#config.dataDir).engine);
    return { ...plan, mounts: [...plan.mounts, this.#starter] };
  }

  async #build(engine: Engine, build: ImageBuild): Promise<void> {
    if (engine.kind === 'docker') return this.#buildWithDocker(build);
    // only root makes control groups
    if (engine.isRootless || process.getuid?.() !== 0) return buildImage(engine, build, undefined);
    const group = BuildGroup.make();
    this.#builds.add(group.name);
    this.#keeper?.noteBuild(group.name);
    try {
      await buildImage(engine, build, group);
    } finally {
      this.#builds.delete(group.name);
      this.#keeper?.forgetBuild(group.name);
    }
  }

  /** Docker ends the commands of a build with its request, which the keeper forwards. */
  async #buildWithDocker(build: ImageBuild): Promise<void> {
    const connection = new EngineConnection(this.#forward());
    await buildImage({ connection, kind: 'docker' }, build, undefined);
  }

  /** Path of the socket of the keeper's `Forwarder`. No other process has the runner's name meanwhile. */
  #forward(): string {
    const name = createHash('sha256').update(this.#owner.runner).digest('hex').slice(0, 12);
    return socketPath(this.#config.dataDir, `keeper-${name}.sock`);
  }

  /** Remembers it for a later keeper, too. */
  #note(pid: number): void {
    for (const known of this.#pids) if (!isAlive(known)) this.#pids.delete(known);
    this.#pids.add(pid);
    this.#keeper?.note(pid);
  }

  async #open(): Promise<Engine> {
    if (this.#removals.size >= mostRemovals) await within(Promise.race(this.#removals), removalPatience);
    this.#opening ??= this.#find().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #find(): Promise<Engine> {
    const known = this.#engine && (await this.#engine.answers()) ? this.#engine : undefined;
    const engine = known ?? (await findEngine(this.#config));
    const isFirst = this.#engine === undefined;
    this.#engine = engine;
    if (isFirst) await this.#begin(engine);
    if (!this.#keeper) await this.#keep(engine);
    return engine;
  }

  /** Removes what an earlier process with this runner's name has left, if its keeper was killed, too, then what others leave. */
  async #begin(engine: Engine): Promise<void> {
    await removeLabelled(engine, await this.#ownerLabels()).catch((error) =>
      this.#owner.warn(`cannot remove containers of an earlier start: ${error.message}`),
    );
    this.#notes.add({ socket: engine.connection.socket, labels: await this.#labels() });
    void this.#sweepOthers();
  }

  async #sweepOthers(): Promise<void> {
    const { signal } = this.#closing;
    for (; !signal.aborted; await pause(sweepInterval, signal)) {
      // while the engine is away, nothing can be removed
      if (this.#engine) await sweepEnded(this.#engine, this.#record ?? '').catch(() => undefined);
    }
  }

  #keep(engine: Engine): Promise<void> {
    this.#keeping ??= this.#startKeeper(engine).finally(() => {
      this.#keeping = undefined;
    });
    return this.#keeping;
  }

  async #startKeeper(engine: Engine): Promise<void> {
    const { socket } = engine.connection;
    const { ttl } = this.#owner;
    const forward = engine.kind === 'docker' ? this.#forward() : undefined;
    const { dataDir } = this.#config;
    const keeper = await Keeper.start({ socket, dataDir, labels: await this.#labels(), ttl, forward });
    this.#keeper = keeper;
    keeper.beat(this.#owner.left());
    for (const pid of this.#pids) keeper.note(pid);
    for (const name of this.#builds) keeper.noteBuild(name);
    this.#isRenewed = this.#owner.renew(keeper);
    void keeper.ended.then((isKilled) => this.#unkept(engine, isKilled));
  }

  /** If somebody has killed the keeper, containers may live, so there is another one at once. */
  async #unkept(engine: Engine, isKilled: boolean): Promise<void> {
    const { signal } = this.#closing;
    // for `close`, which asks whether it has done its work
    if (signal.aborted) return;
    this.#keeper = undefined;
    while (isKilled && !this.#keeper && !signal.aborted) {
      await this.#keep(engine).catch((error) => this.#owner.warn(error.message));
      if (!this.#keeper) await pause(keeperPause, signal);
    }
  }

  async #labels(): Promise<Record<string, string>> {
    return { ...(await this.#ownerLabels()), 'volt.life': this.#life, ...ownProcessLabel() };
  }

  async #ownerLabels(): Promise<Record<string, string>> {
    // asked for once: Redis may be away when the keeper is started again
    this.#record ??= await this.#owner.record();
    return { 'volt.record': this.#record, 'volt.runner': this.#owner.runner };
  }
}
