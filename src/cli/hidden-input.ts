import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { VoltError } from '../kernel/errors.ts';

/**
 * Reads a value that must not be an argument, since every user of the machine can read arguments. At a terminal it asks
 * without echo; else it reads all of standard input. The line break after a single line is removed; a text of several
 * lines, such as a key, is not changed.
 * @param what name of the value, for the prompt
 * @throws VoltError `usage` if the value is empty
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
    // Ctrl-C and Ctrl-D close the terminal without an answer
    return await Promise.race([
      terminal.question('').catch(() => ''),
      new Promise<string>((resolve) => terminal.once('close', () => resolve(''))),
    ]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
