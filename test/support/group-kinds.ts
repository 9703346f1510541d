import { type GroupKind, ProcessGroup } from '../../src/exec/process-group.ts';

/** Every way of holding a job's processes together. */
export const groupKinds: readonly GroupKind[] = ['namespace', 'user-namespace', 'group'];

/** Whether this machine allows it. */
export async function isPossible(groupKind: GroupKind): Promise<boolean> {
  try {
    const processes = await ProcessGroup.open(5, groupKind);
    await processes.close();
    return true;
  } catch {
    return false;
  }
}
