import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Version managers put shims on the search path that start the real programs elsewhere in the home. A sandbox that shows the search
 * path must show those programs, too. None of these folders holds passwords, as `.cargo`, `.m2` and `.npmrc` do.
 */
const managers: { path: RegExp; shows: string; variable?: string }[] = [
  { path: /^(.*)\/\.pyenv\/shims$/, shows: '.pyenv' },
  { path: /^(.*)\/\.rbenv\/shims$/, shows: '.rbenv' },
  { path: /^(.*)\/\.nodenv\/shims$/, shows: '.nodenv' },
  { path: /^(.*)\/\.asdf\/shims$/, shows: '.asdf' },
  { path: /^(.*)\/\.local\/share\/mise\/shims$/, shows: '.local/share/mise' },
  { path: /^(.*)\/\.sdkman\/candidates\/[^/]+\/[^/]+\/bin$/, shows: '.sdkman/candidates' },
  // cargo and rustc look for the real programs in the home unless this variable says otherwise
  { path: /^(.*)\/\.cargo\/bin$/, shows: '.rustup', variable: 'RUSTUP_HOME' },
];

/**
 * What the version managers on a search path need in addition.
 * @param folders of the search path
 * @returns `folders` to show, and variables for the programs
 */
export function behindShims(folders: readonly string[]): { folders: string[]; env: Record<string, string> } {
  const found: string[] = [];
  const env: Record<string, string> = {};
  for (const folder of folders) {
    for (const { path: pattern, shows, variable } of managers) {
      const home = pattern.exec(folder)?.[1];
      const path = `${home}/${shows}`;
      if (home === undefined || !existsSync(path)) continue;
      found.push(path);
      // the first one on the search path is started
      if (variable) env[variable] ??= path;
    }
  }
  return { folders: found, env };
}

/** Folders of a home in which version managers have a folder for each version of a tool. None of them holds passwords. */
export const versionStores = {
  mise: '.local/share/mise/installs',
  asdf: '.asdf/installs',
  nvm: '.nvm/versions/node',
  fnm: '.local/share/fnm/node-versions',
  nodenv: '.nodenv/versions',
  pyenv: '.pyenv/versions',
  rbenv: '.rbenv/versions',
  rustup: '.rustup/toolchains',
  SDKMAN: '.sdkman/candidates/java',
  go: 'sdk',
} as const;

/** Those that a home has, of which a job may need another version than the one on the search path. */
export function versionFolders(home: string): string[] {
  return Object.values(versionStores)
    .map((folder) => join(home, folder))
    .filter((folder) => existsSync(folder));
}
