import { remember } from '../system/remember.ts';
import type { GroupKind } from './process-group.ts';
import { tryCommand } from './try-command.ts';

/** The best kind that works here. Tries once in a process. */
export const detectGroupKind = remember(async (): Promise<GroupKind> => {
  for (const kind of ['namespace', 'user-namespace'] as const) if (await works(kind)) return kind;
  return 'group';
});

/** Not every system allows namespaces. Entering one also leaves a chroot, after which folders have other paths. */
async function works(kind: GroupKind): Promise<boolean> {
  return tryCommand(kind, ['true'], { cwd: process.cwd() }).then(
    () => true,
    () => false,
  );
}
