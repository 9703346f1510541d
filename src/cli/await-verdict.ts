import type { Build, JobId } from '../kernel/model.ts';
import type { Client } from './client.ts';
import { awaitFinal, followBuild } from './follow.ts';
import { tellWhatGoesOn } from './interrupt.ts';
import { print, printJson } from './terminal.ts';
import { exitCodeOf, verdictLine } from './wording.ts';

/**
 * Follows a build until it is final, prints its verdict, and sets the exit code.
 * @param skip jobs whose logs are not printed
 */
export async function awaitVerdict(
  client: Client,
  build: Build,
  { json, skip = [] }: { json?: boolean; skip?: readonly JobId[] },
): Promise<void> {
  const stop = tellWhatGoesOn(build);
  if (!json) await followBuild(client, build.id, skip);
  const end = await awaitFinal(client, build);
  stop();
  if (json) printJson(end);
  else print(verdictLine(end));
  process.exitCode = exitCodeOf(end.status);
}
