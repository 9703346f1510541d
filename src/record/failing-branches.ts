import { type RawBuilder, sql } from 'kysely';

/**
 * The condition that a column names a build by which a branch is failing now: the newest of the branch that has a verdict, which is no
 * success. Builds that wait, run, or were cancelled say nothing yet, and those that events such as comments have started say nothing
 * about the branch.
 */
export function failingNow(column: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} in (
    select verdict.id from cursors
    inner join builds as verdict on verdict.id = (
      select latest.id from builds as latest
      where latest.repo = cursors.repo and latest.ref = cursors.ref and latest.event is null
        and latest.status in ('success', 'failure', 'error')
      order by latest.id desc limit 1)
    where cursors.absent = 0 and cursors.ref like 'refs/heads/%' and verdict.status <> 'success')`;
}
