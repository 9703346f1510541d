import { errorText } from '../../kernel/errors.ts';
import { asTyped } from '../../kernel/invocation.ts';
import { type BuildId, type BuildSummary, isFinal, type Job } from '../../kernel/model.ts';
import { type BuildNotice, findBuildNotices, listBuilds } from '../../record/builds.ts';
import { changeSchema, listen } from '../../redis/channels.ts';
import { every, pause, type Repeating } from '../../system/wait.ts';
import { withWords } from '../log-lines.ts';
import type { RecordContext } from '../stage.ts';
import { mark, paint, plain, plainOutput, print, write } from '../terminal.ts';
import { buildName, commitLine, verdictLine } from '../wording.ts';
import { BoundedLog } from './bounded-log.ts';
import { tailBuild } from './log-tail.ts';

/** A channel may lose a notice, so open builds are polled as well, at this interval in milliseconds. */
const interval = 2000;
/** Notices of this many milliseconds are handled together, so that a burst of commits does not flood the terminal. */
const gathering = 50;
/** The number of finished builds that are remembered, so that a repeated notice prints nothing. */
const memory = 1000;

/**
 * Prints the progress of builds: the log of the first build while it grows, then one line when a build starts and one
 * when it ends.
 */
export class BuildNews {
  readonly #context: RecordContext;
  readonly #done: (build: BuildSummary) => void;
  readonly #noticed = new Set<BuildId>();
  readonly #started = new Set<BuildId>();
  /** the printed end time of each finished build */
  readonly #finished = new Map<BuildId, string | null>();
  readonly #end = new AbortController();
  /** the build whose log is printed */
  #first: { id: BuildId; printing: Promise<void>; isPrinted: boolean } | undefined;
  #polling: Repeating | undefined;
  #lastFullPoll = Number.NEGATIVE_INFINITY;
  #unlisten: (() => Promise<void>) | undefined;

  readonly #starts: boolean;

  /**
   * @param options.starts whether to print a line when a build starts, if no live view shows it
   * @param options.done is called after a build's result was printed
   */
  constructor(context: RecordContext, options: { starts: boolean; done: (build: BuildSummary) => void }) {
    this.#context = context;
    this.#starts = options.starts;
    this.#done = options.done;
  }

  /** Collects the notices from now on. */
  async listen(): Promise<void> {
    const { access, logger } = this.#context;
    this.#unlisten = await listen(access, access.keys.changes, changeSchema, logger, ({ build, status }) => {
      if (status === 'queued') return;
      this.#noticed.add(build);
      this.#polling?.now();
    });
  }

  /** Begins to print, including what has happened since `listen`. */
  begin(): void {
    this.#polling = every(
      interval,
      () => pause(gathering).then(() => (this.#isDue() ? this.#pollAll() : this.#poll([...this.#noticed]))),
      (error) => this.#context.logger.warn(`cannot show the progress of builds: ${errorText(error)}`),
    );
  }

  /** Resolves when everything that has happened so far is printed. */
  async stop(): Promise<void> {
    await this.#unlisten?.();
    await this.#polling?.stop();
    await this.#pollAll();
    this.#end.abort();
    await this.#first?.printing;
  }

  #isDue(): boolean {
    return performance.now() - this.#lastFullPoll >= interval - gathering;
  }

  /** Polls all running builds as well, since a notice may have been lost. */
  async #pollAll(): Promise<void> {
    this.#lastFullPoll = performance.now();
    const running = await listBuilds(this.#context.database, { status: 'running', limit: 100 });
    await this.#poll([...this.#started, ...this.#noticed, ...running.map(({ id }) => id).reverse()]);
  }

  async #poll(ids: BuildId[]): Promise<void> {
    const wanted = new Set(ids.filter((id) => this.#first?.id !== id || this.#first.isPrinted));
    for (const id of ids) this.#noticed.delete(id);
    try {
      const found = await findBuildNotices(this.#context.database, [...wanted]);
      for (const id of wanted) {
        const build = found.get(id);
        if (build) this.#consider(build);
      }
    } catch (error) {
      for (const id of wanted) this.#noticed.add(id);
      throw error;
    }
  }

  #consider(build: BuildNotice): void {
    // a finished build that was printed is printed again only after it has run again
    if (build.status === 'queued') return;
    if (isFinal(build.status) && this.#finished.get(build.id) === build.finishedAt) return;
    this.#finished.delete(build.id);
    this.#show(build);
  }

  #show(build: BuildNotice): void {
    if (!this.#first) {
      const line = startLine(build);
      print();
      print(line);
      const first = { id: build.id, printing: Promise.resolve(), isPrinted: false };
      this.#first = first;
      first.printing = this.#printLog(build).finally(() => {
        first.isPrinted = true;
      });
    } else if (isFinal(build.status)) {
      this.#printVerdict(build);
    } else if (!this.#started.has(build.id)) {
      if (this.#starts) print(startLine(build));
      this.#started.add(build.id);
    }
  }

  async #printLog(first: BuildSummary): Promise<void> {
    const margin = paint('dim', '  │ ');
    const log = new BoundedLog(
      (lines) => write(lines.map((line) => `${margin}${line}\n`).join('')),
      asTyped(`volt logs ${buildName(first)}`),
    );
    const listener = {
      lines: (texts: string[]) => log.add(texts.flatMap((text) => withWords(plainOutput(text)) ?? [])),
      job: (job: Job) => log.add([paint('dim', `── ${plain(job.name)}`)]),
      restarted: (job: Job) => log.add([paint('dim', `${plain(job.name)}: ${plain(job.message ?? 'next attempt')}`)]),
    };
    try {
      const end = await tailBuild(this.#context, first.id, listener, this.#end.signal);
      await log.end();
      if (end) this.#printVerdict(end);
    } catch (error) {
      this.#context.logger.warn(`cannot follow the log of ${buildName(first)}: ${errorText(error)}`);
      // print its result as that of any other build
      this.#noticed.add(first.id);
    }
  }

  #printVerdict(build: BuildSummary): void {
    this.#started.delete(build.id);
    this.#finished.set(build.id, build.finishedAt);
    const [oldest] = this.#finished.keys();
    if (this.#finished.size > memory && oldest !== undefined) this.#finished.delete(oldest);
    print(verdictLine(build));
    if (build.status !== 'success') print(paint('dim', `    ${asTyped(`volt show ${buildName(build)}`)}`));
    this.#done(build);
  }
}

function startLine({ runner, ...build }: BuildNotice): string {
  return `${mark('running')} ${commitLine(build)} "${plain(build.subject)}"${runner ? ` on ${plain(runner)}` : ''}`;
}
