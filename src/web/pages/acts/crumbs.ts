import type { Crumb } from '../page-head.tsx';

/** The pages above one that is about a repository. */
export function above(repo: string): Crumb[] {
  return [
    { title: 'Repositories', href: '/repos' },
    { title: repo, href: `/repos/${repo}` },
  ];
}
