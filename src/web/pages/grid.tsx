import { type BuildId, type BuildSummary, statusWords } from '../../kernel/model.ts';
import type { GridJob } from '../../record/grid.ts';
import { Age } from './parts.tsx';
import { refText } from './sentences.ts';

const mostColumns = 60;

interface Shown {
  builds: BuildSummary[];
  jobs: ReadonlyMap<BuildId, GridJob[]>;
  now: number;
}

/** A grid with one row for each commit, newest first, and one column for each job. */
export function Grid({ builds, jobs, now }: Shown) {
  const names = [...new Set(builds.flatMap(({ id }) => (jobs.get(id) ?? []).map(({ name }) => name)))];
  const columns = names.slice(0, mostColumns);
  return (
    <div class="grid-frame">
      <table class="grid">
        <thead>
          <tr>
            <th>Commit</th>
            {columns.map((name) => (
              <th class="job-name" title={name}>
                <span>{name}</span>
              </th>
            ))}
            {names.length > columns.length && <th>and {names.length - columns.length} more</th>}
          </tr>
        </thead>
        <tbody>
          {builds.map((build) => (
            <tr id={`build-${build.id}`}>
              <th scope="row">
                <a href={`/builds/${build.id}`}>
                  #{build.number} {build.subject}
                </a>
                <span class="by">
                  {refText(build)} · {build.author} · <Age time={build.createdAt} now={now} />
                </span>
              </th>
              {columns.map((name) => (
                <td>
                  <Cell build={build} job={jobs.get(build.id)?.find((job) => job.name === name)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The status of a job as a sign and a colour. */
function Cell({ build, job }: { build: BuildSummary; job: GridJob | undefined }) {
  if (!job) return null;
  const what = `${job.name} of #${build.number}: ${statusWords[job.status]}`;
  return (
    <a class={`cell status ${job.status}`} href={`/builds/${build.id}?job=${job.id}`} title={what} aria-label={what}>
      {signs[job.status]}
    </a>
  );
}

const signs = {
  ...{ waiting: '·', queued: '·', running: '', success: '✓', failure: '✗', error: '!' },
  ...{ cancelled: '–', skipped: '–' },
};
