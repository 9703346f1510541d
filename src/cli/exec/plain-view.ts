import { isFinal } from '../../kernel/model.ts';
import { logLine, paint, plain, print } from '../terminal.ts';
import type { ExecEvent, ExecView } from './events.ts';
import { buildLine, endLine, jobLine, planLines, plannedLine, stepLine, summaryLines } from './lines.ts';
import { LogLines } from './log-lines.ts';

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
    switch (event.kind) {
      case 'build':
        print(buildLine(event));
        return;
      case 'job':
        this.#names.set(event.job, plain(event.name));
        this.#logOf(event.job).end();
        print(jobLine(event));
        return;
      case 'step':
        if (!isFinal(event.step.status)) return;
        this.#logOf(event.job).end();
        for (const line of [stepLine(event.step), ...summaryLines(event.step)])
          print(`${this.#prefix(event.job)}${line}`);
        return;
      case 'output':
        this.#logOf(event.job).push(event.text);
        return;
      case 'plan':
        for (const line of planLines(event)) print(line);
        return;
      case 'note':
        print(plain(event.text));
        return;
      case 'planned':
        print(plannedLine(event));
        return;
      case 'end':
        print(endLine(event));
        return;
    }
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
