import { EngineSession, type JobEngine } from '../../src/engine/engine-session.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import type { TestEngine } from './engine.ts';
import { TestFolders } from './folder.ts';

/** Seconds; tests that are not about the lease never reach its end. */
const ttl = 3600;

/** The engine of a test as a runner uses it. */
export class TestSession {
  readonly session: EngineSession;
  readonly #folders = new TestFolders();
  #jobs = 0;

  constructor(engine: TestEngine) {
    const config = loadConfig({ engine: engine.socket, dataDir: this.#folders.make() });
    this.session = new EngineSession(config, {
      ...{ record: async () => 'test', runner: 'box', ttl, left: () => ttl, renew: () => true },
      warn: (message) => {
        throw new Error(message);
      },
    });
  }

  /** For the next job. */
  next(): JobEngine {
    return this.session.forJob({ build: '1', job: `1-${++this.#jobs}`, attempt: 1 });
  }

  async close(): Promise<void> {
    await this.session.close();
    this.#folders.remove();
  }
}
