import { type Finder, type Found, type PassedOver, type ProjectStep, step } from '../project.ts';
import type { Tree } from '../tree.ts';

type Manifest = { [key: string]: unknown };

/** How one package manager installs and runs scripts. */
interface Manager {
  name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** why this one */
  why: string;
  install: string;
  test: string;
  /** runs the script `test` of each package of the workspace that has one */
  testAll: string;
}

/** What `npm init` writes is not a test. */
const placeholder = /no test specified/;

/** A Node, Bun or Deno project, tested by its package manager. */
export const node: Finder = (tree) => {
  if (!tree.has('package.json')) return undefined;
  const manifest = tree.json('package.json');
  if (!manifest) return { because: 'package.json', why: 'package.json is not valid JSON' };
  const manager = managerOf(tree, manifest);
  const packages = workspaces(tree, manifest);
  const own = testScript(manifest);
  const steps: ProjectStep[] = needsInstall(tree, manifest) ? [step('install', manager.install)] : [];
  const because = 'package.json';
  if (own !== undefined)
    return { kind: 'node', because, why: manager.why, steps: [...steps, step('test', manager.test)] };
  if (packages) return ofWorkspace(tree, manager, steps, packages);
  return ofBun(tree, manager, steps) ?? { because, why: 'package.json has no script "test"' };
};

/** All packages of a workspace whose root has no script `test`, by the tool that the repository is set up for. */
function ofWorkspace(tree: Tree, manager: Manager, steps: ProjectStep[], packages: string): Found | PassedOver {
  const tested = tree
    .below('')
    .filter((path) => path.endsWith('/package.json') && !path.includes('node_modules/'))
    .filter((path) => testScript(tree.json(path) ?? {}) !== undefined)
    .map((path) => path.slice(0, -'/package.json'.length));
  if (tested.length === 0) return { because: 'package.json', why: `no package of ${packages} has a script "test"` };
  const [command, tool] = tree.has('turbo.json')
    ? [`${runnerOf(manager)} turbo run test`, 'turbo']
    : tree.has('nx.json')
      ? [`${runnerOf(manager)} nx run-many -t test`, 'nx']
      : tree.has('lerna.json')
        ? [`${runnerOf(manager)} lerna run test`, 'lerna']
        : [manager.testAll, manager.name];
  const named =
    tested.length <= 10 ? tested.join(', ') : `${tested.slice(0, 10).join(', ')} and ${tested.length - 10} more`;
  const why = `${manager.why}; ${tool} tests all packages of ${packages}: ${named}`;
  return { kind: 'node', because: 'package.json', why, steps: [...steps, step('test', command)] };
}

/** Bun has a test runner of its own, which needs no script. */
function ofBun(tree: Tree, manager: Manager, steps: ProjectStep[]): Found | undefined {
  if (manager.name !== 'bun') return undefined;
  const tests = tree.below().filter((path) => /(\.|_)(test|spec)\.[jt]sx?$/.test(path));
  if (tests.length === 0) return undefined;
  const why = `${manager.why}; files such as ${tests[0]} are for Bun's own test runner`;
  return { kind: 'node', because: 'package.json', why, steps: [...steps, step('test', 'bun test')] };
}

function runnerOf({ name }: Manager): string {
  return { npm: 'npx --no-install', pnpm: 'pnpm exec', yarn: 'yarn run', bun: 'bunx --no-install' }[name];
}

function testScript(manifest: Manifest): string | undefined {
  const test = (manifest.scripts as Manifest | undefined)?.test;
  return typeof test === 'string' && test.trim() !== '' && !placeholder.test(test) ? test : undefined;
}

/** What declares the packages of a workspace; undefined where there is none. */
function workspaces(tree: Tree, manifest: Manifest): string | undefined {
  if (tree.has('pnpm-workspace.yaml')) return 'pnpm-workspace.yaml';
  if (manifest.workspaces !== undefined) return 'the workspaces of package.json';
  return tree.has('lerna.json') ? 'lerna.json' : undefined;
}

function needsInstall(tree: Tree, manifest: Manifest): boolean {
  const keys = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'workspaces'];
  return (
    lockFiles.some(([file]) => tree.has(file)) ||
    tree.has('pnpm-workspace.yaml') ||
    keys.some((key) => Object.keys((manifest[key] as object | undefined) ?? {}).length > 0)
  );
}

const lockFiles = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
] as const;

/**
 * The package manager that `packageManager` names (as corepack reads it), else the one that made the lock file, else npm.
 * With a lock file the installation fails where it does not fit the manifest.
 */
function managerOf(tree: Tree, manifest: Manifest): Manager {
  const named = /^(npm|pnpm|yarn|bun)@(\d+)?/.exec(String(manifest.packageManager ?? ''));
  const locked = lockFiles.find(([file, manager]) => tree.has(file) && (!named || manager === named[1]));
  const name = (named?.[1] ?? locked?.[1] ?? 'npm') as Manager['name'];
  const why = named
    ? `package.json asks for ${manifest.packageManager}`
    : locked
      ? `${locked[0]} is made by ${name}`
      : 'package.json names no package manager, and there is no lock file';
  return { name, why, ...commandsOf(name, locked !== undefined, isClassicYarn(tree, named)) };
}

/** Yarn 1 ignores `--immutable`, and later ones know nothing else; the lock file tells which made it. */
function isClassicYarn(tree: Tree, named: RegExpExecArray | null): boolean {
  if (named?.[1] === 'yarn' && named[2] !== undefined) return named[2] === '1';
  return !tree.has('.yarnrc.yml') && (!tree.has('yarn.lock') || /^# yarn lockfile v1$/m.test(tree.text('yarn.lock')));
}

function commandsOf(
  name: Manager['name'],
  isLocked: boolean,
  isClassic: boolean,
): Pick<Manager, 'install' | 'test' | 'testAll'> {
  if (name === 'pnpm') {
    const flag = isLocked ? '--frozen-lockfile' : '--no-frozen-lockfile';
    return { install: `pnpm install ${flag}`, test: 'pnpm test', testAll: 'pnpm --recursive --if-present test' };
  }
  if (name === 'yarn') {
    const flag = !isLocked ? '' : isClassic ? ' --frozen-lockfile' : ' --immutable';
    const testAll = isClassic ? 'yarn workspaces run test' : 'yarn workspaces foreach --all --topological run test';
    return { install: `yarn install${flag}`, test: 'yarn test', testAll };
  }
  if (name === 'bun') {
    const install = `bun install${isLocked ? ' --frozen-lockfile' : ''}`;
    return { install, test: 'bun run test', testAll: "bun run --filter '*' test" };
  }
  const install = `npm ${isLocked ? 'ci' : 'install'} --no-audit --no-fund`;
  return { install, test: 'npm test', testAll: 'npm test --workspaces --if-present' };
}
