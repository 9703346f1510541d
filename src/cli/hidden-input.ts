import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { VoltError } from '../kernel/errors.ts';

/**
 * A value that must not stand in an argument, where every user of the machine can read it: asked for without an echo at
 * a terminal, else all of standard input. The line break that `echo` and editors put behind a single line is no part
 * of it; a text of several lines, such as a key, stays as it is.
 * @param what as people call it, for the prompt
 * @throws VoltError `usage` where there is none
 */
export async function readHidden(what: string): Promise<string> {
  const given = process.stdin.isTTY ? await ask(`${what}: `) : await text(process.stdin);
  const single = /^([^\n]*?)\r?\n$/.exec(given)?.[1];
  const value = single ?? given;
  if (value !== '') return value;
  throw new VoltError('usage', `no ${what} was given`, {
    remedy: 'Type it when asked, or pipe it in: printf %s "$VALUE" | volt …',
  });
}

async function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt);
  const nowhere = new Writable({ write: (_chunk, _encoding, written) => written() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    // Ctrl-C or Ctrl-D end the line without an answer
    return await Promise.race([
      terminal.question('').catch(() => ''),
      new Promise<string>((resolve) => terminal.once('close', () => resolve(''))),
    ]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
