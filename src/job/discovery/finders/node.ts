import { type Finder, type PassedOver, type ProjectStep, step } from '../project.ts';
import { recordIn } from '../records.ts';
import type { Tree } from '../tree.ts';
import { versionsOf } from '../versions.ts';
import { type Manager, managerOf, needsInstall, programOf, scriptOf } from './node/manager.ts';
import { type Manifest, testScript } from './node/manifest.ts';
import { scriptRunner } from './node/script-runner.ts';
import { testedIn, type Workspace, workspaceOf } from './node/workspace.ts';

const because = 'package.json';

/** A Node or Bun project, tested by its package manager. */
export const node: Finder = (tree) => {
  if (!tree.has(because)) return undefined;
  const manifest = tree.json(because);
  if (!manifest) return { because, why: 'package.json is not valid JSON, or too large' };
  const manager = managerOf(tree, manifest);
  const tests = testsOf(tree, manifest, manager);
  if ('because' in tests) return tests;
  const install: ProjectStep[] = needsInstall(tree, manifest) ? [step('install', manager.install)] : [];
  return {
    kind: 'node',
    because,
    why: [manager.why, tests.why].filter((clause) => clause !== '').join('; '),
    steps: [...install, step('test', tests.command)],
    ...(tests.runner !== undefined && { runner: tests.runner }),
    tools: versionsOf(tree, manager.name === 'bun' ? 'bun' : 'node'),
  };
};

interface Tests {
  command: string;
  why: string;
  runner?: string | undefined;
}

/** The command of the root package, else that of all packages of its workspace, else Bun's own. */
function testsOf(tree: Tree, manifest: Manifest, manager: Manager): Tests | PassedOver {
  const own = testScript(manifest);
  if (own !== undefined) {
    const why = own === 'test' ? '' : `it has the script "${own}", but no "test"`;
    const script = String(recordIn(manifest, 'scripts')[own]);
    return { command: scriptOf(manager, own), why, runner: scriptRunner(tree, manifest, script) };
  }
  const workspace = workspaceOf(tree, manifest);
  if (workspace) return ofWorkspace(tree, manager, workspace);
  return ofBun(tree, manager) ?? { because, why: 'package.json has no script "test"' };
}

/** By the tool for monorepos that the repository is set up for, else by the package manager. */
function ofWorkspace(tree: Tree, manager: Manager, workspace: Workspace): Tests | PassedOver {
  const tested = testedIn(workspace);
  const usesNx = tree.has('nx.json') && tree.below().some((path) => path.endsWith('/project.json'));
  if (tested.length === 0 && !usesNx)
    return { because, why: `neither package.json nor a package of ${workspace.because} has a script "test"` };
  const folders = (tested.length > 0 ? tested : workspace.packages).map(({ folder }) => folder);
  const run = programOf(manager);
  const [tool, command] = tree.has('turbo.json')
    ? ['turbo', `${run} turbo run test`]
    : tree.has('nx.json')
      ? ['nx', `${run} nx run-many --target=test`]
      : tree.has('lerna.json')
        ? ['lerna', `${run} lerna run test`]
        : [manager.name, allPackages(manager, workspace)];
  return { command, why: `${tool} tests the packages of ${workspace.because}: ${someOf(folders)}` };
}

/** Runs the script "test" of each package that has one. */
function allPackages(manager: Manager, workspace: Workspace): string {
  if (manager.name === 'pnpm') return 'pnpm --recursive --if-present run test';
  if (manager.name === 'bun') return "bun run --filter '*' test";
  if (manager.name === 'npm') return 'npm test --workspaces --if-present';
  if (!manager.isClassic) return 'yarn workspaces foreach --all --topological run test';
  return ofYarn1(workspace);
}

/** Yarn 1 fails where a package lacks the script, so those that have it are named if need be. */
function ofYarn1(workspace: Workspace): string {
  const names = testedIn(workspace).map(({ manifest }) => manifest.name);
  const known = names.filter((name): name is string => typeof name === 'string' && /^[@\w./-]{1,214}$/.test(name));
  const isAll = names.length === workspace.packages.length;
  if (isAll || known.length < names.length || known.length > 30) return 'yarn workspaces run test';
  return known.map((name) => `yarn workspace ${name} run test`).join(' && ');
}

/** Bun has a test runner of its own, which needs no script. */
function ofBun(tree: Tree, manager: Manager): Tests | undefined {
  if (manager.name !== 'bun') return undefined;
  const test = tree.below().find((path) => /[._](test|spec)\.[cm]?[jt]sx?$/.test(path));
  if (test === undefined) return undefined;
  return { command: 'bun test', why: `Bun itself runs tests such as ${test}`, runner: 'bun test' };
}

function someOf(names: readonly string[]): string {
  return names.length <= 10 ? names.join(', ') : `${names.slice(0, 10).join(', ')} and ${names.length - 10} more`;
}
