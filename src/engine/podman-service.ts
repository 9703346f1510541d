import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { engineEnvironment } from '../system/environment.ts';
import { lockFile } from '../system/lock.ts';
import { readText } from '../system/read-text.ts';
import { pause } from '../system/wait.ts';
import { Engine } from './engine.ts';
import { socketPath } from './socket-path.ts';

/** Seconds after which podman's service ends when nobody is connected. */
const idleTime = 60;
/** Milliseconds for its start, and for another process of Volt that starts it. */
const startPatience = 30_000;

/**
 * podman keeps two processes for five minutes for each command that has ended in a container; Volt asks for the exit code at
 * once, but a machine can be slow.
 */
const configuration = '[engine]\nexit_command_delay = 30\n';

/**
 * The service of podman that Volt starts for a data directory. It runs on its own, so it finishes what it does for a runner that
 * is killed, and ends when nobody uses it.
 * @param podman path of the program
 * @throws VoltError `engine_failed`
 */
export async function podmanService(podman: string, dataDir: string): Promise<Engine> {
  const { engine: folder } = dataPaths(dataDir);
  const socket = socketPath(dataDir, 'podman.sock');
  const running = await Engine.at(socket).catch(() => undefined);
  if (running) return running;
  const lock = await lockFile(join(folder, 'lock'), { wait: startPatience });
  try {
    return (await Engine.at(socket).catch(() => undefined)) ?? (await start(podman, folder, socket));
  } finally {
    lock?.release();
  }
}

async function start(podman: string, folder: string, socket: string): Promise<Engine> {
  rmSync(socket, { force: true });
  const overrides = join(folder, 'containers.conf');
  const log = join(folder, 'service.log');
  writeFileSync(overrides, configuration);
  const output = openSync(log, 'w', 0o600);
  const child = spawn(podman, ['system', 'service', `--time=${idleTime}`, `unix://${socket}`], {
    env: { ...engineEnvironment(), CONTAINERS_CONF_OVERRIDE: overrides },
    stdio: ['ignore', output, output],
    detached: true,
    cwd: '/',
  });
  closeSync(output);
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = errorText(error);
  });
  child.once('exit', (code) => {
    ended ??= `it ended with code ${code}`;
  });
  child.unref();
  const until = performance.now() + startPatience;
  for (;;) {
    const engine = await Engine.at(socket).catch(() => undefined);
    if (engine) return engine;
    const late = performance.now() > until ? `it did not answer within ${startPatience / 1000} s` : undefined;
    const why = ended ?? late;
    if (why !== undefined) {
      child.kill('SIGKILL');
      const said = (readText(log) ?? '').trim().slice(-500);
      throw new VoltError('engine_failed', `podman does not serve: ${[why, said].filter(Boolean).join(': ')}`, {
        remedy: 'Run `podman info` as the user of the runner, and correct what it complains about.',
      });
    }
    await pause(20);
  }
}
