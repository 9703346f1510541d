import { nameOfResult } from '../../../kernel/search-results.ts';
import type { SearchResult } from '../../schemas/search.ts';
import { recentPages } from './recent.ts';

/** A line of the palette: a page to open, or something to do. */
export interface Entry {
  title: string;
  /** what it is, in a word */
  kind: string;
  detail?: string;
  /** class of the status's sign */
  status?: string | undefined;
  /** path of a page, or a button of this page that is pressed */
  target: string | HTMLElement;
}

/** What can be opened and done without asking the server: pages read before, the navigation, and marked buttons. */
export function ownEntries(text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ title }: Entry) => words.every((word) => title.toLowerCase().includes(word));
  const here = location.pathname + location.search;
  const recent = recentPages()
    .filter(({ path }) => path !== here)
    .map(({ title, path }): Entry => ({ title, kind: 'recent', target: path }));
  return [...recent, ...places(), ...acts()].filter(fits);
}

function places(): Entry[] {
  const links = document.querySelectorAll<HTMLAnchorElement>('.top nav a, .menu a');
  return [...links].map((link) => ({ title: textOf(link), kind: 'page', target: link.getAttribute('href') ?? '/' }));
}

function acts(): Entry[] {
  const buttons = document.querySelectorAll<HTMLElement>('[data-act]:not([hidden])');
  return [...buttons].map((button) => ({ title: button.dataset.act ?? '', kind: 'action', target: button }));
}

function textOf(element: HTMLElement): string {
  return element.textContent?.trim() ?? '';
}

/** The most results of each kind. */
const most = 5;

/** What the server finds. @throws if it does not answer, or the search is aborted */
export async function foundEntries(text: string, signal: AbortSignal): Promise<Entry[]> {
  const query = new URLSearchParams({ q: text, limit: String(most) });
  const answer = await fetch(`/api/v1/search?${query}`, { signal, headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { results } = (await answer.json()) as { results: SearchResult[] };
  return results.flatMap((result): Entry[] => [
    {
      title: nameOfResult(result),
      kind: result.kind,
      detail: result.detail,
      status: result.failing ? 'failure' : (result.status ?? undefined),
      target: result.path,
    },
    ...(result.kind === 'repository' && mayBuild() ? [buildNow(result.name)] : []),
  ]);
}

function mayBuild(): boolean {
  return document.getElementById('find')?.dataset.mayBuild !== undefined;
}

function buildNow(repo: string): Entry {
  return { title: `Build ${repo} now`, kind: 'action', target: `/repos/${repo}/build` };
}
