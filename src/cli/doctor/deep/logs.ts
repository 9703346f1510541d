import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dataPaths, logFile } from '../../../kernel/data-paths.ts';
import { attemptName, type BuildId, parseBuildId } from '../../../kernel/model.ts';
import { sortBuilds } from '../../../record/retention.ts';
import { recordedLogs } from '../../../record/survey.ts';
import { type Finding, fail, ok, warn } from '../finding.ts';
import { counted, type DeepCheck, listed, mended } from './check.ts';

/** So many builds are compared at a time. */
const batch = 200;

/** The archive against what the record says of it. */
export async function logFindings({ database, config, mend }: DeepCheck): Promise<Finding[]> {
  const missing: string[] = [];
  const short: string[] = [];
  let count = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await recordedLogs(database, after, batch);
    for (const { job, attempt, bytes, complete } of page.logs) {
      count++;
      const name = attemptName({ job, attempt });
      const length = await stat(logFile(config.dataDir, { job, attempt })).then(
        ({ size }) => size,
        () => undefined,
      );
      // one whose end was lost with its runner is known to be short, or not to be there
      if (length === undefined) {
        if (complete) missing.push(name);
      } else if (complete && length < bytes) short.push(name);
    }
    after = page.last;
  }
  const orphans = await orphanFolders({ database, config });
  const backup = 'Nobody else has it: take it from a backup (`volt backup` writes one), or let it be.';
  const findings: Finding[] = [
    ...(missing.length > 0
      ? [fail('logs', `${counted(missing.length, 'log')} that is not there: ${listed(missing)}`, backup)]
      : []),
    ...(short.length > 0
      ? [fail('logs', `${counted(short.length, 'log')} shorter than recorded: ${listed(short)}`, backup)]
      : []),
  ];
  if (orphans.length > 0) {
    const message = `${counted(orphans.length, 'folder')} with logs of builds that the record does not know: ${listed(orphans)}`;
    if (mend)
      for (const id of orphans) await rm(join(dataPaths(config.dataDir).logs, id), { recursive: true, force: true });
    findings.push(warn('logs', message, mended(mend, 'they are removed')));
  }
  return findings.length > 0 ? findings : [ok('logs', `${counted(count, 'log')} as long as recorded`)];
}

async function orphanFolders({ database, config }: Pick<DeepCheck, 'database' | 'config'>): Promise<BuildId[]> {
  const names = await readdir(dataPaths(config.dataDir).logs).catch(() => [] as string[]);
  const ids = names.flatMap((name) => parseBuildId(name) ?? []);
  const orphans: BuildId[] = [];
  for (let from = 0; from < ids.length; from += batch) {
    orphans.push(...(await sortBuilds(database, ids.slice(from, from + batch), 0)).unknown);
  }
  return orphans;
}
