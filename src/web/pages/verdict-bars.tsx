import { type BuildSummary, statusWords } from '../../kernel/model.ts';

/**
 * Builds as small bars, the newest last, each a link to its build; the height tells a status as well as its colour. The keyboard
 * passes them by: a page has up to 1,200 of them, and the list of the branch's builds is beside them.
 */
export function VerdictBars({ builds }: { builds: readonly BuildSummary[] }) {
  return (
    <span class="bars">
      {builds.map(({ id, number, status, subject }) => (
        <a
          class={status}
          href={`/builds/${id}`}
          title={`#${number} ${statusWords[status]}: ${subject.slice(0, 100)}`}
          tabindex={-1}
        >
          <span class="hidden">
            #{number} {statusWords[status]}
          </span>
        </a>
      ))}
    </span>
  );
}
