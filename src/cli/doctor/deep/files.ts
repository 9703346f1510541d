import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { findLeftovers, listMirrors, mirrorFault, removeMirror } from '../../../git/mirror/prune.ts';
import { counted } from '../../../kernel/counted.ts';
import { dataPaths, logFile } from '../../../kernel/data-paths.ts';
import { attemptName, type BuildId, parseBuildId } from '../../../kernel/model.ts';
import { recordedLogs, reportAgain, reportedBuilds } from '../../../record/expected-files.ts';
import { currentAttempts } from '../../../record/open-jobs.ts';
import { sortBuilds } from '../../../record/retention.ts';
import { spoolsOfGoneRunners } from '../../../runner/left-spools.ts';
import { leftovers, removeLeftovers } from '../../backup/leftovers.ts';
import { type Finding, fail, warn } from '../finding.ts';
import { type DeepCheck, mended, orFine, wrong } from './check.ts';

/** Builds that are compared at a time. */
const batch = 200;

/** Compares the log archive with the recorded lengths, and its folders with the builds. */
export async function logFindings({ database, config, mend }: DeepCheck): Promise<Finding[]> {
  const missing: string[] = [];
  const short: string[] = [];
  let count = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = await recordedLogs(database, after, batch);
    for (const { job, attempt, bytes, complete } of page.logs) {
      count++;
      // the end of an incomplete log was lost with its runner
      if (!complete) continue;
      const length = await stat(logFile(config.dataDir, { job, attempt })).then(
        ({ size }) => size,
        () => undefined,
      );
      if (length === undefined) missing.push(attemptName({ job, attempt }));
      else if (length < bytes) short.push(attemptName({ job, attempt }));
    }
    after = page.last;
  }
  const folder = dataPaths(config.dataDir).logs;
  const ids = (await readdir(folder).catch(() => [] as string[])).flatMap((name) => parseBuildId(name) ?? []);
  const orphans: BuildId[] = [];
  for (let from = 0; from < ids.length; from += batch) {
    orphans.push(...(await sortBuilds(database, ids.slice(from, from + batch), 0)).unknown);
  }
  if (mend) for (const id of orphans) await rm(join(folder, id), { recursive: true, force: true });
  const backup = 'Restore it from a backup; Volt has no other copy.';
  const findings = [
    ...wrong('logs', missing, ['log', 'missing'], backup, fail),
    ...wrong('logs', short, ['log', 'shorter than recorded'], backup, fail),
    ...wrong('logs', orphans, ['folder', 'with logs of an unknown build'], mended(mend, 'it is removed')),
  ];
  return orFine(findings, 'logs', `${counted(count, 'log')} as long as recorded`);
}

/** Compares `test_results/` with the builds whose files the reporter has written. */
export async function resultFindings({ database, config, mend }: DeepCheck): Promise<Finding[]> {
  const damaged = new Map<string, BuildId>();
  let count = 0;
  for (let after: number | undefined = 0; after !== undefined; ) {
    const builds = await reportedBuilds(database, after, batch);
    count += builds.length;
    for (const { id, repo, sha } of builds) {
      const path = join(dataPaths(config.dataDir).testResults, repo, sha);
      if (!(await areReadable(path))) damaged.set(`${repo}/${sha.slice(0, 12)}`, id);
    }
    const last = builds.at(-1);
    after = last && Number(last.id);
  }
  if (mend) await reportAgain(database, [...damaged.values()]);
  const remedy = mended(mend, 'a reporter that runs writes it again within seconds');
  const findings = wrong('test results', [...damaged.keys()], ['commit', 'with missing or damaged files'], remedy);
  return orFine(findings, 'test results', `files of ${counted(count, 'finished build')} exist`);
}

async function areReadable(path: string): Promise<boolean> {
  try {
    await stat(`${path}.log`);
    JSON.parse(await readFile(`${path}.json`, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Finds spools of runners that are gone which the database still waits for. */
export async function spoolFindings({ database, config }: DeepCheck): Promise<Finding[]> {
  const spools = await spoolsOfGoneRunners(dataPaths(config.dataDir).work);
  const jobs = spools.map(({ ref }) => ref.job);
  const current = await currentAttempts(database, jobs);
  const awaited = spools.filter(({ ref: { job, attempt } }) => {
    const state = current.get(job);
    return state?.open === true && state.attempt === attempt;
  });
  const findings = [...new Set(awaited.map(({ runner }) => runner))].flatMap((name) =>
    wrong(
      'spools',
      awaited.filter(({ runner }) => runner === name).map(({ ref }) => attemptName(ref)),
      ['spool', `that runner ${name} has not reported`],
      `Start the runner again (volt runner --name ${name}), and it reports them. Otherwise the jobs run again.`,
    ),
  );
  return orFine(findings, 'spools', 'runners that are gone have left nothing to report');
}

/** Checks that the mirrors hold all objects that their refs need. */
export async function mirrorFindings({ config, mend }: DeepCheck): Promise<Finding[]> {
  const folder = dataPaths(config.dataDir).mirrors;
  const mirrors = await listMirrors(folder);
  const left = await findLeftovers(folder, mend);
  const findings = wrong(
    'mirrors',
    left,
    ['mirror', 'of which a killed process left a part'],
    mended(mend, 'it is removed'),
  );
  for (const { path } of mirrors) {
    const fault = await mirrorFault(path);
    if (fault === undefined) continue;
    if (mend) await removeMirror(path);
    const remedy = mended(mend, 'it is removed, and the next job fetches it again; do this while no job uses it');
    findings.push(warn('mirrors', `${basename(path)} is damaged: ${fault}`, remedy));
  }
  return orFine(findings, 'mirrors', `${counted(mirrors.length, 'mirror')} undamaged`);
}

/** Finds copies of the database that killed backups left in the data directory. */
export async function backupFindings({ config, mend }: DeepCheck): Promise<Finding[]> {
  const left = await leftovers(config, config.dataDir);
  if (mend) await removeLeftovers(config, config.dataDir);
  const words = ['unfinished backup', `in ${config.dataDir}`] as const;
  return orFine(wrong('backups', left, words, mended(mend, 'it is removed')), 'backups', 'no unfinished backups');
}
