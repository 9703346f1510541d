import { AutomakeParser } from './automake.ts';
import { AvaParser } from './ava.ts';
import { BunParser } from './bun.ts';
import { CargoParser } from './cargo.ts';
import { addAll, type TestCollection } from './collection.ts';
import { CTestParser } from './ctest.ts';
import { DenoParser } from './deno.ts';
import { DotnetParser } from './dotnet.ts';
import { ExunitParser } from './exunit.ts';
import { GoJsonParser, GoTextParser } from './go.ts';
import { JestTextParser } from './jest-text.ts';
import { JvmParser } from './jvm.ts';
import { hasTextAt, type LineParser, type Runner } from './lines.ts';
import { MesonParser } from './meson.ts';
import { MinitestParser } from './minitest.ts';
import { MochaSpecParser } from './mocha-spec.ts';
import { NextestParser } from './nextest.ts';
import { NodeSpecParser } from './node-spec.ts';
import { PhpunitParser } from './phpunit.ts';
import { ProveParser } from './prove.ts';
import { PytestParser } from './pytest.ts';
import { RspecParser } from './rspec.ts';
import { TapParser } from './tap.ts';
import { UnittestParser } from './unittest.ts';
import { UvuParser } from './uvu.ts';
import { VitestTextParser } from './vitest-text.ts';

/** Bytes of output that are searched; nobody reads a longer report. */
const mostOutput = 32 * 1024 * 1024;
/** Characters of a line that are searched. */
const longestLine = 4000;
/** Bytes of a line that is not complete yet; a character in UTF-8 has up to four. */
const longestRest = longestLine * 4;

const newline = 10;

const escapeCode = 0x1b;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const colours = /\u001b\[[0-9;]*m/g;

/** The parsers of what test runners print. */
export function lineParsers(): LineParser[] {
  return [
    new TapParser(),
    new NodeSpecParser(),
    new MochaSpecParser(),
    new JestTextParser(),
    new VitestTextParser(),
    new UnittestParser(),
    new GoTextParser(),
    new GoJsonParser(),
    new CargoParser(),
    new NextestParser(),
    new UvuParser(),
    new AvaParser(),
    new BunParser(),
    new DenoParser(),
    new PytestParser(),
    new CTestParser(),
    new AutomakeParser(),
    new ProveParser(),
    new MesonParser(),
    new DotnetParser(),
    new JvmParser(),
    new PhpunitParser(),
    new RspecParser(),
    new MinitestParser(),
    new ExunitParser(),
  ];
}

/** Finds the results of single tests in what a job prints. Output that no parser recognises for certain has none. */
export class OutputTests {
  readonly #lines = new Lines(lineParsers());
  #bytes = 0;
  /** the beginning of a line that is not complete yet */
  #rest: Buffer = Buffer.alloc(0);

  /** Whether there was more output than is searched. */
  get isCut(): boolean {
    return this.#bytes >= mostOutput;
  }

  push(chunk: Buffer): void {
    if (this.#bytes >= mostOutput) return;
    this.#bytes += chunk.length;
    let from = 0;
    if (this.#rest.length > 0) {
      from = chunk.indexOf(newline) + 1;
      if (from === 0) {
        this.#rest = Buffer.concat([this.#rest, chunk.subarray(0, longestRest - this.#rest.length)]);
        return;
      }
      this.#lines.take(Buffer.concat([this.#rest, chunk.subarray(0, from)]));
    }
    from += this.#lines.take(chunk.subarray(from));
    this.#rest = Buffer.from(chunk.subarray(from, from + longestRest));
  }

  /** Adds the tests that were found. @returns the runners that have told how many tests there were, and those that only began */
  async end(tests: TestCollection): Promise<{ runners: Runner[]; unfinished: string[] }> {
    if (this.#rest.length > 0) this.#lines.take(Buffer.concat([this.#rest, Buffer.from('\n')]));
    const runners: Runner[] = [];
    const unfinished: string[] = [];
    for (const parser of this.#lines.parsers) {
      const found = parser.end();
      if (found.runner) runners.push(found.runner);
      if (found.unfinished !== undefined) unfinished.push(found.unfinished);
      await addAll(found.tests, tests);
      if (found.unnamed) tests.addUnnamed(found.unnamed);
    }
    return { runners, unfinished };
  }
}

interface Reader {
  parser: LineParser;
  /** number of the last line that the parser was given */
  last: number;
}

/** A parser that may read lines with a certain byte at their beginning or after their number: those that have one of the texts there. */
interface Wanted {
  reader: Reader;
  texts: string[];
}

const space = 0x20;
const none: readonly Wanted[] = [];

/**
 * Gives each line to the parsers that may need it. Most lines of most output are of no interest to any parser. Their first
 * byte tells that, and they are not even decoded: to give each line to all parsers takes 14 to 140 ms for a megabyte of
 * such lines, this takes 0.3 to 4 ms.
 */
class Lines {
  readonly parsers: readonly LineParser[];
  readonly #readers: readonly Reader[];
  /** for each byte that a line may begin with, the parsers that read such lines */
  readonly #byFirst: Wanted[][];
  /** for each byte that the first number of a line may be followed by, the parsers that read such lines */
  readonly #byNext: readonly Wanted[][];
  /** the parsers that need every line now */
  #inside: readonly Reader[];
  /** of the present line */
  #number = 0;

  constructor(parsers: readonly LineParser[]) {
    this.parsers = parsers;
    this.#readers = parsers.map((parser) => ({ parser, last: 0 }));
    this.#inside = this.#readers.filter(({ parser }) => parser.inside);
    this.#byFirst = byByte(this.#readers, ({ begins }) => begins);
    // after a colour anything may follow
    this.#byFirst[escapeCode] = this.#readers.map((reader) => ({ reader, texts: [''] }));
    this.#byNext = byByte(this.#readers, ({ afterNumber = [] }) => afterNumber);
  }

  /** Takes all complete lines. @returns where the rest begins */
  take(bytes: Buffer): number {
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      this.#number++;
      const readers = this.#readersOf(bytes, from);
      if (readers.length > 0) this.#give(readers, textOf(bytes, from, end));
      from = end + 1;
    }
    return from;
  }

  /** The parsers of the line that begins there; the same one may be named twice. */
  #readersOf(bytes: Buffer, from: number): readonly Reader[] {
    const owner = this.#inside.find(({ parser }) => parser.owns === true);
    if (owner) return [owner];
    const first = bytes[from] as number;
    const next = first === space || isDigit(first) ? afterNumber(bytes, from) : from;
    const wanted = this.#byFirst[first] as readonly Wanted[];
    const numbered = next === from ? none : (this.#byNext[bytes[next] as number] as readonly Wanted[]);
    if (wanted.length === 0 && numbered.length === 0) return this.#inside;
    const readers = [...this.#inside];
    for (const each of wanted)
      if (hasOneAt(each, bytes, from) && (first === escapeCode || each.reader.parser.glance?.(bytes, from) !== false))
        readers.push(each.reader);
    for (const each of numbered) if (hasOneAt(each, bytes, next)) readers.push(each.reader);
    return readers;
  }

  #give(readers: readonly Reader[], text: string): void {
    for (const reader of readers) {
      if (reader.last === this.#number) continue;
      const hasGap = reader.last < this.#number - 1;
      reader.last = this.#number;
      reader.parser.line(text, hasGap);
    }
    this.#inside = this.#readers.filter(({ parser }) => parser.inside);
  }
}

/** For each byte, the parsers that read lines with one of their texts that begins with it. */
function byByte(readers: readonly Reader[], textsOf: (parser: LineParser) => Iterable<string>): Wanted[][] {
  const table: Wanted[][] = Array.from({ length: 256 }, () => []);
  for (const reader of readers)
    for (const text of textsOf(reader.parser)) {
      const bytes = Buffer.from(text).toString('latin1');
      const all = table[bytes.charCodeAt(0)] as Wanted[];
      const own = all.find((wanted) => wanted.reader === reader);
      if (own) own.texts.push(bytes);
      else all.push({ reader, texts: [bytes] });
    }
  return table;
}

function hasOneAt({ texts }: Wanted, bytes: Buffer, at: number): boolean {
  for (const text of texts) if (hasTextAt(text, bytes, at)) return true;
  return false;
}

/** Where the number ends with which a line begins, which spaces may precede; where the line begins if there is none. */
function afterNumber(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === space) at++;
  const number = at;
  while (isDigit(bytes[at] as number)) at++;
  return at > number ? at : from;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function textOf(bytes: Buffer, from: number, end: number): string {
  const text = bytes.toString('utf8', from, Math.min(end, from + longestRest)).slice(0, longestLine);
  return (text.includes('\u001b') ? text.replace(colours, '') : text).replace(/\r$/, '');
}
