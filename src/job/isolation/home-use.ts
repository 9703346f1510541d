import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import { lockFile } from '../../kernel/file-lock.ts';
import { pause } from '../../kernel/wait.ts';
import { writeWhole } from './whole-file.ts';

/**
 * Who uses which home, beside the homes, where no job can write. No name of a repository begins with a dot.
 *
 * A job writes a note into its runner's work folder, then passes the gate, and only then looks for its home. Whoever
 * moves homes away closes the gate (a file that is there, and locked), then reads the notes, moves away what nobody has, and
 * opens the gate. So either the note is seen, or the job waits and finds no home, and makes a new one. A note of a runner
 * that was killed counts until the runner starts again, or its work folder is removed. What cannot be read is not taken for
 * unused.
 */
const uses = '.uses';
const gate = '.pruning';
const removed = '.removed';

/** Milliseconds; homes are moved away in moments. */
const longestPruning = 60_000;
/** How long (ms) a job waits for those of another repository that have its home, and how often it looks. */
const longestUse = 60_000;
const useInterval = 250;

/** The job that takes a home. */
export interface HomeTaker {
  /** folder of the runners' work folders */
  work: string;
  runner: string;
  job: string;
}

/** What a job says of the home that it has. */
interface Note {
  path: string;
  repository: string;
  /** undefined where an earlier version has written it */
  url: string | undefined;
}

/**
 * Takes the home of a repository for a job. One that was left by another repository of that name goes, when no job of that
 * has it any more.
 * @returns gives it back
 * @throws VoltError `isolation_unavailable` where somebody who removes homes, or a job of the other repository, does not end
 */
export async function takeHome(
  homes: string,
  { work, runner, job }: HomeTaker,
  repo: { name: string; url: string },
): Promise<() => void> {
  const note = join(notesOf(work, runner), job);
  const use = join(homes, uses, repo.name);
  mkdirSync(dirname(note), { recursive: true });
  mkdirSync(homes, { recursive: true, mode: 0o711 });
  mkdirSync(dirname(use), { recursive: true, mode: 0o700 });
  const forget = () => rmSync(note, { force: true });
  const end = performance.now() + longestUse;
  for (;;) {
    try {
      writeWhole(note, `${repo.name}\n${repo.url}`);
      await passGate(homes);
      if (await claim(homes, work, note, repo)) break;
    } catch (error) {
      forget();
      throw error;
    }
    // of two who wait none is to wait for the other
    forget();
    if (performance.now() >= end) {
      throw new VoltError(
        'isolation_unavailable',
        `jobs of another repository named ${repo.name} still have its home`,
        {
          remedy: 'Wait until they have ended, or cancel them; then retry this one.',
        },
      );
    }
    await pause(useInterval);
  }
  return () => {
    if (existsSync(use)) touch(use);
    forget();
  };
}

/** @returns false while jobs of another repository have it */
async function claim(homes: string, work: string, note: string, repo: { name: string; url: string }): Promise<boolean> {
  const { name, url } = repo;
  const use = join(homes, uses, name);
  if (ownerIn(use) === url) {
    touch(use);
    return true;
  }
  const openGate = await closeGate(homes, longestPruning);
  if (!openGate) throw stuckAt(homes);
  try {
    const owner = ownerIn(use);
    if (owner === url) return true;
    // of an empty one, which a power cut may leave, nobody knows whose the home is
    const isOther = (other: Note) => other.path !== note && (other.url !== url || owner === '');
    if ((await notesIn(work)).some((other) => other.repository === name && isOther(other))) return false;
    if (owner !== undefined) setAside(homes, name);
    writeWhole(use, url);
    return true;
  } finally {
    openGate();
  }
}

/** The address of the repository that a home belongs to; undefined where that was never written down. */
function ownerIn(use: string): string | undefined {
  try {
    return readFileSync(use, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function passGate(homes: string): Promise<void> {
  while (existsSync(join(homes, gate))) {
    // whoever has closed it was killed, or has opened it by now
    const openGate = await closeGate(homes, longestPruning);
    if (!openGate) throw stuckAt(homes);
    openGate();
  }
}

/**
 * @param wait milliseconds
 * @returns opens it; undefined where somebody else has closed it
 */
async function closeGate(homes: string, wait: number): Promise<(() => void) | undefined> {
  const path = join(homes, gate);
  const lock = await lockFile(path, { wait });
  if (!lock) return undefined;
  return () => {
    if (lock.isHeld()) rmSync(path, { force: true });
    lock.release();
  };
}

function stuckAt(homes: string): VoltError {
  return new VoltError('isolation_unavailable', `a process that removes homes from ${homes} does not go on`, {
    remedy: `See which process has ${join(homes, gate)} open, and end it.`,
  });
}

/** Homes of repositories, by name, that jobs have. @param work folder of the runners' work folders */
export async function homesInUse(work: string): Promise<Set<string>> {
  return new Set((await notesIn(work)).map(({ repository }) => repository));
}

async function notesIn(work: string): Promise<Note[]> {
  const notes: Note[] = [];
  for (const runner of await namesIn(work)) {
    for (const name of await namesIn(notesOf(work, runner))) {
      // one that is being written: its job has not passed the gate
      if (name.startsWith('.')) continue;
      const path = join(notesOf(work, runner), name);
      const text = await readFile(path, 'utf8').catch((error) => {
        // it was given back
        if (systemCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (text === undefined) continue;
      const [repository = '', url] = text.split('\n');
      notes.push({ path, repository, url });
    }
  }
  return notes;
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
 * @param warn is told which could not be moved
 * @returns those that are gone; none where somebody else is at it
 */
export async function setUnusedAside<H extends { repository: string; usedAt: number }>(
  homes: string,
  work: string,
  unused: readonly H[],
  warn: (message: string) => void,
): Promise<H[]> {
  const openGate = await closeGate(homes, 0);
  if (!openGate) return [];
  try {
    const used = await homesInUse(work);
    const gone: H[] = [];
    for (const home of unused) {
      const { repository, usedAt } = home;
      if (used.has(repository) || (await lastUse(homes, repository)) !== usedAt) continue;
      try {
        if (setAside(homes, repository)) gone.push(home);
        rmSync(join(homes, uses, repository), { force: true });
      } catch (error) {
        warn(`could not remove the home of ${repository}: ${errorText(error)}`);
      }
    }
    return gone;
  } finally {
    openGate();
  }
}

function setAside(homes: string, repository: string): boolean {
  const home = join(homes, repository);
  const folder = asides(homes);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // who is not root cannot move a folder elsewhere that it may not write to, and a job may have closed this one
    chmodSync(home, 0o700);
    renameSync(home, join(folder, `${repository}-${randomUUID()}`));
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

/** None where there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  });
}

function touch(path: string): void {
  utimesSync(path, new Date(), new Date());
}
