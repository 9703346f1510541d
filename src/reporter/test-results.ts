import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { constants, copyFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { dataPaths, logFile } from '../kernel/data-paths.ts';
import { systemCode } from '../kernel/errors.ts';
import { type Build, type BuildSummary, isFinal, type Job } from '../kernel/model.ts';
import { listBuilds, withJobs } from '../record/builds.ts';
import type { Record } from '../record/record.ts';

/** One write at a time for each commit, so that the newest build's files are the last ones written. */
const writing = new Map<string, Promise<unknown>>();

/**
 * Writes `test_results/<repository>/<sha>.json` and `<sha>.log`: the newest finished build of the commit, and a list of
 * the others. Each file appears whole or not at all.
 */
export async function writeTestResults(
  record: Record,
  dataDir: string,
  build: Pick<BuildSummary, 'repo' | 'sha'>,
): Promise<void> {
  const key = `${build.repo}/${build.sha}`;
  const work = (writing.get(key) ?? Promise.resolve()).then(() => writeNewest(record, dataDir, build));
  const quiet = work.catch(() => undefined);
  writing.set(key, quiet);
  try {
    await work;
  } finally {
    if (writing.get(key) === quiet) writing.delete(key);
  }
}

async function writeNewest(
  record: Record,
  dataDir: string,
  { repo, sha }: Pick<BuildSummary, 'repo' | 'sha'>,
): Promise<void> {
  const finished = (await listBuilds(record, { repo, sha, limit: 500 })).filter((build) => isFinal(build.status));
  const newest = finished[0] && (await withJobs(record, finished[0]));
  if (!newest) return;
  const folder = join(dataPaths(dataDir).testResults, repo);
  await mkdir(folder, { recursive: true });
  const others = finished.slice(1).map(({ id, number, status, finishedAt }) => ({ id, number, status, finishedAt }));
  await whole(join(folder, `${sha}.log`), (draft) => writeLog(draft, dataDir, newest));
  await whole(join(folder, `${sha}.json`), (draft) =>
    writeFile(draft, `${JSON.stringify({ ...newest, others }, null, 2)}\n`),
  );
}

/** The logs of all jobs; with several jobs each under its name. */
async function writeLog(draft: string, dataDir: string, build: Build): Promise<void> {
  await writeFile(draft, '');
  const [only, ...more] = build.jobs;
  // the file system copies it by itself, or lets both share the bytes
  if (only && more.length === 0)
    return unlessMissing(copyFile(logOf(dataDir, only), draft, constants.COPYFILE_FICLONE));
  for (const job of build.jobs) {
    await writeFile(draft, `\n=== ${job.name}: ${job.status}\n`, { flag: 'a' });
    const source = createReadStream(logOf(dataDir, job));
    await unlessMissing(pipeline(source, createWriteStream(draft, { flags: 'a' })));
  }
}

function logOf(dataDir: string, job: Job): string {
  return logFile(dataDir, { job: job.id, attempt: job.attempts.at(-1)?.number ?? 1 });
}

/** A job that never began has no log. */
async function unlessMissing(work: Promise<void>): Promise<void> {
  await work.catch((error) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

async function whole(file: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${file}.${randomUUID()}.draft`;
  await write(draft);
  await rename(draft, file);
}
