import type { Command } from 'commander';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { VoltError } from '../../kernel/errors.ts';
import { createLogger, type Logger } from '../../kernel/logger.ts';
import { isFinal } from '../../kernel/model.ts';
import { addRepository } from '../../observer/add.ts';
import { listBuilds } from '../../record/builds.ts';
import { listRepositories } from '../../record/repositories.ts';
import { giveBackSpareMemory } from '../../system/spare-memory.ts';
import { configOf, containerRightsOf } from '../options.ts';
import { addRepositories } from '../repositories.ts';
import { Screen } from '../screen.ts';
import { Shutdown } from '../shutdown.ts';
import { Signals } from '../signals.ts';
import type { RecordContext } from '../stage.ts';
import { print } from '../terminal.ts';
import { BuildNews } from './build-news.ts';
import { compose, type Volt } from './compose.ts';
import { explainSample, greet, stopHint } from './greeting.ts';
import { lastLine } from './last-line.ts';
import { type LiveView, showLiveView } from './live-view.ts';
import { firstResults } from './once.ts';
import type { UpOptions } from './options.ts';
import { showRepositoryNews } from './repository-news.ts';
import { makeSample, sampleName } from './sample.ts';

/**
 * Seconds that stopping may take beyond the grace time of running jobs; the runner takes up to 13 of them if Redis does
 * not answer.
 */
const stopBound = 30;

/** Runs `volt up` from its start to its end. */
export async function up(command: Command, options: UpOptions): Promise<void> {
  // log lines at level "info" would hide the progress that is printed here
  const { host: httpHost, port: httpPort, isolation, image } = options;
  const config = configOf(
    command,
    { httpHost, httpPort, isolation, runnerImages: image?.join(','), ...containerRightsOf(options) },
    { logLevel: 'warn' },
  );
  const session = new Session(config, options);
  const shutdown = new Shutdown(session.logger);
  const signals = new Signals(() => process.exit(3));
  giveBackSpareMemory();
  try {
    const volt = await Promise.race([session.start(shutdown), signals.first]);
    if (typeof volt !== 'string') process.exitCode = await session.run(volt, signals);
    // parts that are still starting would log errors about the parts that stop
    else session.logger.silent = true;
  } catch (error) {
    await shutdown.giveUp();
    throw error;
  }
  await shutdown.stopWithin(options.grace + stopBound);
}

/** One run of `volt up`. */
class Session {
  readonly logger: Logger;
  readonly #config: Config;
  readonly #options: UpOptions;
  readonly #since = Date.now();
  /** names of the repositories of the command line */
  #names: string[] = [];
  /** whether this start was asked to watch the sample */
  #sample = false;
  #explained = false;
  /** whether a signal has ended it */
  #isStopping = false;
  #begin: () => void = () => {};
  readonly #screen = Screen.open();
  #view: LiveView | undefined;

  constructor(config: Config, options: UpOptions) {
    this.#config = config;
    this.#options = options;
    this.logger = createLogger(config.logLevel, config.logFormat, this.#screen?.errors);
  }

  async start(shutdown: Shutdown): Promise<Volt> {
    const { slots, grace } = this.#options;
    return compose(this.#config, this.logger, { slots, graceSeconds: grace }, shutdown, async (context) => {
      if (this.#options.config !== undefined) await this.#applySettings(context, this.#options.config);
      this.#names = await this.#addRepositories(context);
      shutdown.add('last line', async () => this.#isStopping && print(await lastLine(context)));
      const repositories = showRepositoryNews(context, this.#since);
      shutdown.add('repository news', () => repositories.stop());
      const builds = new BuildNews(context, { starts: !this.#screen, done: ({ repo }) => this.#explain(repo) });
      shutdown.add('build news', () => builds.stop());
      // the view stays visible while the stages stop
      shutdown.add('view', () => this.#view?.stop() ?? this.#screen?.close());
      await builds.listen();
      // what happens during the start is printed below the greeting
      this.#begin = () => {
        repositories.begin();
        builds.begin();
      };
    });
  }

  /** @returns the exit code, when a signal arrives or `--once` has its results */
  async run(volt: Volt, signals: Signals): Promise<number> {
    await greet(volt, this.#options.slots);
    if (this.#screen) {
      this.#view = await showLiveView(volt.context, this.#screen, this.#since, `${volt.url} · ${stopHint}`);
    } else print(`  ${stopHint}`);
    this.#begin();
    const [newest] = await listBuilds(volt.context.database, { repo: sampleName, limit: 1 });
    if (newest && isFinal(newest.status)) this.#explain(sampleName);
    const ends: Promise<number | string | VoltError>[] = [signals.first, volt.runner.failed];
    if (this.#options.once) ends.push(firstResults(volt.context, this.#names, this.#since));
    const end = await Promise.race(ends);
    if (end instanceof VoltError) throw end;
    if (typeof end === 'number') return end;
    signals.again = () => {
      print('handing back the running jobs now; the next start or another runner runs them again');
      this.#view?.say('handing back');
      volt.runner.handBack();
    };
    const how = `running jobs have ${this.#options.grace} s to end and are then handed back; press Ctrl-C again to hand them back now`;
    print(`\nstopping: ${how}`);
    this.#isStopping = true;
    this.#view?.say('stopping');
    return 0;
  }

  /** Its code is loaded only where it is needed. */
  async #applySettings(context: RecordContext, file: string): Promise<void> {
    const { applySettingsFile } = await import('./settings.ts');
    await applySettingsFile(context, file);
  }

  async #addRepositories(context: RecordContext): Promise<string[]> {
    const added = await addRepositories(context, this.#options);
    this.#sample = await this.#wantsSample(context, added.length);
    if (this.#sample) {
      const folder = dataPaths(this.#config.dataDir).sample;
      await makeSample(folder);
      added.push(await addRepository(context, { url: folder, name: sampleName, pollSeconds: this.#options.poll }));
    }
    return added.map(({ name }) => name);
  }

  async #wantsSample({ database }: RecordContext, named: number): Promise<boolean> {
    if (this.#options.sample) return true;
    if (!this.#options.sampleIfNone || named > 0) return false;
    return (await listRepositories(database)).every(({ name }) => name === sampleName);
  }

  /** Prints the next steps, after the first result of the sample. */
  #explain(repo: string): void {
    if (repo !== sampleName || !this.#sample || this.#options.once || this.#explained) return;
    this.#explained = true;
    explainSample(dataPaths(this.#config.dataDir).sample);
  }
}
