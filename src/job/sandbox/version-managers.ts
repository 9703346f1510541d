import { existsSync } from 'node:fs';

/**
 * Managers of versions put small programs on the search path that start the real ones, which are elsewhere in the home.
 * A sandbox that shows the search path shows those, too. Nothing else of these folders is private: what holds passwords
 * of registries (`.cargo`, `.m2`, `.npmrc`) is not among them.
 */
const managers: { path: RegExp; shows: string; variable?: string }[] = [
  { path: /^(.*)\/\.pyenv\/shims$/, shows: '.pyenv' },
  { path: /^(.*)\/\.rbenv\/shims$/, shows: '.rbenv' },
  { path: /^(.*)\/\.nodenv\/shims$/, shows: '.nodenv' },
  { path: /^(.*)\/\.asdf\/shims$/, shows: '.asdf' },
  { path: /^(.*)\/\.local\/share\/mise\/shims$/, shows: '.local/share/mise' },
  { path: /^(.*)\/\.sdkman\/candidates\/[^/]+\/[^/]+\/bin$/, shows: '.sdkman/candidates' },
  // cargo and rustc there look for the real ones in the home unless they are told
  { path: /^(.*)\/\.cargo\/bin$/, shows: '.rustup', variable: 'RUSTUP_HOME' },
];

/**
 * What the managers on a search path need beside it.
 * @param folders of the search path
 * @returns `folders` to show, and variables that tell the programs where they are
 */
export function behindShims(folders: readonly string[]): { folders: string[]; env: Record<string, string> } {
  const found: string[] = [];
  const env: Record<string, string> = {};
  for (const folder of folders) {
    for (const { path, shows, variable } of managers) {
      const home = path.exec(folder)?.[1];
      const place = `${home}/${shows}`;
      if (home === undefined || !existsSync(place)) continue;
      found.push(place);
      // the first on the search path is the one that is started
      if (variable) env[variable] ??= place;
    }
  }
  return { folders: found, env };
}
