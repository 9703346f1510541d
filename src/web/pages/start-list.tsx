import type { BuildSummary } from '../../kernel/model.ts';
import type { DefaultBranch } from '../../record/default-branches.ts';
import { Author } from './author.tsx';
import { addressOf, addressOfBuilds, noFilter } from './build-filter.ts';
import { Age, BuildMark } from './parts.tsx';
import { because } from './sentences.ts';
import { Star } from './star.tsx';
import { VerdictBars } from './verdict-bars.tsx';
import { Words } from './words.tsx';

/** A repository of the start page. */
export interface Glance extends DefaultBranch {
  /** its newest builds, oldest first */
  builds: BuildSummary[];
  /** the build that broke the branch; undefined if it is whole, or only flaky tests failed */
  broken: BuildSummary | undefined;
  /** builds of any branch that run now */
  running: number;
}

interface Summary {
  all: readonly DefaultBranch[];
  open: { running: number; queued: number };
}

/** How many default branches fail, and what runs and waits. */
export function StartSummary({ all, open: { running, queued } }: Summary) {
  const failing = all.filter(({ passes }) => passes === false).length;
  return (
    <div class="open-builds">
      {failing > 0 ? (
        <a class="failing" href={addressOf({ ...noFilter, failing: true })}>
          {failing} of {all.length} failing
        </a>
      ) : (
        <span>None of {all.length} failing</span>
      )}
      {running > 0 && <a href={addressOf({ ...noFilter, status: ['running'] })}>{running} running</a>}
      {queued > 0 && <a href={addressOf({ ...noFilter, status: ['queued'] })}>{queued} queued</a>}
    </div>
  );
}

interface Listed {
  glances: readonly Glance[];
  favourites: readonly string[];
  now: number;
}

/** One row for each repository: its favourite's star, verdict, history and what is to know of it. */
export function StartList({ glances, favourites, now }: Listed) {
  return (
    <ul class="glances">
      {glances.map((glance) => (
        <li id={`repo-${glance.repo}`}>
          <Star repo={glance.repo} favourites={favourites} />
          <Verdict glance={glance} />
          <span class="repo">
            <a href={`/repos/${glance.repo}`}>{glance.repo}</a>
            {glance.branch !== null && (
              <a class="branch" href={addressOfBuilds(glance.repo, { branch: [glance.branch] })}>
                {glance.branch}
              </a>
            )}
          </span>
          <VerdictBars builds={glance.builds} />
          <State glance={glance} now={now} />
        </li>
      ))}
    </ul>
  );
}

/** The newest result of the branch, whatever runs since. */
function Verdict({ glance: { builds, verdict, error } }: { glance: Glance }) {
  if (error !== null) return <span class="status error">poll failed</span>;
  const shown = builds.find(({ id }) => id === verdict) ?? builds.at(-1);
  return shown ? <BuildMark build={shown} /> : <span class="status">no builds</span>;
}

/** What is broken since when by whom, or the newest build. */
function State({ glance, now }: { glance: Glance; now: number }) {
  const { builds, broken, verdict, passes, running } = glance;
  const newest = builds.at(-1);
  const last = builds.find(({ id }) => id === verdict);
  return (
    <span class="what">
      {passes === false && last && (
        <span class={`why ${last.status}`}>
          <Words text={because(last)?.split('\n')[0]?.slice(0, 160) ?? ''} />
        </span>
      )}
      {broken && (
        <span class="since">
          Broken since{' '}
          <a href={`/builds/${broken.id}`}>
            #{broken.number} {broken.subject}
          </a>{' '}
          <Author build={broken} sign /> · <Age time={broken.createdAt} now={now} />
        </span>
      )}
      {!broken && newest && (
        <span class="since">
          <a href={`/builds/${newest.id}`}>
            #{newest.number} {newest.subject}
          </a>{' '}
          <Author build={newest} /> · <Age time={newest.createdAt} now={now} />
        </span>
      )}
      {running > 0 && (
        <a class="now" href={addressOfBuilds(glance.repo, { status: ['running'] })}>
          {running} running
        </a>
      )}
    </span>
  );
}
