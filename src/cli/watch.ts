import type { Command } from 'commander';
import { type Build, isFinal, type Job } from '../kernel/model.ts';
import { Client } from './client.ts';
import type { CommandFile } from './command.ts';
import { awaitFinal } from './follow.ts';
import { tellWhatGoesOn } from './interrupt.ts';
import { configOf } from './options.ts';
import { buildArgumentHelp, resolveBuild } from './resolve.ts';
import { mark, paint, plain, print, verdict } from './terminal.ts';
import { took } from './times.ts';
import { exitCodeOf, verdictLine } from './wording.ts';

export function watchCommand(program: Command): CommandFile {
  const command = program
    .command('watch')
    .summary('watch the jobs of a build until it ends')
    .description(
      'Shows the jobs of a build and what they do, until the build ends; the exit code is its result. Without a terminal it prints a line for each job that starts or ends.',
    )
    .argument('<build>', buildArgumentHelp)
    .action(async (text: string) => {
      const client = Client.of(configOf(command));
      const build = await resolveBuild(client, text);
      const stop = tellWhatGoesOn(build);
      // only this command needs them, and they take long to load
      const [{ Screen }, { cutTo }] = await Promise.all([import('./screen.ts'), import('./table-lines.ts')]);
      const screen = Screen.open();
      const news = new JobNews();
      const end = await awaitFinal(client, build, (now) => {
        if (!screen) for (const line of news.of(now)) print(line);
        else {
          const { columns, rows } = screen.size;
          screen.show(watchLines(now, rows - 1).map((line) => cutTo(line, columns)));
        }
      });
      screen?.close();
      stop();
      if (screen) for (const job of end.jobs) print(jobLine(job));
      print(verdictLine(end));
      process.exitCode = exitCodeOf(end.status);
    });
  return {
    command,
    judges: true,
    examples: [
      ['volt watch my-project', 'the newest build'],
      ['volt watch my-project#12 && ./deploy.sh', 'go on when it has passed'],
    ],
  };
}

/**
 * A build and its jobs: those that run first, then those that wait, then those that have ended.
 * @param most lines; the number of further jobs is in the last
 */
export function watchLines(build: Build, most: number): string[] {
  const rank = ({ status }: Job) => (status === 'running' ? 0 : isFinal(status) ? 2 : 1);
  const jobs = [...build.jobs].sort((a, b) => rank(a) - rank(b));
  const room = Math.max(1, most - 1);
  const shown = jobs.length > room ? jobs.slice(0, room - 1) : jobs;
  const more = jobs.length - shown.length;
  return [verdictLine(build), ...shown.map(jobLine), ...(more > 0 ? [paint('dim', `  and ${more} more jobs`)] : [])];
}

function jobLine(job: Job): string {
  const time = took(job.startedAt, job.finishedAt);
  const step = job.steps.find(({ status }) => status === 'running');
  const doing = step ? `  ${paint('dim', plain(step.name))}` : '';
  return `  ${mark(job.status)} ${plain(job.name)} ${verdict(job.status)}${time === '' ? '' : ` ${time}`}${doing}`;
}

/** The jobs that have started or ended since the last look. */
class JobNews {
  readonly #known = new Map<string, string>();

  of({ jobs }: Build): string[] {
    const news = jobs.filter(({ id, status, attempts }) => {
      const state = `${status} ${attempts.length}`;
      const isNew = this.#known.get(id) !== state && status !== 'waiting' && status !== 'queued';
      this.#known.set(id, state);
      return isNew;
    });
    return news.map(jobLine);
  }
}
