import { type RawBuilder, sql } from 'kysely';
import { pushes } from './series.ts';

/**
 * The condition that a column names a build by which a branch, or a workflow that a schedule starts, is failing now: the newest of its
 * series that has a verdict, which is no success. Builds that wait, run, or were cancelled say nothing yet.
 */
export function failingNow(column: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (
    select verdict.id from (
      select repo, ref, ${pushes} as series from cursors where absent = 0 and ref like 'refs/heads/%'
      union all
      select distinct schedules.repo, 'refs/heads/' || repositories.default_branch, workflow from schedules
      inner join repositories on repositories.name = schedules.repo
    ) as one
    inner join builds as verdict on verdict.id = (
      select latest.id from builds as latest
      where latest.repo = one.repo and latest.ref = one.ref and latest.series = one.series
        and latest.status in ('success', 'failure', 'error')
      order by latest.id desc limit 1)
    where verdict.status <> 'success')`;
}
