import type { Context } from 'hono';
import { auditOutcomes, outcomeWords } from '../../kernel/audit-words.ts';
import { VoltError } from '../../kernel/errors.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { parseSince } from '../../kernel/since.ts';
import type { AuditFilter } from '../../record/audit-search.ts';
import type { WebEnv } from '../access/env.ts';
import { Chip } from './chip.tsx';

/** What the address of the page asks for, as it is written there; empty values match everything. */
export type AuditSearch = { readonly [Part in (typeof parts)[number]]: string };

const parts = ['text', 'actor', 'action', 'repo', 'target', 'address', 'outcome', 'since', 'until'] as const;

const titles: AuditSearch = {
  ...{ text: 'Words', actor: 'Who', action: 'Action', repo: 'Repository', target: 'Target', address: 'From' },
  ...{ outcome: 'Outcome', since: 'Since', until: 'Before' },
};

/** The longest value of a part. */
const longest = 200;

export function auditSearchOf(context: Context<WebEnv>): AuditSearch {
  const value = (part: string) => (context.req.query(part) ?? '').trim().slice(0, longest);
  return Object.fromEntries(parts.map((part) => [part, value(part)])) as AuditSearch;
}

/** @throws VoltError `bad_request` for a time that is none */
export function auditFilterOf(search: AuditSearch): AuditFilter {
  const given = Object.fromEntries(Object.entries(search).filter(([, value]) => value !== ''));
  return {
    ...given,
    outcome: auditOutcomes.find((one) => one === search.outcome),
    since: timeOf(search.since),
    until: timeOf(search.until),
  };
}

function timeOf(text: string): number | undefined {
  if (text === '') return undefined;
  const at = parseSince(text, serverNow());
  if (at !== undefined) return at;
  throw new VoltError('bad_request', `"${text.slice(0, 50)}" is not a time`, {
    remedy: 'Give a date such as 2026-01-31, or an age such as 90m, 2h or 7d.',
  });
}

/** The path and query of the page. */
export function auditAddress(search: Partial<AuditSearch>, more: { before?: string } = {}): string {
  const query = queryOf({ ...search, ...more });
  return query.size === 0 ? '/audit' : `/audit?${query}`;
}

/** The address of all that a search finds, as JSON lines. */
export function exportAddress(search: AuditSearch, { since, until }: Pick<AuditFilter, 'since' | 'until'>): string {
  const iso = (at: number | undefined) => (at === undefined ? '' : new Date(at).toISOString());
  const query = queryOf({ ...search, since: iso(since), until: iso(until) });
  return query.size === 0 ? '/api/v1/audit/export' : `/api/v1/audit/export?${query}`;
}

function queryOf(values: { readonly [name: string]: string }): URLSearchParams {
  return new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ''));
}

export function isNarrowed(search: AuditSearch): boolean {
  return parts.some((part) => search[part] !== '');
}

/** What the list is narrowed to, each to be removed by itself, and a form to narrow it more. */
export function AuditFilters({ search, repositories }: { search: AuditSearch; repositories: readonly string[] }) {
  const set = parts.filter((part) => search[part] !== '');
  return (
    <div class="filter" id="filter">
      {set.map((part) => (
        <Chip field={titles[part]} value={search[part]} without={auditAddress({ ...search, [part]: '' })} />
      ))}
      <details id="narrow">
        <summary class="chip">Filter</summary>
        <form class="filters" method="get" action="/audit">
          <TextField search={search} part="text" />
          <TextField search={search} part="actor" />
          <TextField search={search} part="action" placeholder="such as secrets" />
          <TextField search={search} part="repo" list={repositories} />
          <TextField search={search} part="target" />
          <TextField search={search} part="address" />
          <label>
            {titles.outcome}
            <select name="outcome">
              <option value="">Any</option>
              {auditOutcomes.map((one) => (
                <option value={one} selected={one === search.outcome}>
                  {outcomeWords[one]}
                </option>
              ))}
            </select>
          </label>
          <TextField search={search} part="since" placeholder="7d, or 2026-01-31" />
          <TextField search={search} part="until" placeholder="7d, or 2026-01-31" />
          <button type="submit">Search</button>
        </form>
      </details>
      {set.length > 0 && (
        <a id="reset" href="/audit">
          Clear
        </a>
      )}
    </div>
  );
}

interface Shown {
  search: AuditSearch;
  part: keyof AuditSearch;
  placeholder?: string;
  /** what the browser completes */
  list?: readonly string[];
}

function TextField({ search, part, placeholder = 'Any', list = [] }: Shown) {
  return (
    <label>
      {titles[part]}
      <input
        {...{
          name: part,
          value: search[part],
          placeholder,
          autocomplete: 'off',
          spellcheck: false,
          maxlength: longest,
        }}
        {...(list.length > 0 && { list: `${part}-list` })}
      />
      {list.length > 0 && (
        <datalist id={`${part}-list`}>
          {list.map((one) => (
            <option value={one}></option>
          ))}
        </datalist>
      )}
    </label>
  );
}
