import { scan } from './line-index.ts';
import { openIfThere } from './log-file.ts';

export interface Hit {
  /** number of the line, from 0 */
  line: number;
  text: string;
}

export interface Hits {
  hits: Hit[];
  /** where to continue: a position in bytes and the number of the line there; null after the whole log */
  next: { position: number; line: number } | null;
}

const LF = 0x0a;

/** The least bytes of a line that are searched. */
const longestLine = 1024 * 1024;
/** The most characters of a hit's line that are returned. */
const longestText = 300;
/** The most bytes that one search reads. */
const most = 64 * 1024 * 1024;

/** Control sequences of a terminal (ECMA-48, 5.4). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences begin with a control character
const sequences = /\u001b\[[\d;:?]*[A-Za-z]/g;

/**
 * Finds the lines of a log that contain a text, ignoring case and control sequences.
 * @param from where an earlier search ended
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
  /** Searches whole lines that end at position `end`; false when there are enough hits. */
  const searchLines = (bytes: Buffer, end: number): boolean => {
    // most pieces have no hit, and splitting them into lines would be most of the work
    if (!withoutSequences(bytes).toLowerCase().includes(wanted)) {
      line += countLines(bytes);
      position = end;
      return true;
    }
    for (let begin = 0, at = bytes.indexOf(LF); at !== -1; begin = at + 1, at = bytes.indexOf(LF, begin)) {
      const text = withoutSequences(bytes.subarray(begin, at));
      const index = text.toLowerCase().indexOf(wanted);
      if (index !== -1) hits.push({ line, text: around(text, index) });
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
        // only the beginning of a line that is longer than a piece is searched
        if (rest.length < longestLine) rest = Buffer.concat([rest, data]);
        return true;
      }
      const last = data.lastIndexOf(LF) + 1;
      whole =
        searchLines(Buffer.concat([rest, data.subarray(0, first)]), offset + first) &&
        (first === last || searchLines(data.subarray(first, last), offset + last)) &&
        position - from.position < most;
      rest = Buffer.from(data.subarray(last));
      return whole;
    });
    if (whole && rest.length > 0) searchLines(Buffer.concat([rest, Buffer.from('\n')]), position + rest.length);
  } finally {
    await handle.close();
  }
  return { hits, next: whole ? null : { position, line } };
}

/** The text of some bytes, without the control sequences of a terminal. */
export function withoutSequences(bytes: Buffer): string {
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
