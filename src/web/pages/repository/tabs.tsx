import { Tabs } from '../tabs.tsx';

/** The pages that are about one repository, in the order of their tabs. */
const pages = {
  overview: { title: 'Overview', href: (repo: string) => `/repos/${repo}` },
  builds: { title: 'Builds', href: (repo: string) => `/builds?repo=${repo}` },
  branches: { title: 'Branches', href: (repo: string) => `/repos/${repo}/branches` },
  charts: { title: 'Charts', href: (repo: string) => `/repos/${repo}/charts` },
  tests: { title: 'Tests', href: (repo: string) => `/repos/${repo}/tests` },
  settings: { title: 'Settings', href: (repo: string) => `/repos/${repo}/settings` },
} as const;

export type RepositoryPage = keyof typeof pages;

export function titleOf(page: RepositoryPage): string {
  return pages[page].title;
}

/** Links between the pages of a repository. */
export function RepositoryTabs({ repo, current }: { repo: string; current: RepositoryPage }) {
  const tabs = Object.entries(pages).map(([page, { title, href }]) => ({
    title,
    href: href(repo),
    current: page === current,
  }));
  return <Tabs label={`Pages of ${repo}`} tabs={tabs} />;
}
