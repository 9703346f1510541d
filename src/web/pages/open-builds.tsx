import { durationStart } from '../../kernel/build-duration.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { type BuildSearch, countOpen, searchBuilds } from '../../record/build-search.ts';
import type { Database } from '../../record/database.ts';
import { addressOf, type Filter } from './build-filter.ts';
import { Took } from './parts.tsx';

/** Running builds that are named; the others are counted. */
const named = 4;

interface Shown {
  database: Database;
  search: BuildSearch;
  filter: Filter;
}

/**
 * What runs and how much waits, in one line above a list: in a burst the running builds are the oldest ones, far down in the list. It
 * keeps its height, so that the list below stays where it is.
 */
export async function OpenBuilds({ database, search, filter }: Shown) {
  if (filter.status.length > 0) return null;
  const [{ running, queued }, builds] = await Promise.all([
    countOpen(database, search),
    searchBuilds(database, { ...search, statuses: ['running'] }, { limit: named }),
  ]);
  const now = serverNow();
  return (
    <div class="open-builds" id="open-builds" data-live="">
      {running === 0 && queued === 0 && <span class="faint">Nothing is running.</span>}
      {running > 0 && <a href={addressOf({ ...filter, status: ['running'], view: 'list' })}>{running} running</a>}
      {queued > 0 && <a href={addressOf({ ...filter, status: ['queued'], view: 'list' })}>{queued} queued</a>}
      {builds.map((build) => (
        <a class="one" href={`/builds/${build.id}`} title={build.subject}>
          <span class="dot running" aria-hidden="true"></span>
          {build.repo}#{build.number}{' '}
          <span class="faint">
            <Took from={durationStart(build)} to={null} now={now} />
          </span>
        </a>
      ))}
    </div>
  );
}
