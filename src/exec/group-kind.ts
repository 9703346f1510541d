import { toolEnvironment } from '../system/environment.ts';
import { checkSeconds } from './capability-check.ts';
import { runCommand } from './command.ts';
import { type GroupKind, ProcessGroup } from './process-group.ts';

let detected: Promise<GroupKind> | undefined;

/** The best kind that works here. Tries once in a process. */
export function detectGroupKind(): Promise<GroupKind> {
  detected ??= detect();
  return detected;
}

async function detect(): Promise<GroupKind> {
  for (const kind of ['namespace', 'user-namespace'] as const) if (await works(kind)) return kind;
  return 'group';
}

/** Not every system allows namespaces. Entering one also leaves a chroot, after which folders have other paths. */
async function works(kind: GroupKind): Promise<boolean> {
  try {
    const processes = await ProcessGroup.open(checkSeconds, kind);
    try {
      const { exitCode } = await runCommand({
        processes,
        argv: ['true'],
        cwd: process.cwd(),
        env: toolEnvironment(),
        output: () => undefined,
        signal: AbortSignal.timeout(checkSeconds * 1000),
      });
      return exitCode === 0;
    } finally {
      await processes.close();
    }
  } catch {
    return false;
  }
}
