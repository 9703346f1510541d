/** The pages that were read last in this browser, for the palette. */
const stored = 'volt-recent';
const most = 8;

export interface Visited {
  title: string;
  path: string;
}

export function recentPages(): Visited[] {
  try {
    const pages: unknown = JSON.parse(localStorage.getItem(stored) ?? '[]');
    return Array.isArray(pages) ? pages.filter(isVisited) : [];
  } catch {
    // storage is forbidden, or has something else
    return [];
  }
}

function isVisited(page: Visited): boolean {
  return typeof page?.title === 'string' && typeof page.path === 'string' && /^\/(?!\/)/.test(page.path);
}

/** Remembers the page that is shown. */
export function rememberPage(): void {
  const title = document.querySelector<HTMLElement>('main')?.dataset.title;
  if (title === undefined) return;
  const page = { title, path: location.pathname + location.search };
  store([page, ...recentPages().filter(({ path }) => path !== page.path)].slice(0, most));
}

/** Whoever uses this browser next does not see what was read before. */
export function forgetPages(): void {
  store([]);
}

function store(pages: Visited[]): void {
  try {
    if (pages.length === 0) localStorage.removeItem(stored);
    else localStorage.setItem(stored, JSON.stringify(pages));
  } catch {
    // then there are none
  }
}
