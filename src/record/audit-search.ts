import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { type Expression, type SqlBool, sql } from 'kysely';
import type { AuditOutcome } from '../kernel/audit-words.ts';
import type { AuditEntry } from '../kernel/model/access-shapes.ts';
import type { Database } from './database.ts';
import { escaped, holds, holdsAll } from './text-search.ts';

/** What a search in the audit log asks for; what is left out matches everything. */
export interface AuditFilter {
  /** a name of then, or the name that a person has now */
  actor?: string | undefined;
  /** id of whoever did it, whatever they were called then */
  person?: number | undefined;
  /** an action, or the words that actions begin with: `builds` for `builds.cancel` and others */
  action?: string | undefined;
  /** part of what was changed; case does not matter */
  target?: string | undefined;
  /** network address of the sender, or the beginning of one */
  address?: string | undefined;
  /** name of a repository */
  repo?: string | undefined;
  outcome?: AuditOutcome | undefined;
  /** milliseconds since 1970: from then on, and until before then */
  since?: number | undefined;
  until?: number | undefined;
  /** words that an entry has; case does not matter */
  text?: string | undefined;
}

/** Which of the found entries: those with ids between two others, and how many of them. */
interface AuditSpan {
  limit: number;
  before?: number | undefined;
  after?: number | undefined;
  /** the newest first, or the oldest */
  order?: 'newest' | 'oldest';
}

/**
 * How many entries one query looks at. No index finds a text inside another, and a query of SQLite holds the event loop: this keeps
 * it below some 10 ms.
 */
const window = 10_000;
const mostWords = 8;

/** The entries that a search finds. */
export async function listActions(
  database: Pick<Database, 'db'>,
  { limit, before, after = 0, order = 'newest', ...filter }: AuditFilter & AuditSpan,
): Promise<AuditEntry[]> {
  const { lowest, highest } = await bounds(database);
  const first = Math.max(lowest, after + 1);
  const last = Math.min(highest, (before ?? highest + 1) - 1);
  const found: AuditEntry[] = [];
  for (const [from, to] of windows(first, last, order)) {
    found.push(...(await within(database, filter, { from, to, order, limit: limit - found.length })));
    if (found.length >= limit) break;
    await yieldToOthers();
  }
  return found;
}

/** Parts of a span of ids, in the order in which they are searched. */
function* windows(first: number, last: number, order: 'newest' | 'oldest'): Generator<[number, number]> {
  if (order === 'newest') for (let to = last; to >= first; to -= window) yield [Math.max(first, to - window + 1), to];
  else for (let from = first; from <= last; from += window) yield [from, Math.min(last, from + window - 1)];
}

async function bounds({ db }: Pick<Database, 'db'>): Promise<{ lowest: number; highest: number }> {
  const lowest = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.min('id').as('id'))
    .executeTakeFirst();
  const highest = await db
    .selectFrom('audit')
    .select((eb) => eb.fn.max('id').as('id'))
    .executeTakeFirst();
  return { lowest: lowest?.id ?? 1, highest: highest?.id ?? 0 };
}

async function within(
  { db }: Pick<Database, 'db'>,
  filter: AuditFilter,
  { from, to, order, limit }: { from: number; to: number; order: 'newest' | 'oldest'; limit: number },
): Promise<AuditEntry[]> {
  const rows = await db
    .selectFrom('audit')
    .leftJoin('intents', 'intents.id', 'audit.intent_id')
    .leftJoin('people', 'people.id', 'audit.person_id')
    .select(['audit.id', 'audit.at', 'actor', 'address', 'action', 'target', 'about', 'audit.repo', 'audit.status'])
    .select(['intents.error_message as error', outcome.as('outcome'), 'audit.person_id', 'people.name as person_name'])
    .where('audit.id', '>=', from)
    .where('audit.id', '<=', to)
    .where((eb) => eb.and(conditionsOf(filter)))
    .orderBy('audit.id', order === 'newest' ? 'desc' : 'asc')
    .limit(limit)
    .execute();
  return rows.map(({ person_id: id, person_name: name, ...row }) => ({
    ...row,
    at: new Date(row.at).toISOString(),
    person: id === null ? null : { id, name },
  }));
}

/** How what was asked for has ended. */
const outcome = sql<AuditOutcome>`case
  when audit.status in (401, 403, 429) then 'refused'
  when audit.status >= 400 or intents.error_message is not null then 'failed'
  when intents.id is not null and intents.closed_at is null then 'open'
  else 'done' end`;

function conditionsOf(filter: AuditFilter): Expression<SqlBool>[] {
  const { actor, person, action, target, address, repo, since, until, text } = filter;
  const words = text?.split(/\s+/).filter((word) => word !== '') ?? [];
  const all = sql<string>`actor || ' ' || address || ' ' || action || ' ' || target || ' ' || coalesce(about, '')`;
  return [
    ...(actor === undefined ? [] : [didBy(actor)]),
    ...(person === undefined ? [] : [sql<boolean>`audit.person_id = ${person}`]),
    ...(action === undefined ? [] : [sql<boolean>`(action = ${action} or ${beginsWith('action', `${action}.`)})`]),
    ...(target === undefined ? [] : [sql<boolean>`(${holds('target', target)} or ${holds('about', target)})`]),
    ...(address === undefined ? [] : [beginsWith('address', address)]),
    ...(repo === undefined ? [] : [ofRepository(repo)]),
    ...(filter.outcome === undefined ? [] : [sql<boolean>`${outcome} = ${filter.outcome}`]),
    ...(since === undefined ? [] : [sql<boolean>`audit.at >= ${since}`]),
    ...(until === undefined ? [] : [sql<boolean>`audit.at < ${until}`]),
    ...(words.length === 0 ? [] : [holdsAll(all, words.slice(0, mostWords))]),
  ];
}

function didBy(name: string) {
  return sql<boolean>`(actor = ${name} or audit.person_id = (select id from people where name = ${name}))`;
}

/** An act on builds of several repositories names them, as `app#12`. */
function ofRepository(repo: string) {
  const named = sql<boolean>`' ' || target like ${`% ${escaped(repo)}#%`} escape '\\'`;
  return sql<boolean>`(audit.repo = ${repo} or (audit.repo is null and ${named}))`;
}

function beginsWith(column: string, text: string) {
  return sql<boolean>`${sql.ref(column)} like ${`${escaped(text)}%`} escape '\\'`;
}
