import { failed, type ProgramOptions, runProgram } from './run-program.ts';

export interface OutputCount {
  /** number of entries, each of which ends with a zero byte */
  entries: number;
  bytes: number;
}

/**
 * Runs a command and counts its output without keeping it.
 * @param most the command is ended when it has printed more
 * @returns `<entries> <bytes>`
 * @throws Error with the command's messages, where it fails
 */
export async function countOutput(
  line: readonly string[],
  most: OutputCount,
  options: ProgramOptions,
): Promise<string> {
  let [entries, bytes, isOver] = [0, 0, false];
  const result = await runProgram(line, options, {
    output: (chunk, { end }) => {
      bytes += chunk.length;
      for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1)) entries++;
      if (entries <= most.entries && bytes <= most.bytes) return;
      isOver = true;
      end();
    },
  });
  return result.code === 0 || isOver ? `${entries} ${bytes}` : failed(result);
}
