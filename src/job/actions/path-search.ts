import { runCommand } from '../../exec/command.ts';
import { StepFault } from '../fault.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/** Bytes of a path; Linux takes 4,095. */
const longestPath = 65_536;

/**
 * Finds paths with the rights of the job, so that it finds only what the job may see.
 * @param tests of find(1), such as `-type f`
 * @param isWanted called for each path
 * @returns the wanted paths, in no order
 * @throws StepFault if there are far too many
 */
export async function findPaths(
  job: WorkflowState,
  { starts, tests }: { starts: readonly string[]; tests: readonly string[] },
  isWanted: (path: string) => boolean,
  signal: AbortSignal,
): Promise<string[]> {
  const wanted: string[] = [];
  if (starts.length === 0) return [];
  const broken = new AbortController();
  let rest = '';
  const take = async (chunk: Buffer) => {
    // names need not be UTF-8, and a chunk may end within a character
    const paths = (rest + chunk.toString('latin1')).split('\0');
    rest = paths.pop() as string;
    if (rest.length > longestPath) throw new StepFault('the patterns lead to a path that is too long');
    for (const path of paths) {
      await job.searchBudget.next();
      const text = Buffer.from(path, 'latin1').toString();
      if (isWanted(text)) wanted.push(text);
    }
  };
  let taken = Promise.resolve();
  const find = 'exec find "$@" -print0 2>/dev/null';
  await runCommand({
    processes: await job.context.processes,
    argv: ['sh', '-c', find, 'sh', ...starts, ...tests],
    cwd: job.folders.workspace,
    env: job.context.env,
    output: (chunk) => {
      const copy = Buffer.from(chunk);
      taken = taken.then(() => (broken.signal.aborted ? undefined : take(copy).catch((error) => broken.abort(error))));
      return taken;
    },
    signal: AbortSignal.any([signal, broken.signal]),
  });
  await taken;
  signal.throwIfAborted();
  broken.signal.throwIfAborted();
  return wanted;
}
