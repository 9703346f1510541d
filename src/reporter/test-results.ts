import { createReadStream, createWriteStream } from 'node:fs';
import { constants, copyFile, link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { dataPaths, logFile } from '../kernel/data-paths.ts';
import { systemCode } from '../kernel/errors.ts';
import { type Build, type BuildSummary, isFinal, type Job } from '../kernel/model.ts';
import { listBuilds, withJobs } from '../record/builds.ts';
import type { Database } from '../record/database.ts';
import { replaceFile } from '../system/write-whole.ts';

/** One write at a time for each commit, so that the files of the newest build are written last. */
const writing = new Map<string, Promise<unknown>>();

/**
 * Writes `test_results/<repository>/<sha>.json` and `<sha>.log` with the newest finished build of the commit, and a list of the
 * others. Each file is replaced at once.
 */
export async function writeTestResults(
  database: Database,
  dataDir: string,
  build: Pick<BuildSummary, 'repo' | 'sha'>,
): Promise<void> {
  const key = `${build.repo}/${build.sha}`;
  const work = (writing.get(key) ?? Promise.resolve()).then(() => writeNewest(database, dataDir, build));
  const settled = work.catch(() => undefined);
  writing.set(key, settled);
  try {
    await work;
  } finally {
    if (writing.get(key) === settled) writing.delete(key);
  }
}

/**
 * Another reporter may write files of the same commit at the same time, from an older or newer state of the database. So each
 * reads the database again after it has written; the last one sees what all others have recorded.
 */
async function writeNewest(
  database: Database,
  dataDir: string,
  commit: Pick<BuildSummary, 'repo' | 'sha'>,
): Promise<void> {
  let written: string | undefined;
  for (;;) {
    const finished = await finishedBuilds(database, commit);
    const seen = JSON.stringify(finished.map(nameOf));
    if (seen === written) return;
    await writeFiles(database, dataDir, finished);
    written = seen;
  }
}

/** Newest first. What no push has started counts only where nothing else has been built of the commit. */
async function finishedBuilds(database: Database, { repo, sha }: Pick<BuildSummary, 'repo' | 'sha'>) {
  const own = await listBuilds(database, { repo, sha, ofPushes: true, limit: 500 });
  const builds = own.length > 0 ? own : await listBuilds(database, { repo, sha, limit: 500 });
  return builds.filter((build) => isFinal(build.status));
}

/** The entry of a build in the files of another. */
function nameOf({ id, number, status, finishedAt }: BuildSummary) {
  return { id, number, status, finishedAt };
}

async function writeFiles(database: Database, dataDir: string, finished: BuildSummary[]): Promise<void> {
  const newest = finished[0] && (await withJobs(database, finished[0]));
  if (!newest) return;
  const { repo, sha } = newest;
  const folder = join(dataPaths(dataDir).testResults, repo);
  await mkdir(folder, { recursive: true });
  const others = finished.slice(1).map(nameOf);
  // flushed, since no reporter writes them again after a power cut
  await replaceFile(join(folder, `${sha}.log`), (draft) => writeLog(draft, dataDir, newest), { flush: true });
  const verdict = `${JSON.stringify({ ...newest, others }, null, 2)}\n`;
  await replaceFile(join(folder, `${sha}.json`), verdict, { flush: true });
}

/** Writes the logs of all jobs, each below its name; the log of a single job shares the archive's file. */
async function writeLog(draft: string, dataDir: string, build: Build): Promise<void> {
  const [only, ...more] = build.jobs;
  if (only && more.length === 0 && (await share(logOf(dataDir, only), draft))) return;
  await writeFile(draft, '');
  if (more.length === 0) return;
  for (const job of build.jobs) {
    await writeFile(draft, `\n=== ${job.name}: ${job.status}\n`, { flag: 'a' });
    const source = createReadStream(logOf(dataDir, job));
    await unlessMissing(pipeline(source, createWriteStream(draft, { flags: 'a' })));
  }
}

/**
 * Gives a log another name without a copy of its bytes if the file system can: by a reflink or a hard link.
 * @returns false where there is no log
 */
async function share(log: string, draft: string): Promise<boolean> {
  const variants = [
    () => copyFile(log, draft, constants.COPYFILE_FICLONE_FORCE),
    () => link(log, draft),
    () => copyFile(log, draft),
  ];
  for (const [index, write] of variants.entries()) {
    try {
      await write();
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      if (index === variants.length - 1) throw error;
    }
  }
  return false;
}

function logOf(dataDir: string, job: Job): string {
  return logFile(dataDir, { job: job.id, attempt: job.attempts.at(-1)?.number ?? 1 });
}

/** A job that never started has no log. */
async function unlessMissing(work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}
