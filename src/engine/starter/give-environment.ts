import { readText } from '../../system/read-text.ts';
import { pause } from '../../system/wait.ts';
import { engineFailed } from '../connection.ts';
import type { Engine } from '../engine.ts';
import { starterInput, starterInside } from './starter.ts';

/** Milliseconds for the environment to arrive, and between two looks whether the program has begun. */
const patience = 30_000;
const interval = 2;

/**
 * Gives the starter of a container the environment of its program, which begins then.
 * @param pid first process of the container, as the machine sees it
 * @throws EngineRefusal; VoltError `engine_failed` where it does not begin in time
 */
export async function giveEnvironment(
  { connection }: Engine,
  id: string,
  pid: number,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const input = await connection.attach(`/containers/${id}/attach`, { query: { stream: 'true', stdin: 'true' } });
  // the engine ends it together with the container
  input.on('error', () => undefined).resume();
  input.end(starterInput(env));
  for (const until = performance.now() + patience; isStarter(pid); await pause(interval)) {
    if (performance.now() < until) continue;
    input.destroy();
    throw engineFailed('the container engine does not pass on what a program reads');
  }
}

/** Whether a process has not become the program yet. */
function isStarter(pid: number): boolean {
  return readText(`/proc/${pid}/cmdline`)?.startsWith(`${starterInside}\0`) === true;
}
