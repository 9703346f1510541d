import { sizeText } from '../kernel/sizes.ts';
import { bytesOnDisk } from '../system/disk-use.ts';
import { runProgram } from '../system/run-program.ts';
import { every, type Repeating } from '../system/wait.ts';

/** Milliseconds between two measurements, and that one may take. */
const interval = 2000;
const longest = 60_000;

/**
 * Measures what one job uses on the disk, until it is stopped.
 * @param most bytes; 0 for no limit
 * @param used what is measured: folders, counted together, and further bytes
 * @param exceeded is called once, with the end of a sentence
 */
export function watchQuota(
  most: number,
  { folders, further }: { folders: readonly string[]; further(): Promise<number> },
  exceeded: (message: string) => void,
): Pick<Repeating, 'stop'> | undefined {
  if (most === 0) return undefined;
  let reported = false;
  const measure = async () => {
    if (reported) return;
    const bytes = (await bytesOnDisk(folders, longest)) + (await further());
    if (bytes <= most) return;
    reported = true;
    exceeded(`was ended: it used more than ${sizeText(most)} on the disk (${sizeText(bytes)})`);
  };
  return every(interval, measure, () => undefined);
}

/**
 * Empties a home that uses more than half of what a job may have, so that the next job has room. find(1) does it: it
 * follows no link that another job of the repository may create at the same time.
 * @param most bytes that a job may use on the disk
 */
export async function emptyIfLarge(home: string, most: number): Promise<boolean> {
  if ((await bytesOnDisk([home], longest)) <= most / 2) return false;
  const args = [home, '-xdev', '-mindepth', '1', '-delete'];
  await runProgram('find', args).catch(() => undefined);
  return true;
}
