import { stripVTControlCharacters, styleText } from 'node:util';
import { type Status, statusWords } from '../kernel/model.ts';
import { isAutomated } from '../system/environment.ts';
import { harmless } from './foreign-text.ts';

type Style = Parameters<typeof styleText>[0];

/** `hasColors` also respects NO_COLOR and TERM. */
const colours = process.stdout.isTTY === true && process.stdout.hasColors();

export function paint(style: Style, text: string): string {
  return colours ? styleText(style, text) : text;
}

/** Columns of the terminal; undefined if standard output is not a terminal. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}

/**
 * Control characters, Unicode line separators, and characters that reverse the direction of text, which a terminal
 * would apply to the text beside it as well.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters are removed
const effects = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Foreign text, such as a commit's subject, as one line without control characters. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replace(effects, ' ');
}

/** Foreign text of several lines. @param indent goes before each line but the first */
export function plainLines(text: string, indent: string): string {
  return text.trimEnd().split('\n').map(plain).join(`\n${indent}`);
}

/** A line of a job's output as a terminal shows it in the end, without text that a carriage return has overwritten. */
export function plainOutput(line: string): string {
  const last = line.replace(/\r+$/, '').split('\r').at(-1) ?? '';
  return plain(last.replaceAll('\t', '  '));
}

/** Takes printed lines while a screen is drawn on the terminal. */
let diverted: ((text: string) => void) | undefined;

/** @param to takes everything that is printed from now on, in whole lines; undefined for standard output */
export function divertPrinting(to: ((text: string) => void) | undefined): void {
  diverted = to;
}

/** Whether output must not be redrawn: without a terminal, on a simple one, or in automation. */
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

/** A line of a job's output for standard output. */
export function logLine(line: string): string {
  return process.stdout.isTTY === true ? harmless(line) : line;
}

/** Writes, and waits until the reader keeps up, so that a long log does not fill the memory. */
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

/** Ends the process when the reader of its output has gone, as in `volt logs x | head`. */
export function endWithReader(): void {
  process.stdout.once('error', () => process.exit(0));
}

/** Resolves when all output has left the process. */
export async function flush(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.destroyed) await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
}

const appearance: { readonly [S in Status]: { mark: string; style: Style } } = {
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
  return paint(appearance[status].style, appearance[status].mark);
}

/** The status as one word. */
export function verdict(status: Status, word: string = statusWords[status]): string {
  return paint(appearance[status].style, word);
}
