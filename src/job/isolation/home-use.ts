import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemCode, VoltError } from '../../kernel/errors.ts';
import { lockFile } from '../../kernel/file-lock.ts';

/**
 * Who uses which home, beside the homes, where no job can write. No name of a repository begins with a dot.
 *
 * A job writes a note into its runner's work folder, then passes the gate, and only then looks for its home. Whoever
 * removes homes closes the gate (a file that is there, and locked), then reads the notes, moves away what nobody has, and
 * opens the gate. So either the note is seen, or the job waits and finds no home, and makes a new one. A note of a runner
 * that was killed counts until the runner starts again, or its work folder is removed.
 */
const uses = '.uses';
const gate = '.pruning';
const removed = '.removed';

/** Milliseconds; homes are moved away in moments. */
const longestPruning = 60_000;

/**
 * Takes the home of a repository for a job. One that was left by another repository of that name goes.
 * @param note file that says that the job has it
 * @returns gives it back
 * @throws VoltError `isolation_unavailable` where somebody who removes homes does not go on
 */
export async function takeHome(homes: string, note: string, repo: { name: string; url: string }): Promise<() => void> {
  mkdirSync(dirname(note), { recursive: true });
  writeFileSync(note, repo.name);
  try {
    mkdirSync(homes, { recursive: true, mode: 0o711 });
    mkdirSync(join(homes, uses), { recursive: true, mode: 0o700 });
    await passGate(homes);
    const use = join(homes, uses, repo.name);
    const owner = existsSync(use) ? readFileSync(use, 'utf8') : repo.url;
    if (owner !== repo.url) setAside(homes, repo.name);
    writeFileSync(use, repo.url);
    return () => {
      if (existsSync(use)) utimesSync(use, new Date(), new Date());
      rmSync(note, { force: true });
    };
  } catch (error) {
    rmSync(note, { force: true });
    throw error;
  }
}

async function passGate(homes: string): Promise<void> {
  const path = join(homes, gate);
  while (existsSync(path)) {
    const lock = await lockFile(path, { wait: longestPruning });
    if (!lock) {
      throw new VoltError('isolation_unavailable', `a process that removes homes from ${homes} does not go on`, {
        remedy: `See which process has ${path} open, and end it.`,
      });
    }
    // whoever has closed it was killed, or has opened it by now
    rmSync(path, { force: true });
    lock.release();
  }
}

/** Homes of repositories, by name, that jobs have. @param work folder of the runners' work folders */
export async function homesInUse(work: string): Promise<Set<string>> {
  const used = new Set<string>();
  for (const runner of await namesIn(work)) {
    for (const note of await namesIn(notesOf(work, runner)))
      used.add(await readFile(join(notesOf(work, runner), note), 'utf8').catch(() => ''));
  }
  return used;
}

/** Where the notes of a runner's jobs are. */
export function notesOf(work: string, runner: string): string {
  return join(work, runner, 'homes');
}

/** When a job had the home last, in milliseconds since 1970. */
export async function lastUse(homes: string, repository: string): Promise<number> {
  const time = (path: string) =>
    stat(path).then(
      ({ mtimeMs, ctimeMs }) => ({ mtimeMs, ctimeMs }),
      () => undefined,
    );
  // of the home itself only what a job cannot set
  return (
    (await time(join(homes, uses, repository)))?.mtimeMs ?? (await time(join(homes, repository)))?.ctimeMs ?? Date.now()
  );
}

/**
 * Takes homes out of their places that no job has or gets meanwhile.
 * @param unused those that are to go, with when they were last used
 * @returns those that are gone; none where somebody else is at it
 */
export async function setUnusedAside<H extends { repository: string; usedAt: number }>(
  homes: string,
  work: string,
  unused: readonly H[],
): Promise<H[]> {
  const path = join(homes, gate);
  const lock = await lockFile(path);
  if (!lock) return [];
  try {
    const used = await homesInUse(work);
    const gone: H[] = [];
    for (const home of unused) {
      const { repository, usedAt } = home;
      if (used.has(repository) || (await lastUse(homes, repository)) !== usedAt) continue;
      if (setAside(homes, repository)) gone.push(home);
      rmSync(join(homes, uses, repository), { force: true });
    }
    return gone;
  } finally {
    if (lock.isHeld()) rmSync(path, { force: true });
    lock.release();
  }
}

function setAside(homes: string, repository: string): boolean {
  const folder = asides(homes);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    renameSync(join(homes, repository), join(folder, `${repository}-${randomUUID()}`));
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Where homes are that are to be removed. */
export function asides(homes: string): string {
  return join(homes, removed);
}

export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
