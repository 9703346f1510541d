import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { toolEnvironment } from './environment.ts';

const run = promisify(execFile);

/** Kilobytes of what is below folders, with files of several names counted once. */
const bySum = `find "$@" -xdev \\( -type d -o -links 1 \\) -printf '%k\\n' -o -printf '%k %D:%i\\n' |
  awk 'NF < 2 || !seen[$2]++ { sum += $1 } END { print sum + 0 }'`;

/**
 * Bytes that folders take on their disks, as far as they can be counted while files come and go: by programs that go by open
 * folders, and so follow no link that a job puts into the place of one meanwhile.
 * @param folders absolute paths
 * @param timeout milliseconds that a count may take; 0 is told after that
 */
export async function bytesOnDisk(folders: readonly string[], timeout: number): Promise<number> {
  const count = async (program: string, ...args: string[]) => {
    const counted = run(program, [...args, ...folders], { env: toolEnvironment(), cwd: '/', timeout });
    // it ends with an error where it may not look into a folder, and tells what it has seen
    return await counted.catch((error: { stdout?: string; signal?: string }) => error);
  };
  const usual: { stdout?: string; signal?: string } = await count('du', '-skxc', '--');
  // GNU's du aborts where a folder is moved away while it is in it, which a job can see to; find(1) goes on
  const { stdout = '' } = usual.signal === 'SIGABRT' ? await count('sh', '-c', bySum, 'sh') : usual;
  return Number.parseInt(stdout.trimEnd().split('\n').at(-1) ?? '', 10) * 1024 || 0;
}
