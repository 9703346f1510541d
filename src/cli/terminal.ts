import { stripVTControlCharacters, styleText } from 'node:util';
import { type Status, statusWords } from '../kernel/model.ts';
import { isAutomated } from '../system/environment.ts';
import { HarmlessText, harmless } from './foreign-text.ts';

type Style = Parameters<typeof styleText>[0];

/** `hasColors` looks at NO_COLOR and TERM as well. */
const colours = process.stdout.isTTY === true && process.stdout.hasColors();

export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text) : text;
}

/** Columns of the terminal, or undefined where lines may have any length. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/**
 * Control characters, what ends a line elsewhere, and what turns the order of characters around: a terminal would turn
 * what stands beside it around as well.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
const effects = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Foreign text, such as a commit's subject, as one line that can do nothing to the terminal. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(effects, ' ');
}

/** Foreign text that may have several lines, such as a list of faults: those after the first stand below with an indent. */
export function plainLines(text: string, indent: string): string {
  return text.trimEnd().split('\n').map(plain).join(`\n${indent}`);
}

/** A line of a job's output, as a terminal would show it in the end: what a carriage return has overwritten is gone. */
export function plainOutput(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  return plain(last.replaceAll('\t', '  '));
}

/** Where lines go that are printed; elsewhere while something else is drawn on the terminal. */
let diverted: ((text: string) => void) | undefined;

/** @param to takes all that is printed from now on, as whole lines; undefined for standard output */
export function divertPrinting(to: ((text: string) => void) | undefined): void {
  diverted = to;
}

/** Whether nothing may be drawn that changes later: no terminal, a simple one, or nobody who watches. */
export function plainTerminal(): boolean {
  return !colours || isAutomated();
}

export function print(line = ''): void {
  if (diverted) diverted(`${line}\n`);
  else process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, undefined, 2));
}

/** Takes pieces of a job's log for standard output: byte for byte, but where that is a terminal, nothing that does anything to it. */
export function logWriter(): (piece: string | Uint8Array) => Promise<void> {
  if (process.stdout.isTTY !== true) return write;
  const text = new HarmlessText();
  return (piece) => write(text.push(piece));
}

/** A line of a job's output for standard output. */
export function logLine(line: string): string {
  return process.stdout.isTTY === true ? harmless(line) : line;
}

/** Writes and waits until the reader keeps up, so that a long log does not pile up in memory. */
export async function write(data: string | Uint8Array): Promise<void> {
  if (diverted) return diverted(String(data));
  if (process.stdout.write(data) || process.stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    const settled = () => {
      for (const event of ['drain', 'close']) process.stdout.off(event, settled);
      resolve();
    };
    for (const event of ['drain', 'close']) process.stdout.on(event, settled);
  });
}

/** Ends the process when nobody reads its output any more, as in `volt logs x | head`. */
export function endWithReader(): void {
  process.stdout.once('error', () => process.exit(0));
}

/** Resolves when all that was printed has left the process. */
export async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.destroyed) await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
}

const looks: { readonly [S in Status]: { mark: string; style: Style } } = {
  waiting: { mark: '·', style: 'dim' },
  queued: { mark: '·', style: 'dim' },
  running: { mark: '▶', style: 'cyan' },
  success: { mark: '✔', style: 'green' },
  failure: { mark: '✘', style: 'red' },
  error: { mark: '!', style: 'magenta' },
  cancelled: { mark: '⊘', style: 'yellow' },
  skipped: { mark: '–', style: 'dim' },
};

/** The status as one character. */
export function mark(status: Status): string {
  return paint(looks[status].style, looks[status].mark);
}

/** The status as one word. */
export function verdict(status: Status): string {
  return paint(looks[status].style, statusWords[status]);
}
