import { isFinal } from '../../kernel/model.ts';
import { LogLines } from '../log-lines.ts';
import { logLine, paint, plain, print } from '../terminal.ts';
import { jobLine, linesOf, stepLine, summaryLines } from './event-lines.ts';
import type { ExecEvent, ExecView } from './events.ts';

/** All events as lines, in their order; each with the name of its job if several run at once. */
export class PlainView implements ExecView {
  readonly #named: boolean;
  readonly #logs = new Map<number, LogLines>();
  readonly #names = new Map<number, string>();

  /** @param named whether several jobs may run at once */
  constructor(named: boolean) {
    this.#named = named;
  }

  take(event: ExecEvent): void {
    if (event.kind === 'output') this.#logOf(event.job).push(event.text);
    else if (event.kind === 'job') {
      this.#names.set(event.job, plain(event.name));
      this.#logOf(event.job).end();
      print(jobLine(event));
    } else if (event.kind === 'step') {
      if (!isFinal(event.step.status)) return;
      this.#logOf(event.job).end();
      for (const line of [stepLine(event.step), ...summaryLines(event.step)])
        print(`${this.#prefix(event.job)}${line}`);
    } else for (const line of linesOf(event)) print(line);
  }

  close(): void {}

  #logOf(job: number): LogLines {
    const known = this.#logs.get(job);
    if (known) return known;
    const log = new LogLines((line) => print(`${this.#prefix(job)}    ${logLine(line)}`));
    this.#logs.set(job, log);
    return log;
  }

  #prefix(job: number): string {
    return this.#named ? paint('dim', `${this.#names.get(job) ?? ''} | `) : '';
  }
}
