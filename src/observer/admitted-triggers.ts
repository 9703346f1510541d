import type { Database } from '../record/database.ts';
import { roomForStrangers, waitingTriggers } from '../record/event-requests.ts';
import { type Intent, openTriggersOf } from '../record/intents.ts';

/**
 * The requests that are answered now: all of people, schedules and so on, and of those that strangers have caused the first ones, as
 * long as there is room for their builds. The same ones at each poll, until their builds are recorded. Only the events of these are
 * read: strangers may make those that wait large.
 * @returns `waiting`: how many requests there are in all
 */
export async function admittedTriggers(
  database: Database,
  repo: string,
): Promise<{ triggers: Intent[]; waiting: number }> {
  const waiting = await waitingTriggers(database, repo);
  const strangers = waiting.filter(({ isByStranger }) => isByStranger);
  const room = strangers.length === 0 ? 0 : await roomForStrangers(database, repo);
  const admitted = new Set(strangers.slice(0, room));
  const now = waiting.filter((trigger) => admitted.has(trigger) || !trigger.isByStranger);
  return {
    triggers: await openTriggersOf(
      database,
      now.map(({ id }) => id),
    ),
    waiting: waiting.length,
  };
}
