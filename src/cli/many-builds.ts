import { counted } from '../kernel/counted.ts';
import { VoltError } from '../kernel/errors.ts';
import { serverNow } from '../kernel/server-time.ts';
import { parseSince } from '../kernel/since.ts';
import type { buildList } from '../web/schemas/builds.ts';
import type { requestedOfMany } from '../web/schemas/many-builds.ts';
import type { Answer, Client } from './client.ts';
import { awaitIntent } from './intent.ts';
import { plain, print, printJson, verdict } from './terminal.ts';
import { buildName, refText } from './wording.ts';

type Requested = Answer<typeof requestedOfMany>;

/** Seconds to wait in all until the stages have done what was requested. */
const timeout = 15;

interface Shown {
  dryRun?: boolean | undefined;
  json?: boolean | undefined;
}

/** Cancels the queued builds of a branch, or lists them. */
export async function cancelQueued(
  client: Client,
  { repo, branch }: { repo: string; branch: string },
  shown: Shown,
): Promise<void> {
  if (shown.dryRun) return list(client, { repo, branch, status: 'queued' }, shown);
  const requested = await client.post<Requested>('/builds/cancel-queued', { repo, branch });
  const open = await awaitAll(client, requested);
  if (shown.json) return printJson(requested);
  print(`${open === 0 ? 'cancelled' : 'cancelling'} ${namesOf(requested)} of ${plain(branch)}`);
  printLeft(requested);
}

/** Runs again what did not succeed of the builds that have ended in an error since a time, or lists them. */
export async function retryErrors(
  client: Client,
  { since, repo }: { since: string; repo: string | undefined },
  shown: Shown,
): Promise<void> {
  const at = parseSince(since, serverNow());
  if (at === undefined) {
    throw new VoltError('usage', `"${plain(since)}" is not a time`, {
      remedy: 'Give --since an age such as 90m, 2h or 7d, or a date such as 2026-01-31.',
    });
  }
  const time = new Date(at).toISOString();
  if (shown.dryRun) return list(client, { repo, status: 'error', endedSince: time }, shown);
  const requested = await client.post<Requested>('/builds/retry-errors', { since: time, repo });
  const open = await awaitAll(client, requested);
  if (shown.json) return printJson(requested);
  print(open === 0 ? `${namesOf(requested)} run again` : `requested: ${namesOf(requested)} run again`);
  printLeft(requested);
}

async function list(client: Client, query: { [name: string]: string | undefined }, { json }: Shown): Promise<void> {
  const page = await client.get<Answer<typeof buildList>>('/builds', { ...query, limit: 100 });
  if (json) return printJson(page);
  for (const build of page.builds) print(`${buildName(build)} ${refText(build)} ${verdict(build.status)}`);
  print(`${counted(page.builds.length, 'build')}${page.next === null ? '' : ' and older ones'}; nothing was done`);
}

/** @returns how many requests are still open when the time is over */
async function awaitAll(client: Client, { builds }: Requested): Promise<number> {
  const until = Date.now() + timeout * 1000;
  let open = 0;
  for (const { intent } of builds) {
    const left = Math.max(0, (until - Date.now()) / 1000);
    // one that could not be done, since the build has moved on, does not hold up the others
    const done = await awaitIntent(client, intent, left).catch((error) => {
      if (error instanceof VoltError && error.code === 'conflict') return { open: false };
      throw error;
    });
    if (done.open) open++;
  }
  return open;
}

function namesOf({ builds }: Requested): string {
  const names = builds.map(buildName);
  return `${counted(builds.length, 'build')}: ${names.join(', ')}`;
}

function printLeft({ left }: Requested): void {
  if (left > 0) print(`${left} more fit; run the command again for them`);
}
