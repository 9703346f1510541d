import { shellWord } from '../../../../system/shell-word.ts';
import { isRecord, recordIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import type { Manifest } from './manifest.ts';

/** How one package manager installs packages and runs scripts. */
export interface Manager {
  name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  /** why this one, as a clause */
  why: string;
  /** whether it is Yarn 1, whose flags and commands are its own */
  isClassic: boolean;
  /** installs what the lock file says, and fails where that does not fit package.json */
  install: string;
}

const lockFiles = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
] as const;

/** The manager that package.json names (`packageManager`, as corepack reads it), else the one of the lock file, else npm. */
export function managerOf(tree: Tree, manifest: Manifest): Manager {
  const named = namedIn(manifest);
  const lock = lockFiles.find(([file, manager]) => tree.has(file) && (named === undefined || manager === named.name));
  const name = named?.name ?? lock?.[1] ?? 'npm';
  const isClassic = name === 'yarn' && isClassicYarn(tree, named?.version);
  return {
    name,
    why: whyOf(named?.text, lock, name),
    isClassic,
    install: installOf(name, lock !== undefined, isClassic),
  };
}

/** Whether there is anything to install. */
export function needsInstall(tree: Tree, manifest: Manifest): boolean {
  const lists = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'workspaces'];
  return (
    lockFiles.some(([file]) => tree.has(file)) ||
    tree.has('pnpm-workspace.yaml') ||
    lists.some((key) => isRecord(manifest[key]) && Object.keys(manifest[key]).length > 0) ||
    (Array.isArray(manifest.workspaces) && manifest.workspaces.length > 0)
  );
}

/** Runs a script of package.json. */
export function scriptOf({ name }: Pick<Manager, 'name'>, script: string): string {
  if (name === 'bun') return `bun run ${shellWord(script)}`;
  return script === 'test' ? `${name} test` : `${name} run ${shellWord(script)}`;
}

/** Runs a program of an installed package, and never downloads one. */
export function programOf({ name }: Pick<Manager, 'name'>): string {
  return { npm: 'npx --no', pnpm: 'pnpm exec', yarn: 'yarn run', bun: 'bunx --no-install' }[name];
}

interface Named {
  name: Manager['name'];
  version: string | undefined;
  text: string;
}

function namedIn(manifest: Manifest): Named | undefined {
  const engine = recordIn(recordIn(manifest, 'devEngines'), 'packageManager');
  const text = typeof manifest.packageManager === 'string' ? manifest.packageManager : engineText(engine);
  const found = /^(npm|pnpm|yarn|bun)(?:@\D{0,3}(\d{1,9}))?/.exec(text);
  if (!found) return undefined;
  return { name: found[1] as Manager['name'], version: found[2], text: text.split('+')[0]?.slice(0, 60) ?? '' };
}

function engineText(engine: Manifest): string {
  const { name, version } = engine;
  if (typeof name !== 'string') return '';
  return typeof version === 'string' ? `${name}@${version}` : name;
}

/** Yarn 1 ignores `--immutable`, and later versions know nothing else; the lock file says which version wrote it. */
function isClassicYarn(tree: Tree, version: string | undefined): boolean {
  if (version !== undefined) return version === '1';
  return !tree.has('.yarnrc.yml') && (!tree.has('yarn.lock') || /^# yarn lockfile v1$/m.test(tree.text('yarn.lock')));
}

function whyOf(named: string | undefined, lock: (typeof lockFiles)[number] | undefined, name: string): string {
  if (named !== undefined) return `package.json asks for ${named}`;
  return lock
    ? `${lock[0]} is a lock file of ${name}`
    : 'package.json names no package manager and there is no lock file';
}

function installOf(name: Manager['name'], isLocked: boolean, isClassic: boolean): string {
  if (name === 'npm') return `npm ${isLocked ? 'ci' : 'install'} --no-audit --no-fund`;
  if (name === 'pnpm') return `pnpm install ${isLocked ? '--frozen-lockfile' : '--no-frozen-lockfile'}`;
  if (name === 'bun') return `bun install${isLocked ? ' --frozen-lockfile' : ''}`;
  if (isClassic) return `yarn install${isLocked ? ' --frozen-lockfile' : ''}`;
  return `yarn install ${isLocked ? '--immutable' : '--no-immutable'}`;
}
