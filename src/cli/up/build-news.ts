import { errorText } from '../../kernel/errors.ts';
import { type BuildId, type BuildSummary, isFinal, type Job } from '../../kernel/model.ts';
import { type BuildNotice, findBuildNotices, listBuilds } from '../../record/builds.ts';
import { changeSchema, listen } from '../../redis/channels.ts';
import { every, pause, type Repeating } from '../../system/wait.ts';
import { asTyped } from '../invocation.ts';
import type { RecordContext } from '../stage.ts';
import { mark, paint, plain, plainOutput, print, write } from '../terminal.ts';
import { buildName, commitLine, verdictLine } from '../wording.ts';
import { tailBuild } from './log-tail.ts';

/** A channel may lose a notice, so builds that are not final are looked at this often (milliseconds) as well. */
const interval = 2000;
/** Notices of this many milliseconds are served together: a burst of commits must not keep the terminal busy. */
const gathering = 50;
/** So many finished builds are remembered, so that a notice about one of them that comes again says nothing. */
const memory = 1000;

/**
 * Tells on the terminal what becomes of builds: of the first one the whole log while it grows, of later ones a line when
 * they start and a line when they are done.
 */
export class BuildNews {
  readonly #context: RecordContext;
  readonly #done: (build: BuildSummary) => void;
  readonly #noticed = new Set<BuildId>();
  readonly #started = new Set<BuildId>();
  /** when they had finished, as it was told */
  readonly #finished = new Map<BuildId, string | null>();
  readonly #end = new AbortController();
  /** the build whose log is told, the telling, and whether that is over */
  #first: { id: BuildId; told: Promise<void>; isTold: boolean } | undefined;
  #looking: Repeating | undefined;
  #lookedAround = Number.NEGATIVE_INFINITY;
  #unlisten: (() => Promise<void>) | undefined;

  readonly #starts: boolean;

  /**
   * @param options.starts whether to tell also that a build starts, where nothing else shows it
   * @param options.done is called after a build's verdict was printed
   */
  constructor(context: RecordContext, options: { starts: boolean; done: (build: BuildSummary) => void }) {
    this.#context = context;
    this.#starts = options.starts;
    this.#done = options.done;
  }

  /** Takes notice of what happens from now on. */
  async listen(): Promise<void> {
    const { access, logger } = this.#context;
    this.#unlisten = await listen(access, access.keys.changes, changeSchema, logger, ({ build, status }) => {
      if (status === 'queued') return;
      this.#noticed.add(build);
      this.#looking?.now();
    });
  }

  /** Begins to tell, also of what has happened since it began to listen. */
  begin(): void {
    this.#looking = every(
      interval,
      () => pause(gathering).then(() => (this.#isDue() ? this.#lookAround() : this.#look([...this.#noticed]))),
      (error) => this.#context.logger.warn(`cannot tell the news of builds: ${errorText(error)}`),
    );
  }

  /** Resolves when all that has happened so far was told. */
  async stop(): Promise<void> {
    await this.#unlisten?.();
    await this.#looking?.stop();
    await this.#lookAround();
    this.#end.abort();
    await this.#first?.told;
  }

  #isDue(): boolean {
    return performance.now() - this.#lookedAround >= interval - gathering;
  }

  /** Looks also for what no notice has told of. */
  async #lookAround(): Promise<void> {
    this.#lookedAround = performance.now();
    const running = await listBuilds(this.#context.database, { status: 'running', limit: 100 });
    await this.#look([...this.#started, ...this.#noticed, ...running.map(({ id }) => id).reverse()]);
  }

  async #look(ids: BuildId[]): Promise<void> {
    const wanted = new Set(ids.filter((id) => this.#first?.id !== id || this.#first.isTold));
    for (const id of ids) this.#noticed.delete(id);
    try {
      const found = await findBuildNotices(this.#context.database, [...wanted]);
      for (const id of wanted) {
        const build = found.get(id);
        if (build) this.#lookAt(build);
      }
    } catch (error) {
      for (const id of wanted) this.#noticed.add(id);
      throw error;
    }
  }

  #lookAt(build: BuildNotice): void {
    // one that is told to be over is news only when it runs again, or has
    if (build.status === 'queued') return;
    if (isFinal(build.status) && this.#finished.get(build.id) === build.finishedAt) return;
    this.#finished.delete(build.id);
    this.#tell(build);
  }

  #tell(build: BuildNotice): void {
    if (!this.#first) {
      const line = startLine(build);
      print();
      print(line);
      const first = { id: build.id, told: Promise.resolve(), isTold: false };
      this.#first = first;
      first.told = this.#tellLog(build).finally(() => {
        first.isTold = true;
      });
    } else if (isFinal(build.status)) {
      this.#tellVerdict(build);
    } else if (!this.#started.has(build.id)) {
      if (this.#starts) print(startLine(build));
      this.#started.add(build.id);
    }
  }

  async #tellLog(first: BuildSummary): Promise<void> {
    const margin = paint('dim', '  │ ');
    const listener = {
      lines: (texts: string[]) => write(texts.map((text) => `${margin}${plainOutput(text)}\n`).join('')),
      job: (job: Job) => write(`${margin}${paint('dim', `── ${plain(job.name)}`)}\n`),
      anew: (job: Job) =>
        write(`${margin}${paint('dim', `${plain(job.name)}: ${plain(job.message ?? 'another attempt begins')}`)}\n`),
    };
    try {
      const end = await tailBuild(this.#context, first.id, listener, this.#end.signal);
      if (end) this.#tellVerdict(end);
    } catch (error) {
      this.#context.logger.warn(`cannot follow the log of ${buildName(first)}: ${errorText(error)}`);
      // its verdict is told as those of others are
      this.#noticed.add(first.id);
    }
  }

  #tellVerdict(build: BuildSummary): void {
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
