/** What a search finds, in the order in which it is shown. */
export const searchKinds = ['repository', 'build', 'branch', 'commit', 'test', 'author'] as const;
export type SearchKind = (typeof searchKinds)[number];

interface Named {
  kind: SearchKind;
  name: string;
  repo: string | null;
}

/** What was found as people read it: `app#12`, `app / main`, `app / 1a2b3c4d5e`. */
export function nameOfResult({ kind, name, repo }: Named): string {
  if (repo === null || kind === 'repository') return name;
  if (kind === 'build') return `${repo}${name}`;
  return `${repo} / ${kind === 'commit' ? name.slice(0, 10) : name}`;
}
