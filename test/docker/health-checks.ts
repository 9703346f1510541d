import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import type { VoltInContainers } from './volt-in-containers.ts';

/** Runs the health checks of all containers repeatedly, if the engine does not do that itself. */
export class HealthChecks {
  readonly #engine: Engine;
  readonly #volt: VoltInContainers;
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(engine: Engine, volt: VoltInContainers) {
    this.#engine = engine;
    this.#volt = volt;
    this.#done = engine.checkHealth ? this.#run() : Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const containers = await this.#volt.containers();
      await Promise.all(containers.map((id) => this.#engine.checkHealth?.(id)));
      await pause(2000);
    }
  }
}
