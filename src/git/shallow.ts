import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../kernel/errors.ts';
import type { BareRepository } from './bare-repository.ts';
import { git } from './run.ts';

/** Commits that are looked at to find how deep a history is; git finds it out for more. */
const mostListed = 20_000;

/**
 * The commits at which a repository's history ends before its beginning: their parents are not there, and git takes them
 * for first ones, see gitrepository-layout(5). Every other commit has its parents.
 */
export function endsOf(repository: string): ReadonlySet<string> {
  try {
    return new Set(readFileSync(fileOf(repository), 'utf8').split('\n').filter(Boolean));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Set();
    throw error;
  }
}

/** Writes down where history ends, so that others see all of the change or none. */
export function changeEnds(repository: string, change: { add?: Iterable<string>; remove?: Iterable<string> }): void {
  const ends = new Set([...endsOf(repository), ...(change.add ?? [])]);
  for (const end of change.remove ?? []) ends.delete(end);
  const file = fileOf(repository);
  // git takes an empty one for none, and Volt looks only whether there is one
  if (ends.size === 0) {
    rmSync(file, { force: true });
    return;
  }
  const draft = join(repository, 'volt-shallow');
  writeFileSync(draft, [...ends, ''].join('\n'));
  renameSync(draft, file);
}

/** Whether all is here that has come to a ref along first parents since it was at `before`. */
export async function isJoined(repository: BareRepository, before: string, head: string): Promise<boolean> {
  const ends = endsOf(repository.path);
  if (ends.size === 0) return true;
  const flags = ['--first-parent', '--max-parents=0', '--max-count=1'];
  const last = await git(repository.path, ['rev-list', ...flags, `${before}..${head}`, '--']).catch(() => undefined);
  return last !== undefined && !ends.has(last.trim());
}

/**
 * Whether so many commits of a history are here, counted along each line of parents as git counts for `--depth`. Where
 * that takes long to find out, the answer is no.
 */
export async function hasHistory(repository: BareRepository, sha: string, depth: number): Promise<boolean> {
  const ends = endsOf(repository.path);
  if (depth === 1 || ends.size === 0) return repository.has(sha);
  // with merges there are more commits than levels
  const bound = `--max-count=${Math.min(depth * 10, mostListed)}`;
  const listed = await git(repository.path, ['rev-list', '--parents', bound, sha, '--']).catch(() => '');
  const parentsOf = new Map<string, string[]>();
  for (const line of listed.split('\n')) {
    const [commit = '', ...parents] = line.split(' ');
    parentsOf.set(commit, parents);
  }
  const seen = new Set([sha]);
  let level = [sha];
  for (let distance = 1; distance < depth && level.length > 0; distance++) {
    const next = new Set<string>();
    for (const commit of level) {
      const parents = parentsOf.get(commit);
      if (parents === undefined || ends.has(commit)) return false;
      for (const parent of parents) if (!seen.has(parent)) next.add(parent);
    }
    level = [...next];
    for (const commit of level) seen.add(commit);
  }
  return true;
}

function fileOf(repository: string): string {
  return join(repository, 'shallow');
}
