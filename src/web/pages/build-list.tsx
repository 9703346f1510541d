import { durationStart } from '../../kernel/build-duration.ts';
import type { BuildId, BuildSummary } from '../../kernel/model.ts';
import { shortRef } from '../../kernel/ref-name.ts';
import type { JobDots as Dots } from '../../record/job-dots.ts';
import { Author } from './author.tsx';
import { Avatar } from './avatar.tsx';
import { addressOfBuilds } from './build-filter.ts';
import { JobDots } from './job-dots.tsx';
import { Age, BuildMark, CommitId, Progress, Took } from './parts.tsx';
import { because, refText } from './sentences.ts';
import { Table } from './table.tsx';
import { plainWords, Words } from './words.tsx';

interface Listed {
  builds: BuildSummary[];
  /** expected duration of running builds in milliseconds, if known */
  estimates: ReadonlyMap<BuildId, number | undefined>;
  dots: ReadonlyMap<BuildId, Dots>;
  /** whether each build has one line */
  compact?: boolean;
  now: number;
}

/** Builds as a table whose rows are links, of one height whatever happens to a build; on a phone, each build is a card. */
export function BuildList({ builds, estimates, dots, compact = false, now }: Listed) {
  return (
    <Table
      class={compact ? 'builds compact' : 'builds'}
      rows={builds}
      idOf={({ id }) => `build-${id}`}
      columns={[
        { head: 'Status', class: 'state', cell: (build) => <BuildMark build={build} /> },
        { head: 'Build', class: 'build', cell: (build) => <Named build={build} /> },
        { head: 'Jobs', class: 'jobs', cell: ({ id }) => <JobDots dots={dots.get(id)} /> },
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

/** What a build is of. Its link covers the row; the texts stay above it, so that one can select them. */
function Named({ build }: { build: BuildSummary }) {
  const { id, repo, number, subject, sha, commitUrl } = build;
  const why = whyOf(build);
  return (
    <div class="line">
      <a class="row-link" href={`/builds/${id}`} draggable="false">
        <span class="name">
          {repo}#{number}
        </span>{' '}
        <span class="subject">{subject}</span>
      </a>
      <span class="by">
        {why !== undefined && (
          <span class={`why ${build.status}`} title={plainWords(why)}>
            <Words text={why} />
          </span>
        )}
        <RefLink build={build} />
        <span class="author">
          <Avatar build={build} alone={true} />{' '}
          <span class="full">
            <Author build={build} />
          </span>
        </span>
        <span class="full">
          <CommitId sha={sha} at={commitUrl} />
        </span>
        <span class="full">{originOf(build)}</span>
      </span>
    </div>
  );
}

/** Characters of a reason in a list; the page of the build has all of them. */
const longestReason = 160;

/** Why a build is not green, in a line. */
function whyOf(build: BuildSummary): string | undefined {
  if (build.status === 'success') return undefined;
  const [line = ''] = (because(build) ?? '').split('\n');
  if (line === '') return undefined;
  return line.length > longestReason ? `${line.slice(0, longestReason)}…` : line;
}

/** The branch or pull request of a build, as a link to its builds. */
function RefLink({ build }: { build: BuildSummary }) {
  const { repo, ref, pullRequest } = build;
  if (!pullRequest && !ref.startsWith('refs/heads/')) return <span class="branch">{refText(build)}</span>;
  const filter = pullRequest ? { pull: String(pullRequest.number) } : { branch: [shortRef(ref)] };
  return (
    <a class="branch" href={addressOfBuilds(repo, filter)}>
      {refText(build)}
    </a>
  );
}

function originOf({ trigger, lastRequest }: BuildSummary): string {
  if (lastRequest) {
    const { kind, by, displayName } = lastRequest;
    return `${kind === 'retry' ? 'retried' : 'triggered'} by ${displayName ?? by}`;
  }
  if (trigger === 'manual') return 'triggered manually';
  if (trigger === 'schedule') return 'scheduled';
  return trigger === 'event' ? 'by an event' : '';
}
