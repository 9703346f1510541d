import type { BuildSummary } from '../../kernel/model.ts';
import { statusWords } from '../../kernel/model.ts';
import { shortRef } from '../../kernel/ref-name.ts';
import type { BranchHistory } from '../../record/branch-history.ts';
import { workflowOf } from '../../record/series.ts';
import { Author } from './author.tsx';

/** What a build tells the state of: its branch, tag or pull request, or there the workflow that a schedule has started. */
function subjectOf({ ref, pullRequest }: BuildSummary, { series }: BranchHistory): string {
  const where = pullRequest ? `pull request ${pullRequest.number}` : shortRef(ref);
  const workflow = workflowOf(series);
  return workflow === null ? where : `${workflow} on ${where}`;
}

/** Links to the previous and the next build of the branch, or of the workflow that a schedule starts. */
export function Neighbours({ build, history }: { build: BuildSummary; history: BranchHistory }) {
  const { previous, next } = history;
  return (
    <nav class="neighbours" id="neighbours" data-live="" aria-label={`Builds of ${subjectOf(build, history)}`}>
      {previous && <BuildLink build={previous} rel="prev" label={`← #${previous.number}`} />}
      {next && <BuildLink build={next} rel="next" label={`#${next.number} →`} />}
    </nav>
  );
}

/** Which build broke the branch and which fixed it, as far as this build is involved. */
export function Broken({ build, history }: { build: BuildSummary; history: BranchHistory }) {
  const { hasPassed, brokenSince, fixedBy, mended } = history;
  const branch = subjectOf(build, history);
  return (
    <p class="broken">
      {hasPassed && brokenSince?.id === build.id && <>This build broke {branch}. </>}
      {build.status === 'failure' && !brokenSince && <>Only flaky tests failed. </>}
      {brokenSince && brokenSince.id !== build.id && (
        <>
          {branch} has been broken since <Named build={brokenSince} />.{' '}
        </>
      )}
      {fixedBy && (
        <>
          Fixed by <Named build={fixedBy} />.
        </>
      )}
      {mended && (
        <>
          Fixes {branch}, which was broken since <Named build={mended} />.
        </>
      )}
    </p>
  );
}

function Named({ build }: { build: BuildSummary }) {
  return (
    <>
      <a href={`/builds/${build.id}`}>#{build.number}</a>{' '}
      <span class="faint">
        {build.subject}, <Author build={build} />
      </span>
    </>
  );
}

function BuildLink({ build, rel, label }: { build: BuildSummary; rel: string; label: string }) {
  const title = `${statusWords[build.status]}: ${build.subject}`;
  return (
    <a href={`/builds/${build.id}`} rel={rel} title={title} aria-label={`build #${build.number}, ${title}`}>
      {label}
    </a>
  );
}
