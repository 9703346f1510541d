import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { versionStores } from '../sandbox/version-managers.ts';
import type { InstalledVersion } from '../test-host.ts';
import { versionOf } from './version-range.ts';

/** A folder with a folder for each version of a tool. */
interface Store {
  manager: string;
  folder: string;
  /** folder of the programs, in that of a version */
  bin: string;
}

/** Names of tools in mise and asdf, where they differ from ours. */
const otherNames: { [tool: string]: string[] } = {
  node: ['nodejs'],
  go: ['golang'],
  dotnet: ['dotnet-core'],
};

/** Names of tools in the tool cache of GitHub's setup actions. */
const cacheNames: { [tool: string]: string } = { node: 'node', python: 'Python', go: 'go', ruby: 'Ruby' };

/**
 * The versions of a tool that version managers and the tool cache of this machine have.
 * @param machine `home` is that of the runner; `toolCache` is missing where jobs can change it; `isOpen` says whether a
 * job's user must reach the folders with rights of its own
 */
export function installedVersions(
  tool: string,
  machine: { home: string; toolCache?: string | undefined; isOpen: boolean },
): InstalledVersion[] {
  return storesOf(tool, machine).flatMap(({ manager, folder, bin }) =>
    namesIn(folder).flatMap((name) => {
      // others are variants, such as PyPy, or names that stand for a version
      if (!/^(v|go|java-)?\d/.test(name) && manager !== 'rustup') return [];
      const programs = join(folder, name, bin);
      const version = versionOf(manager === 'rustup' ? (name.split('-')[0] as string) : name) ?? [];
      const isUsable = existsSync(programs) && (!machine.isOpen || isOpenToAll(programs));
      return isUsable ? [{ version, name, folder: programs, manager }] : [];
    }),
  );
}

function storesOf(tool: string, { home, toolCache }: { home: string; toolCache?: string | undefined }): Store[] {
  const at = (manager: keyof typeof versionStores, bin = 'bin', below = '') => ({
    manager,
    folder: join(home, versionStores[manager], below),
    bin,
  });
  const names = [tool, ...(otherNames[tool] ?? [])];
  const own: { [tool: string]: Store[] } = {
    node: [at('nvm'), at('fnm', 'installation/bin'), at('nodenv')],
    python: [at('pyenv')],
    ruby: [at('rbenv')],
    rust: [at('rustup')],
    go: [at('go')],
    java: [at('SDKMAN'), { manager: 'the machine', folder: '/usr/lib/jvm', bin: 'bin' }],
  };
  const cached = cacheNames[tool];
  return [
    ...names.flatMap((name) => [at('mise', 'bin', name), at('asdf', 'bin', name)]),
    ...(own[tool] ?? []),
    ...(cached === undefined || toolCache === undefined
      ? []
      : [{ manager: 'the tool cache', folder: join(toolCache, cached), bin: join(process.arch, 'bin') }]),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a user without rights of its own can reach a folder. */
function isOpenToAll(folder: string): boolean {
  for (let path = folder; path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) return false;
  }
  return true;
}
