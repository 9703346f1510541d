import { failed, type ProgramOptions, runProgram } from './run-program.ts';

/** The answer of a program that knows only an older protocol of git's, see `fallback` in gitremote-helpers(7). */
const olderProtocol = /^(fallback\n|[0-9a-f]{44} )/;

/** The input of a program that answers. */
export interface Conversation {
  /** each part is sent when the program has begun to answer the one before: git's helpers read ahead, and lose the rest */
  input: readonly string[];
  /** the program with its arguments, where it is not git */
  line?: readonly string[] | undefined;
  /** whether each character of the answer is one byte, instead of the answer being text in UTF-8 */
  isBinary?: boolean | undefined;
}

/**
 * Runs a program, sends it the input and reads its answer.
 * @param count is called with the bytes of each part of the answer
 * @returns the answer, also where the program is too old to understand the input
 * @throws Error with the program's messages, where it fails
 */
export async function converse(
  line: readonly string[],
  { input: [first = '', ...rest], isBinary }: Conversation,
  options: ProgramOptions,
  count: (bytes: number) => void,
): Promise<string> {
  const parts: Buffer[] = [];
  const result = await runProgram(line, options, {
    started: (stdin) => (rest.length === 0 ? stdin.end(first) : stdin.write(first)),
    output: (chunk, { stdin }) => {
      count(chunk.length);
      parts.push(chunk);
      const next = rest.shift();
      if (next === undefined) return;
      if (rest.length === 0) stdin.end(next);
      else stdin.write(next);
    },
  });
  const answer = Buffer.concat(parts).toString(isBinary ? 'latin1' : 'utf8');
  return result.code === 0 || olderProtocol.test(answer) ? answer : failed(result);
}
