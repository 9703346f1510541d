import { containersWith } from '../../src/engine/containers.ts';
import { EngineSession, type JobEngine } from '../../src/engine/engine-session.ts';
import { imagesWith } from '../../src/engine/images.ts';
import { networksWith } from '../../src/engine/networks.ts';
import { podsWith } from '../../src/engine/pods.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { hasEngine, startEngine, type TestEngine } from './engine.ts';
import { TestFolders } from './folder.ts';
import { until } from './until.ts';

/** Seconds; tests that are not about the lease never reach its end. */
const ttl = 3600;

/** The engine of a test as a runner uses it. */
export class TestSession {
  readonly session: EngineSession;
  readonly #folders = new TestFolders();
  readonly #engine: TestEngine;
  #jobs = 0;

  constructor(engine: TestEngine) {
    this.#engine = engine;
    const config = loadConfig({ engine: engine.socket, dataDir: this.#folders.make() });
    this.session = new EngineSession(config, {
      ...{ record: async () => 'test', runner: 'box', ttl, left: () => ttl, renew: () => true },
      warn: (message) => {
        // where a test kills the engine, the removal is tried again
        if (!message.startsWith('cannot remove the containers of a job yet')) throw new Error(message);
      },
    });
  }

  /** For the next job. */
  next(): JobEngine {
    return this.session.forJob({ build: '1', job: `1-${++this.#jobs}`, attempt: 1 });
  }

  /** Resolves when the engine has removed what it had for the jobs. */
  async nothingIsLeft(): Promise<void> {
    const client = await this.#engine.connect();
    for (const [what, list] of Object.entries({ containersWith, networksWith, podsWith, imagesWith }))
      await until(
        `nothing is left (${what})`,
        async () => (await list(client, { 'volt.record': 'test' })).length === 0,
      );
  }

  async close(): Promise<void> {
    await this.session.close();
    this.#folders.remove();
  }
}

/**
 * An engine for the tests of the `describe` in which this is called, and a session for their jobs. Without an engine the tests are
 * skipped.
 * @param prepare makes what they need, such as images
 */
export function useEngine(prepare?: (engine: TestEngine) => Promise<void>): {
  readonly engine: TestEngine;
  readonly session: TestSession;
} {
  let engine: TestEngine | undefined;
  let session: TestSession | undefined;
  before(async function () {
    if (!hasEngine()) return this.skip();
    engine = await startEngine();
    session = new TestSession(engine);
    await prepare?.(engine);
  });
  after(async () => {
    await session?.close();
    await engine?.stop();
  });
  return {
    get engine() {
      if (!engine) throw new Error('the engine is not started yet');
      return engine;
    },
    get session() {
      if (!session) throw new Error('the engine is not started yet');
      return session;
    },
  };
}
