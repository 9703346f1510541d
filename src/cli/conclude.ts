import { type Build, isFinal } from '../kernel/model.ts';
import type { Client } from './client.ts';
import { awaitFinal, followBuild } from './follow.ts';
import { print, printJson } from './terminal.ts';
import { exitCodeOf, verdictLine } from './wording.ts';

/** Follows what still runs of a build until it is final, prints its verdict, and sets the exit code that goes with it. */
export async function conclude(client: Client, build: Build, { json }: { json?: boolean }): Promise<void> {
  const over = build.jobs.filter(({ status }) => isFinal(status)).map(({ id }) => id);
  if (!json) await followBuild(client, build.id, over);
  const end = await awaitFinal(client, build);
  if (json) printJson(end);
  else print(verdictLine(end));
  process.exitCode = exitCodeOf(end.status);
}
