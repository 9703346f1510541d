import { type ProgramFailed, runProgram } from './run-program.ts';

/** Prints the kilobytes below folders; a file with several names counts once. */
const sumScript = `find "$@" -xdev \\( -type d -o -links 1 \\) -printf '%k\\n' -o -printf '%k %D:%i\\n' |
  awk 'NF < 2 || !seen[$2]++ { sum += $1 } END { print sum + 0 }'`;

/**
 * Bytes that folders use on their disks, as far as they can be counted while files come and go. du(1) and find(1) walk open
 * folders, so they follow no link with which a job replaces a folder.
 * @param folders absolute paths
 * @param timeout milliseconds that a count may take
 * @returns 0 after the timeout
 */
export async function bytesOnDisk(folders: readonly string[], timeout: number): Promise<number> {
  const count = (program: string, ...args: string[]) =>
    runProgram(program, [...args, ...folders], { timeout }).then(
      (stdout) => ({ stdout, signal: undefined }),
      // it fails where it may not read a folder, and prints the sum of the others
      (error: ProgramFailed) => error,
    );
  const usual = await count('du', '-skxc', '--');
  // GNU's du aborts when a job moves a folder away that du is in; find(1) goes on
  const { stdout } = usual.signal === 'SIGABRT' ? await count('sh', '-c', sumScript, 'sh') : usual;
  return Number.parseInt(stdout.trimEnd().split('\n').at(-1) ?? '', 10) * 1024 || 0;
}
