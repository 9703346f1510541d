import { pause, within } from '../../system/wait.ts';
import { BuildGroup } from '../build-group.ts';
import { containersWith, killContainer } from '../containers.ts';
import type { Engine } from '../engine.ts';
import { engineAt } from '../find-engine.ts';
import { FirstProcess } from '../first-process.ts';
import { removeLabelled } from '../remove-labelled.ts';
import type { KeeperNote, KeeperTask } from './keeper-task.ts';

/** Milliseconds for the engine to kill all containers, before their first processes are killed without it. */
const killPatience = 1000;
/** Milliseconds for one try to remove all, and between two. */
const removePatience = 15_000;
const retryPause = 200;
/** Milliseconds after which an engine that is away is left to the next start of the runner, if no process is left. */
const longestAbsence = 120_000;

/** Milliseconds between two requests that keep a service of podman from ending, which happens after a minute without one. */
const pingInterval = 20_000;

/** The containers that a keeper ends. */
export class KeptContainers {
  readonly #task: KeeperTask;
  readonly #first: FirstProcess[] = [];
  readonly #builds = new Set<string>();
  #isEnding = false;

  constructor(task: KeeperTask) {
    this.#task = task;
  }

  /** Notes the first process of a container, which is killed where the engine does not answer, or a build. */
  note(note: KeeperNote): void {
    if ('pid' in note) this.#first.push(new FirstProcess(note.pid));
    else if ('build' in note) this.#builds.add(note.build);
    else this.#builds.delete(note.built);
  }

  /** Has the engine answer, as long as containers may live. Never rejects. */
  async stayReachable(): Promise<void> {
    while (!this.#isEnding) {
      await this.#engine().catch(() => undefined);
      await pause(pingInterval);
    }
  }

  /** Kills and removes all containers, and ends builds; resolves when they are gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const builds = Promise.all([...this.#builds].map((name) => new BuildGroup(name).end()));
    const isKilled = await within(
      this.#kill().then(
        () => true,
        () => false,
      ),
      killPatience,
    );
    if (!isKilled) for (const process of this.#first) process.kill();
    const begun = performance.now();
    await within(builds, longestAbsence);
    for (;;) {
      const isDone = await within(this.#remove(), removePatience);
      if (isDone === true) return;
      const isQuiet = !this.#first.some(({ isAlive }) => isAlive);
      if (isQuiet && performance.now() - begun > longestAbsence) return;
      await pause(retryPause);
    }
  }

  async #kill(): Promise<void> {
    const engine = await this.#engine();
    await Promise.all((await containersWith(engine, this.#task.labels)).map((id) => killContainer(engine, id)));
  }

  /** @returns whether nothing is left */
  async #remove(): Promise<boolean> {
    try {
      await removeLabelled(await this.#engine(), this.#task.labels);
      return true;
    } catch {
      return false;
    }
  }

  #engine(): Promise<Engine> {
    return engineAt(this.#task.socket, this.#task.dataDir);
  }
}
