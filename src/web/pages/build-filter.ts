import type { Context } from 'hono';
import { type BuildEvent, buildEvents } from '../../kernel/build-events.ts';
import { type Status, statuses } from '../../kernel/model.ts';
import type { BuildSearch } from '../../record/build-search.ts';
import type { Reader } from '../../record/visibility.ts';
import type { WebEnv } from '../access/env.ts';
import { pullRequestNumber } from '../schemas/terms.ts';
import type { Preferences } from './preferences.ts';

/** What the address of the list of builds asks for; empty values match everything. */
export interface Filter {
  repo: readonly string[];
  branch: readonly string[];
  status: readonly Status[];
  event: readonly BuildEvent[];
  author: readonly string[];
  /** number of a pull request */
  pull: string;
  /** text in the commit's subject, or the beginning of its sha */
  text: string;
  /** only builds of the reader's commits */
  mine: boolean;
  /** only the newest builds of branches that are failing now */
  failing: boolean;
  /** only builds of the reader's favourite repositories */
  favourites: boolean;
  /** the grid has jobs as columns, so it shows one repository */
  view: 'grid' | 'list';
}

/** The most values of one field: each combination is a query. */
const mostValues = 4;
const longestText = 1024;

export const noFilter: Filter = {
  ...{ repo: [], branch: [], status: [], event: [], author: [], pull: '', text: '' },
  ...{ mine: false, failing: false, favourites: false, view: 'list' },
};

export function filterOf(context: Context<WebEnv>): Filter {
  const text = (name: string) => (context.req.query(name) ?? '').trim().slice(0, longestText);
  const list = (name: string) => {
    const values = (context.req.queries(name) ?? []).map((value) => value.trim().slice(0, longestText));
    return [...new Set(values)].filter((value) => value !== '').slice(0, mostValues);
  };
  const repo = list('repo');
  return {
    repo,
    branch: list('branch'),
    status: statuses.filter((one) => list('status').includes(one)),
    event: buildEvents.filter((one) => list('event').includes(one)),
    author: list('author'),
    pull: pullRequestNumber.safeParse(text('pull')).success ? text('pull') : '',
    text: text('text'),
    mine: text('mine') === '1',
    failing: text('failing') === '1',
    favourites: text('favourites') === '1',
    view: text('view') === 'grid' && repo.length === 1 ? 'grid' : 'list',
  };
}

/** Where a list of builds begins: below a build, or with a build, so that newer ones do not move what is being read. */
export type Position = { before: string } | { upto: string };

/** The path and query of a filtered list. */
export function addressOf(filter: Filter, position?: Position): string {
  const query = new URLSearchParams([...fieldsOf(filter), ...Object.entries(position ?? {})]);
  return query.size === 0 ? '/builds' : `/builds?${query}`;
}

/** The address of the builds of a repository, filtered further or not. */
export function addressOfBuilds(repo: string, more: Partial<Filter> = {}): string {
  return addressOf({ ...noFilter, repo: [repo], ...more });
}

/** The parameters of a filter, as they stand in an address or in the hidden fields of a form. */
export function fieldsOf({ repo, branch, status, event, author, ...filter }: Filter): [string, string][] {
  const several = Object.entries({ repo, branch, status, event, author });
  const single = Object.entries({ pull: filter.pull, text: filter.text }).filter(([, value]) => value !== '');
  const switches = (['mine', 'failing', 'favourites'] as const).filter((name) => filter[name]);
  return [
    ...several.flatMap(([name, values]) => values.map((value): [string, string] => [name, value])),
    ...single,
    ...switches.map((name): [string, string] => [name, '1']),
    ...(filter.view === 'grid' ? [['view', 'grid'] satisfies [string, string]] : []),
  ];
}

export function isFiltered(filter: Filter): boolean {
  return fieldsOf({ ...filter, view: 'list' }).length > 0;
}

/**
 * The search for a reader's filter; undefined if it can find nothing: the reader has no favourites, or nothing tells which commits are
 * the reader's.
 * @param person id of the person who has signed in; null for nobody
 */
export function searchOf(
  filter: Filter,
  reader: Reader,
  { me, favourites }: Preferences,
  person: number | null,
): BuildSearch | undefined {
  if (filter.mine && me === '' && person === null) return undefined;
  const chosen = filter.repo.length > 0 ? filter.repo : favourites;
  const repos = filter.favourites ? favourites.filter((repo) => chosen.includes(repo)) : filter.repo;
  if (filter.favourites && repos.length === 0) return undefined;
  return {
    ...{ reader, repos, branches: filter.branch, statuses: filter.status, events: filter.event },
    authors: filter.author,
    by: filter.mine ? { person, name: me } : undefined,
    pull: filter.pull === '' ? undefined : Number(filter.pull),
    text: filter.text || undefined,
    failing: filter.failing,
  };
}
