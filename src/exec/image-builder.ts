import { toolEnvironment } from '../system/environment.ts';
import { remember } from '../system/remember.ts';
import { runProgram } from '../system/run-program.ts';
import { canFilterCalls } from './call-filter.ts';
import { checkSeconds, inEnglish, whyUnsupported } from './capability-check.ts';
import { ownRootCommand } from './own-root.ts';
import { programPath } from './programs.ts';

/** What users can do where images cannot be built in jobs. */
export const builderRemedy = 'Install buildah (Debian, Ubuntu: apt-get install buildah).';

/** The path of the program that builds images in jobs; undefined where there is none. */
export function builderPath(): string | undefined {
  const path = programPath('buildah');
  return path.startsWith('/') ? path : undefined;
}

/**
 * Why isolated jobs on this machine cannot build images; undefined where they can. Tries once in a process.
 * @throws VoltError `isolation_unavailable` where trying fails for a reason that may pass
 */
export async function whyNoBuilder(): Promise<string | undefined> {
  return builderPath() === undefined ? 'buildah is missing' : whyNoOwnRoot();
}

const whyNoOwnRoot = remember(async () => {
  // builders would use a call that works only where the root folder is no mount of another user
  if (!(await canFilterCalls())) return 'setpriv here has no --seccomp-filter';
  const why = await whyUnsupported('a user namespace with mounts', 'VOLT_ISOLATION=none', async () => {
    const ids = [{ inside: 0, outside: 65_534, count: 1 }];
    const command = ownRootCommand(process.getuid?.() === 0, { ids: { users: ids, groups: ids }, filter: undefined });
    const [program = '', ...args] = [...command, programPath('true')];
    await runProgram(program, args, { env: inEnglish(toolEnvironment()), timeout: checkSeconds * 1000 });
  });
  return why === undefined ? undefined : `a job cannot be root of a user namespace here: ${why}`;
});
