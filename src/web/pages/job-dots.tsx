import { type Status, statuses, statusWords } from '../../kernel/model.ts';
import type { JobDots as Dots } from '../../record/job-dots.ts';

/** The most dots of one build. */
export const mostDots = 12;

/** The jobs of a build as one sign each; nothing for a build of a single job, which says the same as the build. */
export function JobDots({ dots }: { dots: Dots | undefined }) {
  if (!dots || dots.jobs.length + dots.more < 2) return null;
  return (
    <span class="dots" role="img" aria-label={summaryOf(dots)}>
      {dots.jobs.map(({ name, status }) => (
        <span class={`dot ${status}`} title={`${name}: ${statusWords[status]}`}></span>
      ))}
      {dots.more > 0 && <span class="faint">+{dots.more}</span>}
    </span>
  );
}

/** For example `14 jobs: 2 failed, 10 passed, 2 others`. */
function summaryOf({ jobs, more }: Dots): string {
  const count = (status: Status) => jobs.filter((job) => job.status === status).length;
  const words = statuses.filter((one) => count(one) > 0).map((one) => `${count(one)} ${statusWords[one]}`);
  return `${jobs.length + more} jobs: ${[...words, ...(more > 0 ? [`${more} others`] : [])].join(', ')}`;
}
