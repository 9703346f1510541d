import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPaths } from '../../../kernel/data-paths.ts';
import { attemptName } from '../../../kernel/model.ts';
import { currentAttempts } from '../../../record/open-jobs.ts';
import { leftSpools } from '../../../runner/spool.ts';
import { isOwned } from '../../../runner/work-folder.ts';
import { type Finding, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed } from './check.ts';

/** What runners of this machine have left on the disk, against what the record still waits for. */
export async function spoolFindings({ database, config }: DeepCheck): Promise<Finding[]> {
  const { work } = dataPaths(config.dataDir);
  const findings: Finding[] = [];
  for (const name of await readdir(work).catch(() => [] as string[])) {
    const folder = join(work, name);
    if (await isOwned(folder)) continue;
    const spools = await leftSpools(join(folder, 'spool'));
    const current = await currentAttempts(
      database,
      spools.map(({ ref }) => ref.job),
    );
    const awaited = ({ ref }: (typeof spools)[number]) => {
      const state = current.get(ref.job);
      return state?.open === true && state.attempt === ref.attempt;
    };
    findings.push(
      ...unreported(
        name,
        spools.filter(awaited).map(({ ref }) => attemptName(ref)),
      ),
      ...dead(
        name,
        config.keepWorkDays,
        spools.filter((spool) => !awaited(spool)).map(({ ref }) => attemptName(ref)),
      ),
    );
  }
  return findings.length > 0 ? findings : [ok('spools', 'no runner that is gone has left anything to report')];
}

function unreported(runner: string, attempts: string[]): Finding[] {
  if (attempts.length === 0) return [];
  const message = `runner ${runner} ended before it had reported ${listed(attempts)}`;
  return [
    warn(
      'spools',
      message,
      `Start it again (volt runner --name ${runner}): it reports what it has. Else the job runs once more.`,
    ),
  ];
}

function dead(runner: string, days: number, attempts: string[]): Finding[] {
  if (attempts.length === 0) return [];
  const message = `runner ${runner} has left ${counted(attempts.length, 'spool')} that nobody waits for: ${listed(attempts)}`;
  const when =
    days === 0 ? 'It stays, as VOLT_KEEP_WORK_DAYS says' : `It is removed ${days} days after the runner was last there`;
  return [warn('spools', message, `${when}, or when a runner of that name starts.`)];
}
