import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';
import { lockFile } from '../../system/lock.ts';
import { writeWhole } from './whole-file.ts';

/**
 * Who uses which home, beside the homes, where no job can write. No name of a home begins with a dot.
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

/** Milliseconds; homes are made and moved away in moments. */
const longestPruning = 60_000;

/** Ends the note of a job that has the home to itself, as far as the others want that, too. */
const alone = 'alone';

/** The job that takes a home. */
export interface HomeTaker {
  /** folder of the runners' work folders */
  work: string;
  runner: string;
  job: string;
}

/** A home that a job has. */
export interface TakenHome {
  /** whether no other job has it that wants it for itself alone */
  isAlone: boolean;
  /** gives it back */
  leave(): void;
}

/** What a job says of the home that it has. */
interface Note {
  path: string;
  home: string;
  wantsAlone: boolean;
}

/**
 * Takes a home for a job, which may take several.
 * @param home its name
 * @param make makes it where it is not there; no two processes do so at the same time
 * @param wantsAlone whether the job would have it to itself; of several who begin together none may
 * @throws VoltError `isolation_unavailable` where somebody who makes or removes homes does not end
 */
export async function takeHome(
  homes: string,
  { work, runner, job }: HomeTaker,
  home: string,
  { make, wantsAlone = false }: { make: () => void | Promise<void>; wantsAlone?: boolean },
): Promise<TakenHome> {
  const note = join(notesOf(work, runner), `${job} ${home}`);
  const use = join(homes, uses, home);
  mkdirSync(dirname(note), { recursive: true });
  mkdirSync(homes, { recursive: true, mode: 0o711 });
  mkdirSync(dirname(use), { recursive: true, mode: 0o700 });
  const forget = () => rmSync(note, { force: true });
  try {
    writeWhole(note, wantsAlone ? `${home}\n${alone}` : home);
    await passGate(homes);
    if (!existsSync(join(homes, home))) await makeBehindGate(homes, home, make);
    const isAlone = wantsAlone && !(await isWantedBeside(work, note, home));
    if (wantsAlone && !isAlone) writeWhole(note, home);
    writeFileSync(use, '');
    const leave = () => {
      if (existsSync(use)) touch(use);
      forget();
    };
    return { isAlone, leave };
  } catch (error) {
    forget();
    throw error;
  }
}

async function makeBehindGate(homes: string, home: string, make: () => void | Promise<void>): Promise<void> {
  const openGate = await closeGate(homes, longestPruning);
  if (!openGate) throw stuckAt(homes);
  try {
    if (!existsSync(join(homes, home))) await make();
  } finally {
    openGate();
  }
}

async function isWantedBeside(work: string, note: string, home: string): Promise<boolean> {
  return (await notesIn(work)).some((other) => other.path !== note && other.home === home && other.wantsAlone);
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
  return new VoltError('isolation_unavailable', `a process that makes or removes homes in ${homes} does not go on`, {
    remedy: `See which process has ${join(homes, gate)} open, and end it.`,
  });
}

/** Names of the homes that jobs have. @param work folder of the runners' work folders */
export async function homesInUse(work: string): Promise<Set<string>> {
  return new Set((await notesIn(work)).map(({ home }) => home));
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
      const [home = '', second] = text.split('\n');
      notes.push({ path, home, wantsAlone: second === alone });
    }
  }
  return notes;
}

/** Where the notes of a runner's jobs are. */
export function notesOf(work: string, runner: string): string {
  return join(work, runner, 'homes');
}

/** When a job had the home last, in milliseconds since 1970. */
export async function lastUse(homes: string, home: string): Promise<number> {
  const time = (path: string) =>
    stat(path).then(
      ({ mtimeMs, ctimeMs }) => ({ mtimeMs, ctimeMs }),
      () => undefined,
    );
  // of the home itself only what a job cannot set
  return (await time(join(homes, uses, home)))?.mtimeMs ?? (await time(join(homes, home)))?.ctimeMs ?? Date.now();
}

/**
 * Takes homes out of their places that no job has or gets meanwhile.
 * @param unused those that are to go, with when they were last used
 * @param warn is told which could not be moved
 * @returns those that are gone; none where somebody else is at it
 */
export async function setUnusedAside<H extends { name: string; usedAt: number }>(
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
      const { name, usedAt } = home;
      if (used.has(name) || (await lastUse(homes, name)) !== usedAt) continue;
      try {
        if (setAside(homes, name)) gone.push(home);
        rmSync(join(homes, uses, name), { force: true });
      } catch (error) {
        warn(`could not remove the home ${name}: ${errorText(error)}`);
      }
    }
    return gone;
  } finally {
    openGate();
  }
}

function setAside(homes: string, name: string): boolean {
  const home = join(homes, name);
  const folder = asides(homes);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // who is not root cannot move a folder elsewhere that it may not write to, and a job may have closed this one
    chmodSync(home, 0o700);
    renameSync(home, join(folder, `${name}-${randomUUID()}`));
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
