import { type BuildSummary, statusWords } from '../../../kernel/model.ts';
import { isFailing } from '../../../kernel/verdict.ts';

/** The results of the last builds of a branch as a row of signs, the newest at the right, each a link to its build. */
export function RecentResults({ builds }: { builds: readonly BuildSummary[] }) {
  if (builds.length === 0) return null;
  return (
    <ol class="results" aria-label="Last results">
      {builds.toReversed().map((build) => (
        <li>
          <BuildDot build={build} />
        </li>
      ))}
    </ol>
  );
}

function BuildDot({ build }: { build: BuildSummary }) {
  const { id, number, status, subject } = build;
  const failing = isFailing(build);
  const what = `#${number} ${failing ? 'failing' : statusWords[status]}`;
  return (
    <a href={`/builds/${id}`} class={`dot ${failing ? 'failure' : status}`} title={`${what}: ${subject}`}>
      <span class="hidden">{what}</span>
    </a>
  );
}
