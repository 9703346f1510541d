import type { runnerList } from '../../web/schemas/runners.ts';
import type { Answer, Client } from '../client.ts';

type RunnerList = Answer<typeof runnerList>;
export type RunnerEntry = RunnerList['runners'][number];
export type AwayRunner = RunnerList['away'][number];

/** All connected runners, and the drained ones that are not connected. */
export async function allRunners(client: Client): Promise<{ runners: RunnerEntry[]; away: AwayRunner[] }> {
  const runners = await client.all<RunnerEntry>('/runners', 'runners');
  const { away } = await client.get<RunnerList>('/runners', { limit: 1 });
  return { runners, away };
}
