import { serverNow } from '../kernel/server-time.ts';
import { type EventDetails, eventsOfStrangers, isByStranger } from '../kernel/workflow-events.ts';
import type { Database, Sql, Write } from './database.ts';
import { observed } from './observed.ts';

/**
 * Requests of builds for what has happened. They are triggers as those of people (intents.ts), but strangers may cause any number
 * of them.
 */

/** Builds of a repository that strangers have caused and that have not ended; further requests wait until some of these have. */
const mostBuilds = 20;
/** Such requests of a repository that wait; further ones are dropped. */
const mostWaiting = 100;

export interface EventRequest {
  /** what to build; null for the default branch */
  ref: string | null;
  /** as a message has it */
  event: object;
  /** whether a stranger may have caused it */
  isByStranger: boolean;
}

/** @returns false if it was dropped, because too many wait or the repository is not observed */
export async function requestEvent(database: Database, repo: string, request: EventRequest): Promise<boolean> {
  return database.write((db) => addRequest(db, repo, request));
}

/** As `requestEvent`, within a transaction. */
export async function addRequest(
  db: Write,
  repo: string,
  { ref, event, isByStranger: isLimited }: EventRequest,
): Promise<boolean> {
  const { known, waiting } = await db
    .selectNoFrom((eb) => [
      observed(db).select('name').where('name', '=', repo).as('known'),
      eb
        .selectFrom('intents')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('kind', '=', 'trigger')
        .where('repo', '=', repo)
        .where('closed_at', 'is', null)
        .as('waiting'),
    ])
    .executeTakeFirstOrThrow();
  if (known === null || (isLimited && Number(waiting) >= mostWaiting)) return false;
  if (await isAskedFor(db, repo, event)) return true;
  await db
    .insertInto('intents')
    .values({ kind: 'trigger', repo, ref, event: JSON.stringify(event), created_at: serverNow() })
    .execute();
  return true;
}

/** Whether a request waits for the head of the same pull request: it is answered with the newest head. */
async function isAskedFor(db: Write, repo: string, event: object): Promise<boolean> {
  const { name, number, action } = event as { name?: string; number?: number; action?: string };
  if (name !== 'pull_request_target' || action !== 'synchronize') return false;
  const same = ['opened', 'synchronize'].map((each) => `{"name":"${name}","number":${number},"action":"${each}"%`);
  const row = await db
    .selectFrom('intents')
    .select('id')
    .where('kind', '=', 'trigger')
    .where('repo', '=', repo)
    .where('closed_at', 'is', null)
    .where((eb) => eb.or(same.map((text) => eb('event', 'like', text))))
    .executeTakeFirst();
  return row !== undefined;
}

/** A request of a build that waits. Its event may be large, and is not read. */
export interface WaitingTrigger {
  id: number;
  isByStranger: boolean;
}

/** How the events that strangers may cause begin; JSON escapes each quote of a text, so that no text in it looks like a key. */
const byStrangers = [
  ...eventsOfStrangers.flatMap((event) => [`{"name":"${event}",%`, `{"name":"forge","event":"${event}",%`]),
  '{"name":"workflow_run",%"isByStranger":true%',
];

/** All requests of builds that wait, of people and of events, oldest first. */
export async function waitingTriggers({ db }: Pick<Database, 'db'>, repo: string): Promise<WaitingTrigger[]> {
  const rows = await db
    .selectFrom('intents')
    .select(({ eb }) => [
      'id',
      eb
        .case()
        .when(eb.or(byStrangers.map((text) => eb('event', 'like', text))))
        .then(eb.lit(1))
        .else(eb.lit(0))
        .end()
        .as('by_stranger'),
    ])
    .where('kind', '=', 'trigger')
    .where('repo', '=', repo)
    .where('closed_at', 'is', null)
    .orderBy('id')
    .execute();
  return rows.map(({ id, by_stranger }) => ({ id, isByStranger: Number(by_stranger) === 1 }));
}

/** How many more builds of a repository strangers may cause now. */
export async function roomForStrangers({ db }: Pick<Database, 'db'>, repo: string): Promise<number> {
  const open = await openEvents(db, repo);
  return Math.max(0, mostBuilds - open.filter(({ event }) => isByStranger(event)).length);
}

/** The builds of a repository that have not ended and that events have started. */
export async function openEvents(db: Sql, repo: string): Promise<{ id: number; event: EventDetails }[]> {
  const rows = await db
    .selectFrom('builds')
    .select(['id', 'event'])
    .where('repo', '=', repo)
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .where('event', 'is not', null)
    .execute();
  return rows.map(({ id, event }) => ({ id, event: JSON.parse(event ?? '{}') as EventDetails }));
}
