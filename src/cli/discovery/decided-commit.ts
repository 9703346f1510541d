import type { Mirror } from '../../git/mirror/mirror.ts';
import type { UpdateOptions } from '../../git/mirror/update.ts';
import { type Decision, decide } from '../../job/discovery/decide.ts';
import type { TreeListing } from '../../job/discovery/packed-tree.ts';
import { settingsIn } from '../../job/discovery/settings.ts';
import { readTree } from '../../job/read-tree.ts';
import { workflowFolders } from '../../workflow/files.ts';

/** How a commit is tested, for a person who trusts it. */
export interface DecidedCommit {
  decision: Decision;
  tree: TreeListing;
  /** paths of the workflow files of the commit */
  workflows: string[];
}

/** Decides how a commit is tested. @param sha full id of a commit that the mirror has */
export async function decidedCommit(mirror: Mirror, sha: string, options: UpdateOptions = {}): Promise<DecidedCommit> {
  const tree = await readTree(mirror, sha, options);
  const workflows = workflowsIn(tree);
  const own = settingsIn(tree);
  const settings = own === undefined ? undefined : { own };
  const decision = decide({ settings, hasWorkflows: workflows.length > 0, tree });
  return { decision, tree, workflows };
}

/** Those of the first workflow folder that has some. */
function workflowsIn({ files }: TreeListing): string[] {
  const isIn = (folder: string, path: string) =>
    path.startsWith(`${folder}/`) && /^[^/]+\.ya?ml$/.test(path.slice(folder.length + 1));
  const paths = files.map(({ path }) => path);
  return (
    workflowFolders.map((folder) => paths.filter((path) => isIn(folder, path))).find(({ length }) => length > 0) ?? []
  );
}
