import { toolEnvironment } from '../kernel/environment.ts';
import { runCommand } from './command.ts';
import { type Containment, Scope } from './scope.ts';
import { trialTime } from './trial.ts';

let detected: Promise<Containment> | undefined;

/** The best containment that works here, found out once by trying. */
export function detectContainment(): Promise<Containment> {
  detected ??= detect();
  return detected;
}

async function detect(): Promise<Containment> {
  for (const kind of ['namespace', 'user-namespace'] as const) if (await works(kind)) return kind;
  return 'group';
}

/** Not every system allows namespaces; and entering one leaves a chroot, in which folders then have other names. */
async function works(kind: Containment): Promise<boolean> {
  try {
    const scope = await Scope.open(trialTime, kind);
    try {
      const { exitCode } = await runCommand({
        scope,
        argv: ['true'],
        cwd: process.cwd(),
        env: toolEnvironment(),
        output: () => undefined,
        signal: AbortSignal.timeout(trialTime * 1000),
      });
      return exitCode === 0;
    } finally {
      await scope.close();
    }
  } catch {
    return false;
  }
}
