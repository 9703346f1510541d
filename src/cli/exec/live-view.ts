import { isFinal, type Step } from '../../kernel/model.ts';
import { LogLines } from '../log-lines.ts';
import type { Screen } from '../screen.ts';
import { cutTo } from '../table-lines.ts';
import { paint, plainOutput, print } from '../terminal.ts';
import { jobLine, linesOf, stepLine, summaryLines } from './event-lines.ts';
import type { ExecEvent, ExecView } from './events.ts';

/** Milliseconds between two drawings. */
const interval = 100;
/** Lines of a failed step's output that are shown. */
const mostOutput = 200;
/** Lines of output of a running step. */
const glimpse = 3;

interface LiveJob {
  name: string;
  steps: Step[];
  /** output of the last step */
  output: string[];
  log: LogLines;
}

/**
 * A tree of the running jobs and their steps, redrawn as they go on. Above it are the ended ones; the output of a step
 * is shown only if it failed.
 */
export class LiveView implements ExecView {
  readonly #screen: Screen;
  readonly #jobs = new Map<number, LiveJob>();
  readonly #timer: NodeJS.Timeout;

  constructor(screen: Screen) {
    this.#screen = screen;
    this.#timer = setInterval(() => this.#draw(), interval);
  }

  take(event: ExecEvent): void {
    if (event.kind === 'job') this.#takeJob(event);
    else if (event.kind === 'step') this.#takeStep(event);
    else if (event.kind === 'output') this.#jobs.get(event.job)?.log.push(event.text);
    else for (const line of linesOf(event)) print(line);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#screen.close();
  }

  #takeJob(event: Extract<ExecEvent, { kind: 'job' }>): void {
    if (event.status === 'running') {
      const output: string[] = [];
      const log = new LogLines((line) => {
        output.push(line);
        if (output.length > mostOutput) output.shift();
      });
      this.#jobs.set(event.job, { name: event.name, steps: [], output, log });
      return;
    }
    this.#jobs.delete(event.job);
    this.#draw();
    print(jobLine(event));
  }

  #takeStep({ job: id, index, step }: Extract<ExecEvent, { kind: 'step' }>): void {
    const job = this.#jobs.get(id);
    if (!job) return;
    job.steps[index] = step;
    if (step.status === 'running') job.output.length = 0;
    if (!isFinal(step.status)) return;
    job.log.end();
    const summary = summaryLines(step);
    if (step.outcome !== 'failure' && summary.length === 0) return;
    print(`${paint('bold', job.name)}\n${stepLine(step)}`);
    if (step.outcome === 'failure') for (const line of job.output) print(`    ${line}`);
    for (const line of summary) print(line);
  }

  #draw(): void {
    const { columns, rows } = this.#screen.size;
    const room = Math.max(4, Math.floor((rows - 2) / Math.max(1, this.#jobs.size)));
    const lines = [...this.#jobs.values()].flatMap((job) => treeOf(job, room));
    this.#screen.show(lines.slice(0, rows - 1).map((line) => cutTo(line, columns)));
  }
}

/** The last steps, as many as there is room for. */
function treeOf({ name, steps, output }: LiveJob, room: number): string[] {
  const known = steps.filter((step) => step !== undefined);
  const last = output.slice(-glimpse).map((line) => paint('dim', `      ${plainOutput(line)}`));
  const shown = known.filter(({ status }) => status !== 'skipped').slice(-Math.max(1, room - 1 - last.length));
  return [paint('bold', name), ...shown.map(stepLine), ...last];
}
