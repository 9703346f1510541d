import { durationStart } from '../../kernel/build-duration.ts';
import type { BuildId, BuildSummary } from '../../kernel/model.ts';
import { Age, BuildMark, CommitId, Progress, Took } from './parts.tsx';
import { refText } from './sentences.ts';
import { Table } from './table.tsx';

interface Listed {
  builds: BuildSummary[];
  /** expected duration of running builds in milliseconds, if known */
  estimates: ReadonlyMap<BuildId, number | undefined>;
  now: number;
}

/** Builds as a table; on a phone, each build is a card. */
export function BuildList({ builds, estimates, now }: Listed) {
  return (
    <Table
      class="builds"
      rows={builds}
      idOf={({ id }) => `build-${id}`}
      columns={[
        { head: 'Status', cell: (build) => <BuildMark build={build} /> },
        {
          head: 'Build',
          class: 'name',
          cell: (build) => (
            <>
              <a href={`/builds/${build.id}`}>
                {build.repo}#{build.number}
              </a>
              <span class="branch">{refText(build)}</span>
            </>
          ),
        },
        { head: 'Commit', class: 'commit', cell: (build) => <Commit build={build} /> },
        {
          head: 'Duration',
          class: 'number',
          cell: (build) => (
            <>
              <Took from={durationStart(build)} to={build.finishedAt} now={now} />
              <Progress build={build} estimate={estimates.get(build.id)} now={now} />
            </>
          ),
        },
        { head: 'Age', class: 'number', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
      ]}
    />
  );
}

function Commit({ build: { subject, sha, commitUrl, author, trigger } }: { build: BuildSummary }) {
  return (
    <>
      <span class="subject">{subject}</span>
      <span class="by">
        <CommitId sha={sha} at={commitUrl} /> {author}
        {trigger === 'manual' && ' · triggered manually'}
        {trigger === 'schedule' && ' · scheduled'}
        {trigger === 'event' && ' · by an event'}
      </span>
    </>
  );
}
