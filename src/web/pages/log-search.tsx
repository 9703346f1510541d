import type { Hit, Hits, Place } from '../logs/hits.ts';
import { longestPattern, type Pattern } from '../logs/pattern.ts';
import { markupOf, type ShownLine } from './log-markup.ts';

/** What a person looks for in a log, from the query of a page. */
export interface AskedSearch {
  pattern: Pattern;
  /** whether only the lines that match are shown */
  only: boolean;
  /** where an earlier page of matches ended */
  from: Place;
}

/** Query parameters of a page. */
export interface Query {
  [name: string]: string;
}

/** The most matches on a page without scripts. */
export const mostHits = 200;
/** Lines above a match that are shown with it. */
const linesAbove = 20;

export function askedSearch(query: (name: string) => string | undefined): AskedSearch | undefined {
  const text = query('q')?.slice(0, longestPattern);
  if (!text) return undefined;
  const [, position = '0', line = '0'] = /^(\d{1,15})\.(\d{1,12})$/.exec(query('from') ?? '') ?? [];
  return {
    pattern: { text, regex: query('regex') === '1', matchCase: query('case') === '1' },
    only: query('only') === '1',
    from: { position: Number(position), line: Number(line) },
  };
}

/** The query parameters of a search. */
export function queryOf({ pattern, only }: AskedSearch): Query {
  return {
    q: pattern.text,
    ...(pattern.regex && { regex: '1' }),
    ...(pattern.matchCase && { case: '1' }),
    ...(only && { only: '1' }),
  };
}

/** Searches the log, with and without scripts. @param base query parameters that name the log */
export function SearchForm({ base, asked }: { base: Query; asked: AskedSearch | undefined }) {
  return (
    <form class="log-search" method="get" action="#log">
      {Object.entries(base).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <label class="query">
        Search the log
        <input type="search" name="q" value={asked?.pattern.text ?? ''} maxlength={longestPattern} />
      </label>
      <button type="submit">Search</button>
      <span class="switches">
        <Switch name="case" label="Match case" on={asked?.pattern.matchCase} />
        <Switch name="regex" label="Regex" on={asked?.pattern.regex} />
        <Switch name="only" label="Only matches" on={asked?.only} />
      </span>
    </form>
  );
}

function Switch({ name, label, on = false }: { name: string; label: string; on: boolean | undefined }) {
  return (
    <label>
      <input type="checkbox" name={name} value="1" checked={on} />
      {label}
    </label>
  );
}

interface Found {
  hits: Hits;
  asked: AskedSearch;
  /** the address of a part of the log */
  address: (more: Query) => string;
}

/** How many lines match, in words. */
export function countOf({ hits, next }: Hits): string {
  if (hits.length === 0) return next === null ? 'no matches' : 'no matches so far';
  return `${hits.length} ${hits.length === 1 ? 'match' : 'matches'}${next === null ? '' : ' or more'}`;
}

/** The matches as a list of links to their lines. */
export function HitList({ hits, asked, address }: Found) {
  const query = queryOf(asked);
  return (
    <section class="log hits" aria-label="Matches" tabindex={0} data-digits="7">
      {markupOf(hits.hits.map(shownHit), (line) => addressOf(line, query, address))}
    </section>
  );
}

/** The lines that match, in place of the log; their numbers lead to them in the log. */
export function onlyHits({ hits, asked, address }: Found) {
  const query = queryOf({ ...asked, only: false });
  return markupOf(hits.hits.map(shownHit), (line) => addressOf(line, query, address));
}

/** The next page of matches. */
export function MoreHits({ hits: { next }, asked, address }: Found) {
  if (next === null) return null;
  return (
    <p class="more-hits">
      <a href={`${address({ ...queryOf(asked), from: `${next.position}.${next.line}` })}#log`}>More matches</a>
    </p>
  );
}

function addressOf(line: number, query: Query, address: Found['address']): string {
  return `${address({ ...query, line: String(Math.max(1, line + 1 - linesAbove)) })}#L${line + 1}`;
}

function shownHit({ line, mark, spans, from, found }: Hit): ShownLine {
  const ranges = found.map(([first, end]) => [Math.max(0, first - from), end - from] as const);
  return { number: line, mark: mark ?? undefined, spans, found: ranges };
}
