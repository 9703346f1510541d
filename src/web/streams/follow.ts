import type { Config } from '../../kernel/config.ts';
import { logFile } from '../../kernel/data-paths.ts';
import { buildIdOf, isFinal, type JobId } from '../../kernel/model.ts';
import type { Database } from '../../record/database.ts';
import type { Reader } from '../../record/visibility.ts';
import { Bell } from '../../system/wait.ts';
import { jobFor, readBuild } from '../access/readable.ts';
import { LogReader } from '../logs/log-file.ts';
import type { Notices } from './notices.ts';
import { event, type Producer } from './sse.ts';

interface LogSources {
  readonly config: Config;
  readonly database: Database;
  readonly notices: Notices;
}

/** Milliseconds between two reads of the file: a notice of growth may be lost. */
const pollInterval = 1000;

/**
 * A stream of a job's log as it grows, from a position in bytes of one of its attempts. Events: `chunk`, whose id is the
 * position after it; `attempt` when the job has a further attempt, whose log begins at 0; `end` when the job is final and
 * everything was sent.
 */
export function followLog(
  web: LogSources,
  reader: Reader,
  job: JobId,
  from: { attempt: number; offset: number },
): Producer {
  return async function* (gone) {
    let { attempt, offset } = from;
    const logOf = (number: number) => new LogReader(logFile(web.config.dataDir, { job, attempt: number }));
    let log = logOf(attempt);
    const bell = new Bell();
    const ring = () => bell.ring();
    gone.addEventListener('abort', ring);
    const build = buildIdOf(job);
    const stops = [
      web.notices.onGrowth(job, ring),
      web.notices.onChange((change) => {
        if (change.build === build) ring();
      }),
    ];
    try {
      while (!gone.aborted) {
        // read before the file: when a job is final, its whole log is in the file
        const state = await jobFor(web.database, reader, job);
        if (!state) return;
        const over = isFinal(state.status) || state.attempt > attempt;
        for (;;) {
          const piece = await log.read(offset, over);
          if (!piece) break;
          offset = piece.end;
          yield event({ event: 'chunk', id: String(offset), data: piece.text });
          if (gone.aborted) return;
        }
        if (state.attempt > attempt) {
          await log.close();
          attempt += 1;
          offset = 0;
          log = logOf(attempt);
          yield event({ event: 'attempt', id: '0', data: { attempt } });
        } else if (isFinal(state.status)) {
          yield event({ event: 'end', data: await outcome(web, reader, job) });
          return;
        } else await bell.wait(pollInterval);
      }
    } finally {
      for (const stop of stops) stop();
      await log.close();
    }
  };
}

async function outcome(web: LogSources, reader: Reader, job: JobId) {
  const build = await readBuild(web.database, reader, buildIdOf(job));
  const { status, reason, message } = build.jobs.find((one) => one.id === job) ?? {
    status: 'error',
    reason: null,
    message: null,
  };
  return { status, reason, message };
}
