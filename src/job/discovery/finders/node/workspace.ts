import { expandBraces } from '../../../globs/braces.ts';
import { Glob } from '../../../globs/glob.ts';
import { isForeign } from '../../describing-files.ts';
import { isRecord, textsIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { type Manifest, testScript } from './manifest.ts';

/** The packages of a repository that holds several. */
export interface Workspace {
  /** the file that lists them */
  because: string;
  packages: { folder: string; manifest: Manifest }[];
}

/** Bounds for patterns of foreign repositories: each is compared with each package. */
const most = { patterns: 50, characters: 200, packages: 200, steps: 2_000_000 };

/** The workspace whose root a package is; undefined where it is an ordinary package. */
export function workspaceOf(tree: Tree, manifest: Manifest): Workspace | undefined {
  const listed = listedBy(tree, manifest);
  if (!listed) return undefined;
  const isMember = matcher(listed.patterns);
  const folders = tree
    .below()
    .filter((path) => path.endsWith('/package.json') && !path.split('/').some(isForeign))
    .map((path) => path.slice(0, path.lastIndexOf('/')))
    .slice(0, most.packages)
    .filter(isMember);
  const packages = folders.map((folder) => ({ folder, manifest: tree.json(`${folder}/package.json`) ?? {} }));
  return { because: listed.because, packages };
}

/** Those packages that have tests. */
export function testedIn({ packages }: Workspace): Workspace['packages'] {
  return packages.filter(({ manifest }) => testScript(manifest) === 'test');
}

function listedBy(tree: Tree, manifest: Manifest): { because: string; patterns: string[] } | undefined {
  if (tree.has('pnpm-workspace.yaml'))
    return { because: 'pnpm-workspace.yaml', patterns: packagesOf(tree.text('pnpm-workspace.yaml')) };
  const { workspaces } = manifest;
  const own = isRecord(workspaces) ? textsIn(workspaces.packages) : textsIn(workspaces);
  if (own.length > 0) return { because: 'the workspaces of package.json', patterns: own };
  if (!tree.has('lerna.json')) return undefined;
  const ofLerna = textsIn(tree.json('lerna.json')?.packages);
  return { because: 'lerna.json', patterns: ofLerna.length > 0 ? ofLerna : ['packages/*'] };
}

/** The list `packages` of pnpm-workspace.yaml, which pnpm writes as lines of a block. */
function packagesOf(text: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => /^packages:\s*(#|$)/.test(line));
  if (start < 0) return [];
  const patterns: string[] = [];
  for (const line of lines.slice(start + 1)) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const item = /^\s*-\s+(?:'([^']+)'|"([^"]+)"|([^\s#'"]+))/.exec(line);
    if (!item) break;
    patterns.push(item[1] ?? item[2] ?? (item[3] as string));
  }
  return patterns;
}

/** Whether a folder is one of those that the patterns mean; the last pattern that matches decides. */
function matcher(patterns: readonly string[]): (folder: string) => boolean {
  const cost = { steps: 0 };
  const globs = patterns
    .slice(0, most.patterns)
    .filter((pattern) => pattern.length <= most.characters)
    .flatMap((pattern) => {
      const excludes = pattern.startsWith('!');
      const path = pattern.replace(/^!?(\.\/)?/, '').replace(/\/$/, '');
      return bracesOf(path).map((text) => ({ excludes, glob: new Glob(text, cost) }));
    });
  return (folder) => {
    let isMember = false;
    for (const { excludes, glob } of globs) {
      if (isMember === excludes && cost.steps < most.steps && glob.matches(folder)) isMember = !isMember;
    }
    return isMember;
  };
}

function bracesOf(pattern: string): string[] {
  try {
    return expandBraces(pattern);
  } catch {
    return [];
  }
}
