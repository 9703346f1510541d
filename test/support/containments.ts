import { type Containment, Scope } from '../../src/exec/scope.ts';

/** Every way of holding a job's processes together. */
export const containments: readonly Containment[] = ['namespace', 'user-namespace', 'group'];

/** Whether this machine allows it. */
export async function isPossible(containment: Containment): Promise<boolean> {
  try {
    const scope = await Scope.open(5, containment);
    await scope.close();
    return true;
  } catch {
    return false;
  }
}
