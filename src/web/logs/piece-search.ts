import { logLine } from '../text/log-line.ts';
import { type Line, longestLine, Terminal } from '../text/terminal.ts';
import type { Hit, Hits, Place } from './hits.ts';
import { expressionOf, type Pattern } from './pattern.ts';
import type { Piece } from './pieces.ts';
import { shownText, withoutSequences } from './shown-text.ts';

export interface Searched {
  pattern: Pattern;
  /** the most hits */
  limit: number;
  /** where an earlier search ended */
  from: Place;
  /** the line before which the search ends; none by default */
  before?: number;
}

const LF = 0x0a;

/** Bytes of a line that are searched: what a page shows of it has up to four bytes a character. */
const longestBytes = longestLine * 4;
/** The most characters of a hit's line that are answered, and how many of them are before the first found text. */
const longestText = 1000;
const textBefore = 80;
/** The most ranges of a hit. */
const mostRanges = 100;
/** The most bytes that one search reads: regular expressions take longer. */
const most = { text: 64 * 1024 * 1024, regex: 8 * 1024 * 1024 };

/** Searches a log that is read piece by piece, in the text that a page shows of each line. */
export class PieceSearch {
  readonly #hits: Hit[] = [];
  readonly #expression: RegExp;
  readonly #searched: Searched;
  #place: Place;
  #rest: Buffer = Buffer.alloc(0);
  #isDone = false;

  /** @throws VoltError `bad_request` if the pattern is not a regular expression */
  constructor(searched: Searched) {
    this.#searched = searched;
    this.#expression = expressionOf(searched.pattern);
    this.#place = searched.from;
  }

  /** Searches the lines that end in a piece. @returns false if nothing more is needed */
  take({ data, offset }: Piece): boolean {
    const first = data.indexOf(LF) + 1;
    if (first === 0) {
      this.#keep(data);
      return true;
    }
    const last = data.lastIndexOf(LF) + 1;
    this.#keep(data.subarray(0, first - 1));
    const { regex } = this.#searched.pattern;
    const isWhole =
      this.#line(this.#rest, offset + first) &&
      (regex || this.#mayHave(data.subarray(first, last))
        ? this.#lines(data.subarray(first, last), offset + first)
        : this.#pass(data.subarray(first, last), offset + last));
    this.#rest = Buffer.from(data.subarray(last, last + longestBytes));
    if (isWhole && this.#place.position - this.#searched.from.position < (regex ? most.regex : most.text)) return true;
    this.#isDone = true;
    return false;
  }

  /** What was found, after the last piece. */
  end(): Hits {
    if (!this.#isDone && this.#rest.length > 0) this.#line(this.#rest, this.#place.position + this.#rest.length);
    return { hits: this.#hits, next: this.#isDone ? this.#place : null };
  }

  /** Keeps the beginning of a line that goes on in the next piece. */
  #keep(data: Buffer): void {
    const room = longestBytes - this.#rest.length;
    if (room > 0) this.#rest = Buffer.concat([this.#rest, data.subarray(0, room)]);
  }

  /** Whether lines may have the text. Most pieces do not, and splitting them into lines would be most of the work. */
  #mayHave(bytes: Buffer): boolean {
    const text = withoutSequences(bytes.toString());
    const { before = Number.POSITIVE_INFINITY } = this.#searched;
    // a part of a piece, and words in place of marks, are rare
    return Number.isFinite(before) || text.includes('##[') || text.search(this.#expression) !== -1;
  }

  #pass(bytes: Buffer, end: number): boolean {
    this.#place = { position: end, line: this.#place.line + countLines(bytes) };
    return true;
  }

  #lines(bytes: Buffer, offset: number): boolean {
    for (let begin = 0, at = bytes.indexOf(LF); at !== -1; begin = at + 1, at = bytes.indexOf(LF, begin))
      if (!this.#line(bytes.subarray(begin, at), offset + at + 1)) return false;
    return true;
  }

  /** @param end position in bytes after the line @returns false if it is the last one that is needed */
  #line(bytes: Buffer, end: number): boolean {
    const raw = bytes.toString('utf8', 0, longestBytes);
    const found = this.#find(shownText(raw));
    const { line, position } = this.#place;
    if (found) this.#hits.push({ line, start: position, ...shownOf(raw, found) });
    this.#place = { position: end, line: line + 1 };
    const { limit, before = Number.POSITIVE_INFINITY } = this.#searched;
    return this.#hits.length < limit && line + 1 < before;
  }

  /** Ranges of the found texts; undefined if there is none. An empty text counts, but has no range. */
  #find(text: string): Hit['found'] | undefined {
    const expression = this.#expression;
    let found: Hit['found'] | undefined;
    expression.lastIndex = 0;
    for (let match = expression.exec(text); match; match = expression.exec(text)) {
      found ??= [];
      const [{ length }] = match;
      if (length === 0) expression.lastIndex += 1;
      else found.push([match.index, match.index + length]);
      if (found.length === mostRanges) break;
    }
    return found;
  }
}

function shownOf(raw: string, found: Hit['found']): Pick<Hit, 'mark' | 'spans' | 'from' | 'found'> {
  const [shown = []] = new Terminal().write(`${raw}\n`);
  const { mark, spans } = logLine(shown);
  const length = spans.reduce((sum, { text }) => sum + text.length, 0);
  const from = length <= longestText ? 0 : Math.max(0, (found[0]?.[0] ?? 0) - textBefore);
  return { mark: mark ?? null, spans: cutOut(spans, from, from + longestText), from, found };
}

/** The spans from one character of a line to before another. */
function cutOut(spans: Line, from: number, to: number): Line {
  let at = 0;
  return spans.flatMap((span) => {
    const text = span.text.slice(Math.max(0, from - at), Math.max(0, to - at));
    at += span.text.length;
    return text === '' ? [] : [{ ...span, text }];
  });
}

function countLines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count += 1;
  return count;
}
