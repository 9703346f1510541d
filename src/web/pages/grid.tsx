import { type BuildId, type BuildSummary, statusWords } from '../../kernel/model.ts';
import { duration } from '../../kernel/times.ts';
import type { GridJob } from '../../record/grid.ts';
import { Author } from './author.tsx';
import { valuesOf, withoutValues } from './job-groups.ts';
import { Age } from './parts.tsx';
import { refText } from './sentences.ts';

const mostColumns = 60;
/** Up to this many columns, the cells have room for the durations. */
const fewColumns = 6;

interface Shown {
  builds: BuildSummary[];
  jobs: ReadonlyMap<BuildId, GridJob[]>;
  now: number;
}

/** A grid with one row for each commit, newest first, and one column for each job; the jobs of a matrix stand together. */
export function Grid({ builds, jobs, now }: Shown) {
  const names = [...new Set(builds.flatMap(({ id }) => (jobs.get(id) ?? []).map(({ name }) => name)))];
  const groups = groupsOf(names.slice(0, mostColumns));
  const columns = groups.flatMap((group) => group.names);
  const wide = columns.length <= fewColumns;
  return (
    <div class="grid-frame">
      <table class={wide ? 'grid wide' : 'grid'}>
        <thead>
          <tr>
            <th class="commit" rowspan={2}>
              Commit
            </th>
            {groups.map(({ matrix, names: [first = '', ...others] }) =>
              others.length === 0 ? (
                <JobHead name={first} title={first} rows={2} />
              ) : (
                <th class="matrix" colspan={others.length + 1} title={matrix}>
                  <span>{matrix}</span>
                </th>
              ),
            )}
            {names.length > columns.length && <th rowspan={2}>and {names.length - columns.length} more</th>}
          </tr>
          <tr>
            {groups
              .filter((group) => group.names.length > 1)
              .flatMap((group) =>
                group.names.map((name) => <JobHead name={name} title={valuesOf({ name })} rows={1} />),
              )}
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
                  {refText(build)} · <Author build={build} /> · <Age time={build.createdAt} now={now} />
                </span>
              </th>
              {columns.map((name) => (
                <td>
                  <Cell build={build} job={jobs.get(build.id)?.find((job) => job.name === name)} wide={wide} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The names by matrix, each at the place of its first one. */
function groupsOf(names: readonly string[]): { matrix: string; names: string[] }[] {
  const groups = new Map<string, string[]>();
  for (const name of names) groups.set(withoutValues(name), [...(groups.get(withoutValues(name)) ?? []), name]);
  return [...groups].map(([matrix, its]) => ({ matrix, names: its }));
}

function JobHead({ name, title, rows }: { name: string; title: string; rows: number }) {
  return (
    <th class="job-name" title={name} rowspan={rows}>
      <span>{title}</span>
    </th>
  );
}

/** The status of a job as a sign and a colour, with its duration where there is room. */
function Cell({ build, job, wide }: { build: BuildSummary; job: GridJob | undefined; wide: boolean }) {
  if (!job) return null;
  const took = job.took === null ? undefined : duration(job.took);
  const what = `${job.name} of #${build.number}: ${statusWords[job.status]}${took === undefined ? '' : ` in ${took}`}`;
  return (
    <a class={`cell status ${job.status}`} href={`/builds/${build.id}?job=${job.id}`} title={what} aria-label={what}>
      {signs[job.status]}
      {wide && took !== undefined && <span>{took}</span>}
    </a>
  );
}

const signs = {
  ...{ waiting: '·', queued: '·', running: '', success: '✓', failure: '✗', error: '!' },
  ...{ cancelled: '–', skipped: '–' },
};
