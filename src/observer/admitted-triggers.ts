import * as z from 'zod';
import { isOfStrangers } from '../kernel/workflow-events.ts';
import type { Database } from '../record/database.ts';
import { roomForStrangers } from '../record/event-requests.ts';
import type { Intent } from '../record/intents.ts';

/** The names of an event of a message; the rest may be large, and is read when it is answered. */
const named = z.object({
  name: z.string(),
  event: z.string().optional(),
  run: z.object({ isByStranger: z.boolean() }).optional(),
});

/**
 * The requests that are answered now: all of people, schedules and so on, and of those that strangers have caused the first ones, as
 * long as there is room for their builds. The same ones at each poll, until their builds are recorded.
 */
export async function admittedTriggers(database: Database, repo: string, open: readonly Intent[]): Promise<Intent[]> {
  const strangers = open.filter(isByStranger);
  if (strangers.length === 0) return [...open];
  const admitted = new Set(strangers.slice(0, await roomForStrangers(database, repo)));
  return open.filter((trigger) => admitted.has(trigger) || !isByStranger(trigger));
}

function isByStranger({ event }: Intent): boolean {
  const { data } = named.safeParse(event);
  return data !== undefined && (isOfStrangers(data.event ?? data.name) || data.run?.isByStranger === true);
}
