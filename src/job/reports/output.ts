import { CargoParser } from './cargo.ts';
import { addAll, type TestCollection } from './collection.ts';
import { GoJsonParser, GoTextParser } from './go.ts';
import { JestTextParser } from './jest-text.ts';
import type { LineParser } from './lines.ts';
import { MochaSpecParser } from './mocha-spec.ts';
import { NodeSpecParser } from './node-spec.ts';
import { TapParser } from './tap.ts';
import { UnittestParser } from './unittest.ts';
import { VitestTextParser } from './vitest-text.ts';

/** Bytes of output that are looked at; what a job prints beyond is no report that anybody reads. */
const mostOutput = 32 * 1024 * 1024;
/** Characters of a line that are looked at. */
const longestLine = 4000;
/** Bytes of a character in UTF-8. */
const longestCharacter = 4;
/** Bytes of a line without end that are kept. */
const longestRest = longestLine * longestCharacter;

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
  ];
}

/** Finds the results of single tests in what a job prints. A kind of output that is not recognised for certain is none. */
export class OutputTests {
  readonly #lines = new Lines(lineParsers());
  #bytes = 0;
  /** of a line whose end has not come yet */
  #rest: Buffer = Buffer.alloc(0);

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

  /** Adds what was found. */
  async end(tests: TestCollection): Promise<void> {
    if (this.#rest.length > 0) this.#lines.take(Buffer.concat([this.#rest, Buffer.from('\n')]));
    for (const parser of this.#lines.parsers) {
      const found = parser.end();
      await addAll(found.tests, tests);
      if (found.unnamed) tests.addUnnamed(found.unnamed);
    }
  }
}

/**
 * Gives each line to the parsers that have to look at it. Most lines of most output mean nothing to any of them; their
 * first byte tells that, and they are not even made strings.
 */
class Lines {
  readonly parsers: readonly LineParser[];
  /** for each byte that a line may begin with, the parsers that look at such lines, as bits */
  readonly #wanted = new Uint16Array(256);
  /** the parsers that look closer, as bits */
  readonly #closer: number;
  /** the parsers to which every line means something, as bits */
  #inside = 0;
  /** the parsers that were not given the last line, as bits */
  #gap = 0;
  /** all parsers */
  readonly #all: number;

  constructor(parsers: readonly LineParser[]) {
    this.parsers = parsers;
    this.#all = 2 ** parsers.length - 1;
    this.#closer = parsers.reduce((bits, { glance }, index) => (glance ? bits | (1 << index) : bits), 0);
    parsers.forEach(({ begins, inside }, index) => {
      const bit = 1 << index;
      if (inside) this.#inside |= bit;
      // behind a colour anything may stand
      for (const character of `\u001b${begins}`) {
        const [first = 0] = Buffer.from(character);
        this.#wanted[first] = (this.#wanted[first] as number) | bit;
      }
    });
  }

  /** Takes all lines that have ended. @returns where the rest begins */
  take(bytes: Buffer): number {
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      const takers = this.#inside | this.#glance(bytes, from);
      if (takers !== 0) this.#give(takers, textOf(bytes, from, end));
      this.#gap = this.#all & ~takers;
      from = end + 1;
    }
    return from;
  }

  /** The parsers to which a line may mean something by its beginning, as bits. */
  #glance(bytes: Buffer, from: number): number {
    const first = bytes[from] as number;
    let takers = this.#wanted[first] as number;
    // what is behind a colour is seen only where that is taken out
    if (first === escapeCode) return takers;
    for (let closer = takers & this.#closer, index = 0; closer !== 0; closer >>= 1, index++) {
      if ((closer & 1) === 1 && !this.parsers[index]?.glance?.(bytes, from)) takers &= ~(1 << index);
    }
    return takers;
  }

  #give(takers: number, text: string): void {
    this.parsers.forEach((parser, index) => {
      const bit = 1 << index;
      if ((takers & bit) === 0) return;
      parser.line(text, (this.#gap & bit) !== 0);
      this.#inside = parser.inside ? this.#inside | bit : this.#inside & ~bit;
    });
  }
}

function textOf(bytes: Buffer, from: number, end: number): string {
  const text = bytes.toString('utf8', from, Math.min(end, from + longestRest)).slice(0, longestLine);
  return (text.includes('\u001b') ? text.replace(colours, '') : text).replace(/\r$/, '');
}
