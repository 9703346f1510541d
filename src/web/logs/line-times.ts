import type { FileHandle } from 'node:fs/promises';
import { openIfThere } from './log-file.ts';

/** An entry has two little-endian doubles: a position in bytes of the log, and when its byte arrived (ms since 1970). */
const entrySize = 16;
/** Entries that are read at once: usually enough for a window of lines. */
const batch = 4096;

/**
 * When lines of a log arrived, by the file of times that the reporter writes beside the log.
 * @param starts positions in bytes where the lines begin, ascending
 * @returns milliseconds since 1970 for each line; null if its time is not recorded
 */
export async function timesOf(file: string, starts: readonly number[]): Promise<(number | null)[]> {
  const handle = starts.length === 0 ? undefined : await openIfThere(file);
  if (!handle) return starts.map(() => null);
  try {
    const count = Math.floor((await handle.stat()).size / entrySize);
    let next = await firstAfter(handle, count, starts[0] ?? 0);
    // what the first chunk found in the log came with it
    let time = count === 0 ? null : (await entryAt(handle, Math.max(0, next - 1))).time;
    let entries: Entry[] = [];
    let read = next;
    const times: (number | null)[] = [];
    for (const start of starts) {
      for (; next < count; next++) {
        if (next >= read) {
          entries = await entriesFrom(handle, next);
          read = next + entries.length;
        }
        const entry = entries[next - (read - entries.length)];
        if (!entry || entry.position > start) break;
        time = entry.time;
      }
      times.push(time);
    }
    return times;
  } finally {
    await handle.close();
  }
}

interface Entry {
  position: number;
  time: number;
}

/** Number of the first entry after a position, by binary search. */
async function firstAfter(handle: FileHandle, count: number, position: number): Promise<number> {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await entryAt(handle, middle)).position > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function entryAt(handle: FileHandle, number: number): Promise<Entry> {
  const { buffer } = await handle.read(Buffer.alloc(entrySize), { position: number * entrySize });
  return { position: buffer.readDoubleLE(0), time: buffer.readDoubleLE(8) };
}

async function entriesFrom(handle: FileHandle, number: number): Promise<Entry[]> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(batch * entrySize), { position: number * entrySize });
  return Array.from({ length: Math.floor(bytesRead / entrySize) }, (_, index) => ({
    position: buffer.readDoubleLE(index * entrySize),
    time: buffer.readDoubleLE(index * entrySize + 8),
  }));
}
