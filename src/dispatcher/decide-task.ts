import { type Decision, decide, type SettingsTexts } from '../job/discovery/decide.ts';
import { unpackTree } from '../job/discovery/packed-tree.ts';

/** What a commit's message says about how it is tested. */
export interface DecideTask {
  settings?: SettingsTexts | undefined;
  hasWorkflows: boolean;
  /** packed */
  tree?: string | undefined;
}

/** Decides how a commit is tested. */
export function decideTask({ tree, ...described }: DecideTask): Decision {
  return decide({ ...described, tree: tree === undefined ? undefined : unpackTree(tree) });
}
