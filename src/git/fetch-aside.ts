import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode, VoltError } from '../kernel/errors.ts';
import type { BareRepository } from './bare-repository.ts';
import { type GitOptions, git } from './run.ts';
import { changeEnds, endsOf } from './shallow.ts';

/** Ids that one command is given; a process takes some megabytes of arguments. */
export const mostIds = 20_000;

/** Where the repository beside is, in the mirror's own folder, so that objects can be moved and go with it. */
export function asideOf(mirror: string): string {
  return join(mirror, 'volt-incoming');
}

/**
 * Fetches a part of a history, and takes nothing from the mirror: `git fetch --depth` counts from the refs that it
 * fetches, and lets history end there also where the mirror has more of it for another ref, or for whoever reads it at the
 * moment. So git fetches into a repository beside the mirror, which borrows its objects, and what has come is put into the
 * mirror in an order in which each commit there has its parents or is a known end, whenever that stops.
 * @param isHeld whether the mirror's lock is held still
 * @param options for git's work on this machine
 * @param fetch runs git's own fetch in a folder
 */
export async function fetchAside(
  mirror: BareRepository,
  isHeld: () => boolean,
  options: GitOptions,
  fetch: (folder: string) => Promise<void>,
): Promise<void> {
  const aside = asideOf(mirror.path);
  await rm(aside, { recursive: true, force: true });
  try {
    await layOut(mirror.path, aside);
    const before = endsOf(aside);
    await fetch(aside);
    const after = endsOf(aside);
    // whoever came next may have taken it away, and nothing would look like no ends
    if (!isHeld()) throw overtaken();
    const fresh = await missing(
      mirror.path,
      [...after].filter((end) => !before.has(end)),
    );
    changeEnds(mirror.path, { add: fresh });
    await moveObjects(aside, mirror.path);
    changeEnds(mirror.path, { remove: [...before].filter((end) => !after.has(end)) });
    // what the user's own configuration has removed is what no ref beside leads to
    const flags = ['--no-auto-maintenance', '--no-write-fetch-head', '--no-tags', '--no-prune', '--no-prune-tags'];
    await git(mirror.path, ['fetch', ...flags, '--', aside, '+refs/*:refs/*'], options);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** Lays it out by hand, see gitrepository-layout(5). It knows what the mirror's refs lead to, since it borrows from it. */
async function layOut(mirror: string, aside: string): Promise<void> {
  await mkdir(join(aside, 'objects', 'info'), { recursive: true });
  await mkdir(join(aside, 'refs'));
  await writeFile(join(aside, 'HEAD'), 'ref: refs/heads/main\n');
  await writeFile(join(aside, 'objects', 'info', 'alternates'), `${join(mirror, 'objects')}\n`);
  const config = await readFile(join(mirror, 'config'), 'utf8');
  // however the mirror keeps its refs, here they are files
  await writeFile(join(aside, 'config'), config.replace(/^\trefstorage = .*\n/im, ''));
  await copyFile(join(mirror, 'shallow'), join(aside, 'shallow')).catch((error) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

async function missing(mirror: string, ids: readonly string[]): Promise<Set<string>> {
  const found = new Set(ids);
  for (let from = 0; from < ids.length; from += mostIds) {
    const some = ids.slice(from, from + mostIds);
    const here = await git(mirror, ['rev-list', '--no-walk', '--ignore-missing', ...some, '--']);
    for (const id of here.split('\n')) found.delete(id);
  }
  return found;
}

/** git finds a pack by its index, so that comes last. */
async function moveObjects(from: string, to: string): Promise<void> {
  for (const folder of await readdir(join(from, 'objects'))) {
    if (!/^(pack|[0-9a-f]{2})$/.test(folder)) continue;
    const names = await readdir(join(from, 'objects', folder));
    const indexes = names.filter((name) => name.endsWith('.idx'));
    const others = names.filter((name) => !name.endsWith('.idx'));
    await mkdir(join(to, 'objects', folder), { recursive: true });
    for (const name of [...others, ...indexes])
      await rename(join(from, 'objects', folder, name), join(to, 'objects', folder, name));
  }
}

function overtaken(): VoltError {
  return new VoltError(
    'fetch_failed',
    'this process was stopped for long, and another one has gone on with the mirror',
    {
      remedy: 'Nothing is lost: have it done again (`volt retry`); a look at the repository is repeated by itself.',
    },
  );
}
