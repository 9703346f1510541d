import { type EventDetails, goesBehind } from '../kernel/workflow-events.ts';
import type { BuildRow } from './schema.ts';

/** Whether the jobs of a build let those of branches go first: strangers may cause any number of such builds. */
export function isBehind({ pull_request, event }: Pick<BuildRow, 'pull_request' | 'event'>): boolean {
  return pull_request !== null || (event !== null && goesBehind(JSON.parse(event) as EventDetails));
}

/** The number of the pull request whose code a build runs, also in a merge queue; null for others. Anybody can make one. */
export function testedPullRequest({ pull_request, event }: Pick<BuildRow, 'pull_request' | 'event'>): number | null {
  if (pull_request !== null || event === null) return pull_request;
  return (JSON.parse(event) as EventDetails).group?.number ?? null;
}
