import { StringDecoder } from 'node:string_decoder';
import { CargoParser } from './cargo.ts';
import type { TestCollection } from './collection.ts';
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
const colours = /\u001b\[[0-9;]*m/g;

/** The parsers of what test runners print. */
function lineParsers(): LineParser[] {
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
  readonly #parsers = lineParsers();
  readonly #decoder = new StringDecoder('utf8');
  #bytes = 0;
  #rest = '';

  push(chunk: Buffer): void {
    if (this.#bytes >= mostOutput) return;
    this.#bytes += chunk.length;
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    // of a line without end only so much is kept
    this.#rest = (lines.pop() ?? '').slice(0, longestLine);
    for (const line of lines) this.#line(line);
  }

  /** Adds what was found. */
  end(tests: TestCollection): void {
    if (this.#rest !== '') this.#line(this.#rest);
    for (const parser of this.#parsers) {
      const found = parser.end();
      for (const test of found.tests) tests.add(test);
      if (found.unnamed) tests.addUnnamed(found.unnamed);
    }
  }

  #line(line: string): void {
    const text = line.slice(0, longestLine).replace(colours, '').replace(/\r$/, '');
    for (const parser of this.#parsers) parser.line(text);
  }
}
