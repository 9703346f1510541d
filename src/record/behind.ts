import { type EventDetails, isByStranger } from '../kernel/workflow-events.ts';
import type { BuildRow } from './schema.ts';

/** Whether the jobs of a build let those of branches go first: strangers may cause any number of such builds. */
export function isBehind({ pull_request, event }: Pick<BuildRow, 'pull_request' | 'event'>): boolean {
  return pull_request !== null || (event !== null && isByStranger(JSON.parse(event) as EventDetails));
}
