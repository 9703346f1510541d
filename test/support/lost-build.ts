import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { EngineSession } from '../../src/engine/engine-session.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import { isAlive } from '../../src/system/processes.ts';
import { tinyImage } from './engine.ts';
import { TestFolders } from './folder.ts';
import { longSleep, processesWith } from './seen-processes.ts';
import { until } from './until.ts';

/**
 * Has an engine build an image for a runner whose lease runs out meanwhile, as if it were frozen, which keeps its requests open.
 * @param socket of the engine
 * @returns processes of the build that live when the keeper has ended, and with what the build has failed
 */
export async function loseRunnerInBuild(socket: string): Promise<{ left: number[]; error: unknown }> {
  const folders = new TestFolders();
  const ttl = 3;
  const session = new EngineSession(loadConfig({ engine: socket, dataDir: folders.make() }), {
    ...{ record: async () => 'record', runner: 'builder', ttl, left: () => ttl },
    ...{ renew: () => false, warn: () => undefined },
  });
  const renewing = setInterval(() => session.beat(), 500);
  const time = longSleep();
  const folder = folders.make();
  writeFileSync(join(folder, 'Dockerfile'), `FROM ${tinyImage}\nRUN sleep ${time} || true\nRUN sleep ${time}\n`);
  try {
    const access = session.forJob({ build: '1', job: '1-1', attempt: 1 });
    const building = access.build(await access.open(), {
      files: Readable.from([execFileSync('tar', ['-C', folder, '-c', '.'])]),
      ...{ dockerfile: 'Dockerfile', tag: 'localhost/volt:1', labels: await access.labels() },
      ...{ args: {}, limits: {}, output: () => undefined, signal: new AbortController().signal },
    });
    const failed = building.then(
      () => undefined,
      (error) => error,
    );
    await until('the command runs', () => processesWith(time).length > 0);
    clearInterval(renewing);
    const [keeper = 0] = session.pids;
    await until('the keeper has ended', () => !isAlive(keeper), 60_000);
    const left = processesWith(time);
    const error = await failed;
    return { left: [...left, ...processesWith(time)], error };
  } finally {
    clearInterval(renewing);
    await session.close();
    folders.remove();
  }
}
