import { scan } from './line-index.ts';
import { openIfThere } from './log-file.ts';

export interface Hit {
  /** number of the line, from 0 */
  line: number;
  text: string;
}

export interface Hits {
  hits: Hit[];
  /** where to search on, a position in bytes and the number of the line there; null after the whole log */
  next: { position: number; line: number } | null;
}

const LF = 0x0a;

/** Bytes of a line that are searched at least. */
const longestLine = 1024 * 1024;
/** Of a line with a hit so many characters are told. */
const longestText = 300;
/** A search reads so many bytes at most before it answers. */
const most = 64 * 1024 * 1024;

/** Sequences that steer a terminal, as far as they stand inside of text that one would search for (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const sequences = /\u001b\[[\d;:?]*[A-Za-z]/g;

/**
 * Lines of a log that hold a text, in any case of its letters; colours in between do not count.
 * @param from where a former search has ended
 */
export async function searchLog(
  file: string,
  text: string,
  limit: number,
  from: { position: number; line: number } = { position: 0, line: 0 },
): Promise<Hits> {
  const wanted = text.toLowerCase();
  const handle = await openIfThere(file);
  if (!handle || wanted === '') return { hits: [], next: null };
  const hits: Hit[] = [];
  let { line, position } = from;
  /** Looks through whole lines that end at a position; false when there are hits enough. */
  const look = (bytes: Buffer, end: number): boolean => {
    // most pieces hold no hit at all; cutting them up would be the larger part of the work
    if (!plain(bytes).toLowerCase().includes(wanted)) {
      line += countLines(bytes);
      position = end;
      return true;
    }
    for (let begin = 0, at = bytes.indexOf(LF); at !== -1; begin = at + 1, at = bytes.indexOf(LF, begin)) {
      const text = plain(bytes.subarray(begin, at));
      const place = text.toLowerCase().indexOf(wanted);
      if (place !== -1) hits.push({ line, text: around(text, place) });
      line += 1;
      position = end - bytes.length + at + 1;
      if (hits.length === limit) return false;
    }
    return true;
  };
  let rest = Buffer.alloc(0);
  let whole = true;
  try {
    await scan(handle, position, ({ data, offset }) => {
      const first = data.indexOf(LF) + 1;
      if (first === 0) {
        // of a line that is longer than pieces only the beginning is searched
        if (rest.length < longestLine) rest = Buffer.concat([rest, data]);
        return true;
      }
      const last = data.lastIndexOf(LF) + 1;
      whole =
        look(Buffer.concat([rest, data.subarray(0, first)]), offset + first) &&
        (first === last || look(data.subarray(first, last), offset + last)) &&
        position - from.position < most;
      rest = Buffer.from(data.subarray(last));
      return whole;
    });
    if (whole && rest.length > 0) look(Buffer.concat([rest, Buffer.from('\n')]), position + rest.length);
  } finally {
    await handle.close();
  }
  return { hits, next: whole ? null : { position, line } };
}

function plain(bytes: Buffer): string {
  return bytes.toString('utf8').replace(sequences, '');
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count += 1;
  return count;
}

function around(line: string, at: number): string {
  const begin = Math.max(0, at - 80);
  return `${begin > 0 ? '…' : ''}${line.slice(begin, begin + longestText)}`.trim();
}
