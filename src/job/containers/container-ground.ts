import { randomBytes } from 'node:crypto';
import { EngineRefusal } from '../../engine/connection.ts';
import { containersWith, killContainer, type Prepare } from '../../engine/containers.ts';
import type { Engine } from '../../engine/engine.ts';
import { FirstProcess } from '../../engine/first-process.ts';
import type { Image } from '../../engine/images.ts';
import { type EngineNetwork, makeNetwork } from '../../engine/networks.ts';
import { makePod } from '../../engine/pods.ts';
import { removeLabelled } from '../../engine/remove-labelled.ts';
import type { Limits } from '../../exec/limits.ts';
import { shareRules } from '../../exec/network/shared-rules.ts';
import { errorText } from '../../kernel/errors.ts';
import { pause, within } from '../../system/wait.ts';
import type { JobContext } from '../job-context.ts';
import { hostsMount } from './container-mounts.ts';
import { said } from './engine-words.ts';

/** Milliseconds for the engine to kill the containers, before their first processes are killed without it. */
const killPatience = 5000;
/** Milliseconds after which the processes of the containers are ended without the engine; their removal goes on. */
const removePatience = 10_000;

/** Milliseconds in which killed processes end, unless the kernel is busy. */
const endPatience = 200;
/** Milliseconds between two looks whether they have. */
const endInterval = 2;

/** What the containers of one job share. */
export interface ContainerGround {
  engine: Engine;
  /** of everything that is made for the job */
  labels: Readonly<Record<string, string>>;
  /** begins the names of its volumes */
  prefix: string;
  /** undefined for a job that reaches nothing and has no services */
  network: EngineNetwork | undefined;
  /** whose limits count for all containers of the job together; undefined where the engine has none */
  pod: string | undefined;
  /** notes a container, and gives it the rules of the job's network before its program begins */
  protect: Prepare;
}

type GroundContext = Pick<JobContext, 'engine' | 'processes' | 'sandbox' | 'folder'>;

/** The engine and network of a job, from its first container to its end. */
export class JobGround {
  readonly #context: GroundContext;
  readonly #built = new Map<string, Image>();
  /** of its containers, some of which may be over */
  readonly #processes: FirstProcess[] = [];
  #hasServices = false;
  #opened: Promise<ContainerGround> | undefined;
  /** where something may have been made, also if not all of it */
  #made: Pick<ContainerGround, 'engine' | 'labels'> | undefined;

  constructor(context: GroundContext) {
    this.#context = context;
  }

  /**
   * Finds the engine and makes the network, once.
   * @param hasServices whether containers of the job must reach each other
   * @throws VoltError `engine_failed`
   */
  open(hasServices = false): Promise<ContainerGround> {
    this.#hasServices ||= hasServices;
    this.#opened ??= this.#open(hasServices);
    return this.#opened;
  }

  async #open(hasServices: boolean): Promise<ContainerGround> {
    const { engine: access } = this.#context;
    const engine = await access.open();
    const labels = await access.labels();
    this.#made = { engine, labels };
    try {
      return await this.#make(engine, labels, hasServices);
    } catch (error) {
      await removeLabelled(engine, labels).catch(() => undefined);
      throw error;
    }
  }

  async #make(engine: Engine, labels: ContainerGround['labels'], hasServices: boolean): Promise<ContainerGround> {
    // whatever ends the job's processes ends its containers
    const { processes, sandbox } = this.#context;
    const { ended, network: own, limits } = await processes;
    void ended.then(() => this.#end(engine, labels)).catch(() => undefined);
    const isNeeded = own !== 'loopback' || hasServices;
    const listed = hostsMount(sandbox).length > 0 ? 'hosts' : 'all';
    const reach = own === 'loopback' ? 'nothing' : listed;
    const network = isNeeded ? await said(makeNetwork(engine, labels, reach)) : undefined;
    const pod = await podFor(engine, labels, limits);
    const isRuled = network !== undefined && own !== 'machine';
    const protect: Prepare = async (pid) => {
      this.#processes.push(new FirstProcess(pid));
      if (isRuled) await shareRules(own, pid, network);
    };
    return { engine, labels, pod, prefix: `volt${randomBytes(5).toString('hex')}`, network, protect };
  }

  /** Ends all processes in the containers, without the engine where that does not answer. Never rejects. */
  async #end(engine: Engine, labels: ContainerGround['labels']): Promise<void> {
    const killing = containersWith(engine, labels)
      .then((ids) => Promise.all(ids.map((id) => killContainer(engine, id))))
      .then(
        () => true,
        () => false,
      );
    if ((await within(killing, killPatience)) !== true) this.#killAll();
  }

  #killAll(): void {
    for (const process of this.#processes) process.kill();
  }

  /** The image that a job builds once. @param key tells it from the job's others */
  async once(key: string, build: () => Promise<Image>): Promise<Image> {
    const known = this.#built.get(key);
    if (known) return known;
    const image = await build();
    this.#built.set(key, image);
    return image;
  }

  /** @returns whether all processes of the containers are known to have ended */
  async #killNow(): Promise<boolean> {
    this.#killAll();
    const until = performance.now() + endPatience;
    while (this.#processes.some(({ isAlive }) => isAlive)) {
      if (performance.now() > until) return false;
      await pause(endInterval);
    }
    return this.#processes.length > 0 && this.#processes.every(({ pid }) => pid > 0);
  }

  /**
   * Ends all processes in the job's containers, and removes these with their network and volumes. Where no process is left,
   * podman removes the rest while the runner goes on, unless services have opened ports, which the next job may need. Never
   * rejects.
   * @returns why something may be left, which is removed later
   */
  async remove(): Promise<string | undefined> {
    await this.#opened?.catch(() => undefined);
    const made = this.#made;
    this.#opened = undefined;
    this.#made = undefined;
    if (!made) return undefined;
    const { engine, labels } = made;
    if (engine.kind === 'podman' && !this.#hasServices && (await this.#killNow())) {
      this.#context.engine.removeLater(engine, labels);
      return undefined;
    }
    const removed = this.#remove(made).then(
      () => '',
      (error) => errorText(error),
    );
    const late = `the engine did not answer within ${removePatience / 1000} s`;
    const why = (await within(removed, removePatience)) ?? late;
    // a pod may not be gone yet
    if (why === '' && engine.kind === 'podman') this.#context.engine.removeLater(engine, labels);
    if (why === '') return undefined;
    // another attempt may begin as soon as this one is over
    this.#killAll();
    this.#context.engine.removeLater(engine, labels);
    return `the containers could not be removed yet: ${why}`;
  }

  async #remove({ engine, labels }: Pick<ContainerGround, 'engine' | 'labels'>): Promise<void> {
    await removeLabelled(engine, labels);
    // root of a container of Docker is root of the machine, and later jobs need what it has left; processes of steps may still run
    if (engine.kind === 'docker') await this.#context.sandbox.giveContestedTree(this.#context.folder);
  }
}

/** @returns undefined where there is nothing to limit, or the engine cannot: then each container has the limits for itself */
async function podFor(
  engine: Engine,
  labels: ContainerGround['labels'],
  { memory, processes }: Limits,
): Promise<string | undefined> {
  if (engine.kind !== 'podman' || (memory === undefined && processes === undefined)) return undefined;
  try {
    return await makePod(engine, labels, { memory, processes });
  } catch (error) {
    if (error instanceof EngineRefusal) return undefined;
    throw error;
  }
}
