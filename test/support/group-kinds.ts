import { type GroupKind, ProcessGroup } from '../../src/exec/process-group.ts';

/** Every kind of process group. */
export const groupKinds: readonly GroupKind[] = ['namespace', 'user-namespace', 'group'];

/** Whether this machine supports it. */
export async function isPossible(groupKind: GroupKind): Promise<boolean> {
  try {
    const processes = await ProcessGroup.open(5, groupKind);
    await processes.close();
    return true;
  } catch {
    return false;
  }
}
