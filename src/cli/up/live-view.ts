import { errorText } from '../../kernel/errors.ts';
import { type BuildSummary, isFinal } from '../../kernel/model.ts';
import { countOpenBuilds, listBuilds } from '../../record/builds.ts';
import { listRepositories } from '../../record/repositories.ts';
import { changeSchema, listen } from '../../redis/channels.ts';
import { every, pause } from '../../system/wait.ts';
import type { Screen } from '../screen.ts';
import type { RecordContext } from '../stage.ts';
import { presentError } from './observation.ts';
import { type ViewState, viewLines } from './view-lines.ts';

/** Milliseconds between two drawings, and until a change is drawn. */
const interval = 1000;
const gathering = 100;
/** The last result of a repository is searched among this many of the newest builds. */
const depth = 300;

export interface LiveView {
  /** replaces the end of the last line */
  say(footer: string): void;
  stop(): Promise<void>;
}

/**
 * Shows repositories, running builds and last results at the bottom of the screen until stopped.
 * @param since when this Volt started, in milliseconds since 1970
 */
export async function showLiveView(
  context: RecordContext,
  screen: Screen,
  since: number,
  footer: string,
): Promise<LiveView> {
  const { access, logger } = context;
  let currentFooter = footer;
  const draw = async () => screen.show(viewLines(await stateOf(context, since, currentFooter), screen.size));
  const drawing = every(
    interval,
    () => pause(gathering).then(draw),
    (error) => logger.debug(`cannot draw the view: ${errorText(error)}`),
  );
  const unlisten = await listen(access, access.keys.changes, changeSchema, logger, () => drawing.now());
  const resized = () => drawing.now();
  process.stdout.on('resize', resized);
  return {
    say: (text) => {
      currentFooter = text;
      drawing.now();
    },
    stop: async () => {
      process.stdout.off('resize', resized);
      await unlisten();
      await drawing.stop();
      screen.close();
    },
  };
}

async function stateOf({ database }: RecordContext, since: number, footer: string): Promise<ViewState> {
  const [repositories, running, recent, open] = await Promise.all([
    listRepositories(database),
    listBuilds(database, { status: 'running', limit: 100 }),
    listBuilds(database, { limit: depth }),
    countOpenBuilds(database),
  ]);
  const last = new Map<string, BuildSummary>();
  for (const build of recent) if (isFinal(build.status) && !last.has(build.repo)) last.set(build.repo, build);
  return {
    repositories: repositories.map((repository) => ({
      name: repository.name,
      problem: presentError(repository, since)?.code ?? null,
      observedAt: repository.observedAt,
      running: running.filter(({ repo }) => repo === repository.name).reverse(),
      last: last.get(repository.name),
    })),
    ...open,
    since: new Date(since).toISOString(),
    footer,
  };
}
