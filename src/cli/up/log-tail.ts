import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { logFile } from '../../kernel/data-paths.ts';
import { systemCode } from '../../kernel/errors.ts';
import { type Build, type BuildId, isFinal, type Job, type JobId } from '../../kernel/model.ts';
import { findBuild } from '../../record/builds.ts';
import { pause } from '../../system/wait.ts';
import type { RecordContext } from '../stage.ts';

/** Milliseconds between two polls of a growing log. */
const interval = 100;
/** Bytes that are read and printed at once: few enough not to hold the event loop. */
const pieceSize = 65_536;
/** Characters of a line that are kept while its end has not come: more would be copied again and again. */
const longestLine = 16_384;

/** Takes the log of a build. */
export interface TailListener {
  lines(texts: string[]): Promise<void>;
  /** the log of another job begins */
  job(job: Job): Promise<void>;
  /** the next attempt of the job starts its log again */
  restarted(job: Job): Promise<void>;
}

/**
 * Follows the archived logs of a build's jobs, one job after the other, until the build is final.
 * @param signal ends it after one more poll
 * @returns the build as it ended; undefined if the signal came first
 */
export async function tailBuild(
  { database, config }: RecordContext,
  id: BuildId,
  listener: TailListener,
  signal: AbortSignal,
): Promise<Build | undefined> {
  let position = 0;
  let tail: FileTail | undefined;
  const announced = new Set<JobId>();
  for (;;) {
    // read the database before the log: the log of a final job is fully archived
    const build = await findBuild(database, id);
    if (!build) return undefined;
    for (; position < build.jobs.length; position++) {
      const job = build.jobs[position] as Job;
      const attempt = job.attempts.at(-1)?.number ?? 0;
      if (tail && tail.attempt !== attempt) {
        await passRest(tail, listener);
        if (tail.attempt > 0) await listener.restarted(job);
        tail = undefined;
      }
      if (!tail) {
        if (build.jobs.length > 1 && attempt > 0 && !announced.has(job.id)) await listener.job(job);
        if (attempt > 0) announced.add(job.id);
        tail = new FileTail(logFile(config.dataDir, { job: job.id, attempt }), attempt);
      }
      if (!isFinal(job.status)) {
        await passNew(tail, listener);
        break;
      }
      await passRest(tail, listener);
      tail = undefined;
    }
    if (isFinal(build.status)) return build;
    if (signal.aborted) return undefined;
    await pause(interval, signal);
  }
}

async function passNew(tail: FileTail, listener: TailListener): Promise<void> {
  for (let lines = await tail.next(); lines; lines = await tail.next()) await listener.lines(lines);
}

/** Passes on the rest of a complete log, even if its last line has no end. */
async function passRest(tail: FileTail, listener: TailListener): Promise<void> {
  await passNew(tail, listener);
  if (tail.rest !== '') await listener.lines([tail.rest]);
}

/** Reads the new lines of a growing file. */
class FileTail {
  readonly attempt: number;
  readonly #path: string;
  readonly #decoder = new StringDecoder('utf8');
  #offset = 0;
  #rest = '';

  constructor(path: string, attempt: number) {
    this.#path = path;
    this.attempt = attempt;
  }

  /** The text after the last line end. */
  get rest(): string {
    return this.#rest;
  }

  /** The lines of the next piece; undefined if there is none yet. */
  async next(): Promise<string[] | undefined> {
    const piece = await this.#read();
    if (piece.length === 0) return undefined;
    const lines = (this.#rest + this.#decoder.write(piece)).split('\n');
    const rest = lines.pop() ?? '';
    // what a carriage return overwrites is never seen
    const seen = rest.slice(rest.lastIndexOf('\r', rest.length - 2) + 1);
    this.#rest = seen.slice(0, longestLine);
    return lines;
  }

  async #read(): Promise<Buffer> {
    let file: FileHandle;
    try {
      file = await open(this.#path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(pieceSize), 0, pieceSize, this.#offset);
      this.#offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
