import { withCommandsAsTyped } from '../../kernel/invocation.ts';
import { pause } from '../../system/wait.ts';
import type { Client } from '../client.ts';
import { mark, plain, print } from '../terminal.ts';
import { pathOf, type ShownRepository } from './repository.ts';

/** Milliseconds to wait for a poll, and between two looks. */
const patience = 20_000;
const interval = 200;

/**
 * Waits until a repository was polled.
 * @param before the repository before the poll
 * @returns the repository then, or as it is when the time is over
 */
export async function awaitPoll(client: Client, before: ShownRepository): Promise<ShownRepository> {
  const until = Date.now() + patience;
  for (;;) {
    const now = await client.get<ShownRepository>(pathOf(before.name));
    if (now.error || now.observedAt !== before.observedAt || Date.now() > until) return now;
    await pause(interval);
  }
}

/** Prints whether Volt can fetch a repository. */
export function printPoll({ error, observedAt, defaultBranch, notice }: ShownRepository): void {
  if (error) {
    print(`${mark('error')} Volt cannot fetch it: ${error.code}: ${plain(error.message)}`);
    print(`    ${withCommandsAsTyped(plain(error.remedy))}`);
  } else if (observedAt === null) {
    const more = withCommandsAsTyped('not checked yet whether Volt can fetch it; see `volt repo ls`');
    print(`${mark('waiting')} ${more}`);
  } else {
    const branch = defaultBranch === null ? '' : `; its default branch is ${plain(defaultBranch)}`;
    print(`${mark('success')} Volt can fetch it${branch}`);
    if (notice) print(`${mark('waiting')} ${plain(notice)}`);
  }
}
