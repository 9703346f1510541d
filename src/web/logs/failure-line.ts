import type { LineIndex } from './line-index.ts';
import { logSize, openIfThere } from './log-file.ts';
import { longestPattern } from './pattern.ts';
import type { Searches } from './searches.ts';
import { withoutSequences } from './shown-text.ts';

/** The most bytes of a step's output that are searched, from its end. */
const most = 512 * 1024;

/** How test runners and compilers begin a line that says what failed. */
const failing =
  /^\s*(not ok\b|●|--- FAIL|FAIL(ED)?\b|✖|✗|✘|✕|×|\d+\) |E {3}|panicked at|thread '.*' panicked|Traceback \(|error(\[\w+\])?:|Error:|\w*(Error|Exception):)/;
/** How Volt marks an error in a log. */
const errorMark = '##[error]';

interface Wanted {
  /** bytes of the log before and at the end of the part to search */
  start: number;
  end: number;
  /** names of failed tests; empty if none are known */
  tests: readonly string[];
  /** whether only a line that names one of them will do */
  isNamed?: boolean;
}

/**
 * The line of a log that says what failed, in this order: the first one that names a failed test and looks like a failure,
 * the first one that looks like a failure, the first error.
 * @returns a number from 0; undefined if no line fits
 */
export async function failureLine(
  file: string,
  index: LineIndex,
  { start, end, tests, isNamed = false }: Wanted,
): Promise<number | undefined> {
  const from = Math.max(start, end - most);
  const lines = await textBetween(file, from, end);
  const named = lines.findIndex(({ text }) => failing.test(text) && tests.some((test) => text.includes(test)));
  const others = [
    lines.findIndex(({ text }) => failing.test(text)),
    lines.findIndex(({ text }) => text.startsWith(errorMark)),
  ];
  const found = [named, ...(isNamed ? [] : others)].find((place) => place !== -1);
  const line = found === undefined ? undefined : lines[found];
  return line && index.lineAt(line.start);
}

/** The most lines with the name of a test that are considered. */
const mostNamed = 50;

/**
 * The line of a log where a test has failed: the first one that names it and looks like a failure, else the last one that
 * names it.
 * @param owner see `Searches`
 * @returns a number from 0; undefined if no line names it
 */
export async function testLine(
  { file, index, searches }: { file: string; index: LineIndex; searches: Searches },
  name: string,
  owner: string,
): Promise<number | undefined> {
  const found = await failureLine(file, index, { start: 0, end: await logSize(file), tests: [name], isNamed: true });
  if (found !== undefined) return found;
  const pattern = { text: name.slice(0, longestPattern), regex: false, matchCase: true };
  const { hits } = await searches.find(file, { pattern, limit: mostNamed, from: { position: 0, line: 0 } }, owner);
  const looksFailed = hits.find(({ spans }) => failing.test(spans.map(({ text }) => text).join('')));
  return (looksFailed ?? hits.at(-1))?.line;
}

interface TextLine {
  /** bytes of the log before it */
  start: number;
  text: string;
}

/** The lines of a part of a log, without control sequences. */
async function textBetween(file: string, from: number, to: number): Promise<TextLine[]> {
  const handle = await openIfThere(file);
  if (!handle) return [];
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, to - from)), { position: from });
    const lines: TextLine[] = [];
    for (let at = 0; at < bytesRead; ) {
      const feed = buffer.indexOf(0x0a, at);
      const end = feed === -1 || feed >= bytesRead ? bytesRead : feed;
      lines.push({ start: from + at, text: withoutSequences(buffer.toString('utf8', at, end)) });
      at = end + 1;
    }
    return lines;
  } finally {
    await handle.close();
  }
}
