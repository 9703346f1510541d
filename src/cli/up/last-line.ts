import { counted } from '../../kernel/counted.ts';
import { countOpenBuilds, listBuilds } from '../../record/builds.ts';
import type { RecordContext } from '../stage.ts';
import { buildName } from '../wording.ts';

/** Most unfinished builds that are named. */
const mostNamed = 5;

/** What is left to do when a `volt up` has stopped, and who does it. */
export async function lastLine({ database, config }: RecordContext): Promise<string> {
  const { running, queued } = await countOpenBuilds(database);
  if (running + queued === 0) return 'stopped; no build was left unfinished';
  const named = await listBuilds(database, { status: 'running', limit: mostNamed });
  const more = running - named.length;
  const parts = [
    ...named.reverse().map(buildName),
    ...(more > 0 ? [`${more} other running builds`] : []),
    ...(queued > 0 ? [counted(queued, 'queued build')] : []),
  ];
  const who = config.redisUrl === undefined ? 'the next start' : 'the next start, or another runner,';
  return `stopped; ${who} continues ${parts.join(', ').replace(/, ([^,]*)$/, ' and $1')}`;
}
