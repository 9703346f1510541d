import { authorName } from '../../kernel/author-name.ts';
import { durationStart } from '../../kernel/build-duration.ts';
import type { ProjectLinks } from '../../kernel/forge-links.ts';
import type { Build, JobId } from '../../kernel/model.ts';
import { shortRef } from '../../kernel/ref-name.ts';
import { Decision } from './approval.tsx';
import { Avatar } from './avatar.tsx';
import { Age, At, CopyButton, Fact, Progress, Took } from './parts.tsx';
import { refText } from './sentences.ts';

/** The most cancellations and retries that are shown, the newest of them. */
const mostRequests = 3;

/** What a build is of, who has asked for what, and how long it took. */
export function BuildFacts({
  build,
  estimate,
  links,
  now,
}: {
  build: Build;
  estimate: number | undefined;
  links: ProjectLinks | undefined;
  now: number;
}) {
  const there = refAt(build, links);
  return (
    <dl class="facts" id="facts" data-live="">
      <Fact name={build.pullRequest ? 'Pull request' : 'Ref'}>
        <RefLink build={build} />
        {there !== undefined && (
          <>
            {' '}
            <a class="quiet" href={there}>
              at {new URL(there).host}
            </a>
          </>
        )}
      </Fact>
      <Fact name="Commit">
        <a href={links?.commit(build.sha)}>
          <code title={build.sha}>{build.sha.slice(0, 10)}</code>
        </a>{' '}
        <CopyButton text={build.sha} what="commit id" />
      </Fact>
      <Fact name="Author">
        <Avatar build={build} />{' '}
        <a href={`/builds?${new URLSearchParams({ repo: build.repo, author: authorName(build) })}`}>
          {authorName(build)}
        </a>
        {build.person !== null && build.author !== build.person.displayName && (
          <span class="faint"> as {build.author}</span>
        )}
      </Fact>
      {build.approval?.decision && (
        <Fact name="Approval">
          <Decision approval={build.approval} />
        </Fact>
      )}
      {build.runName !== null && <Fact name="Run name">{build.runName}</Fact>}
      <Fact name={originOf(build)}>
        <Age time={build.createdAt} now={now} />
      </Fact>
      {build.requests
        .filter(({ kind }) => kind !== 'trigger')
        .slice(-mostRequests)
        .map(({ kind, job, by, displayName, at }) => (
          <Fact name={`${kind === 'retry' ? 'Retried' : 'Cancelled'} by ${displayName ?? by}`}>
            <Age time={at} now={now} />
            {job !== null && <span class="faint"> {nameOf(job, build)}</span>}
          </Fact>
        ))}
      <Fact name="Started">{build.startedAt ? <At time={build.startedAt} /> : '–'}</Fact>
      <Fact name="Duration">
        <Took from={durationStart(build)} to={build.finishedAt} now={now} />
        <Progress build={build} estimate={estimate} now={now} />
      </Fact>
    </dl>
  );
}

/** The page of the build's pull request or branch at the forge. */
function refAt({ ref, pullRequest }: Build, links: ProjectLinks | undefined): string | undefined {
  if (pullRequest) return links?.pullRequest(pullRequest.number);
  return ref.startsWith('refs/heads/') ? links?.branch(shortRef(ref)) : undefined;
}

/** The ref; branches and pull requests link to a filtered list of builds. */
function RefLink({ build }: { build: Build }) {
  const { repo, ref, pullRequest } = build;
  if (pullRequest) {
    const query = new URLSearchParams({ repo, pull: String(pullRequest.number) });
    return <a href={`/builds?${query}`}>{refText(build)}</a>;
  }
  const name = shortRef(ref);
  if (!ref.startsWith('refs/heads/')) return <>{name}</>;
  return <a href={`/builds?${new URLSearchParams({ repo, branch: name })}`}>{name}</a>;
}

/** For example `Pushed` or `Started by ada`. */
function originOf({ trigger, requests }: Build): string {
  if (trigger === 'schedule') return 'Started by a schedule';
  if (trigger === 'event') return 'Started by an event';
  const started = requests.find(({ kind }) => kind === 'trigger');
  if (started) return `Started by ${started.displayName ?? started.by}`;
  return trigger === 'commit' ? 'Pushed' : 'Started by hand';
}

function nameOf(id: JobId, { jobs }: Build): string | undefined {
  return jobs.find((job) => job.id === id)?.name;
}

/** The rest of the commit message. */
export function CommitBody({ text }: { text: string }) {
  if (text === '') return null;
  return <p class="commit-body">{text}</p>;
}
