import { Mirror } from '../git/mirror/mirror.ts';
import { parseJson } from '../system/parse-json.ts';
import type { TreeListing } from './discovery/packed-tree.ts';
import { isRecord, recordIn } from './discovery/records.ts';
import type { JobInput } from './input-and-result.ts';
import type { StepContext } from './job-context.ts';
import { readTree } from './read-tree.ts';
import type { OwnModules } from './verdict/missing-module.ts';

const dependencies = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** The modules of the commit, from its mirror: the job may have changed its checkout. Undefined if they are too many. */
export async function ownModules(input: JobInput, context: StepContext): Promise<OwnModules | undefined> {
  const mirror = new Mirror(context.mirrors, input.repo.url, input.repo);
  const tree = await readTree(mirror, input.sha, { limits: context.gitLimits });
  return tree.isCut ? undefined : modulesOf(tree);
}

/** The modules of a commit, from the files that discovery reads of it. */
export function modulesOf({ files, texts }: Pick<TreeListing, 'files' | 'texts'>): OwnModules {
  const names = new Set<string>();
  for (const { path } of files) {
    const parts = path.split('/');
    for (const part of parts.slice(0, -1)) names.add(part);
    names.add(parts.at(-1)?.replace(/\..*$/, '') ?? '');
  }
  const declared = new Set(
    texts.filter(([path]) => /(?:^|\/)package\.json$/.test(path)).flatMap(([, text]) => named(text)),
  );
  return { has: (name) => names.has(name), declares: (name) => declared.has(name) };
}

/** The packages that a package.json asks for. */
function named(text: string): string[] {
  const manifest = parseJson(text);
  return isRecord(manifest) ? dependencies.flatMap((key) => Object.keys(recordIn(manifest, key))) : [];
}
