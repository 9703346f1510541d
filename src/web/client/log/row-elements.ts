import type { Range } from '../../text/line-parts.ts';
import type { LogLine } from '../../text/log-line.ts';
import { nodesOf } from './line-nodes.ts';
import { type LogNote, noteElement } from './notes.ts';

/** A line of the log, or the heading of a step. */
export type Row = LineRow | StepRow;

export interface StepRow {
  /** number of the step among those that the log shows, from 0 */
  step: number;
  name: string;
  status: string;
  /** its duration, as text */
  took: string;
  open: boolean;
}

export interface LineRow {
  /** number of the line, from 0 */
  line: number;
  /** undefined while it is not loaded */
  content: LogLine | undefined;
  /** what the search has found in the content */
  found: readonly Range[];
  /** state of the group that begins here; undefined if none does */
  group: 'open' | 'folded' | undefined;
  classes: string;
  /** when it arrived, if times are shown */
  time: string | undefined;
  notes: readonly LogNote[];
}

/** What the row is, whatever it shows. */
export function keyOf(row: Row): string {
  return 'step' in row ? `step ${row.step}` : `line ${row.line}`;
}

/** Whether two rows look the same. */
export function isSame(a: Row, b: Row): boolean {
  const [one, other] = [a as unknown as { [name: string]: unknown }, b as unknown as { [name: string]: unknown }];
  return Object.keys(one).every((name) =>
    name === 'notes' ? JSON.stringify(one[name]) === JSON.stringify(other[name]) : one[name] === other[name],
  );
}

export function elementOf(row: Row): HTMLElement {
  return 'step' in row ? stepElement(row) : lineElement(row);
}

/** The heading of a step: a button that opens and closes it. */
function stepElement({ step, name, status, took, open }: StepRow): HTMLElement {
  const row = document.createElement('div');
  row.className = 'row step';
  const button = document.createElement('button');
  button.type = 'button';
  button.className = `step ${status}`;
  button.dataset.step = String(step);
  button.setAttribute('aria-expanded', String(open));
  const title = document.createElement('span');
  title.className = 'name';
  title.textContent = name;
  const dot = document.createElement('span');
  dot.className = `dot ${status}`;
  const duration = document.createElement('span');
  duration.className = 'number';
  duration.textContent = took;
  button.append(dot, title, duration);
  row.append(button);
  return row;
}

function lineElement({ line, content, found, group, classes, time, notes }: LineRow): HTMLElement {
  const row = document.createElement('div');
  row.className = ['row', content?.mark, classes].filter(Boolean).join(' ');
  const number = document.createElement('a');
  number.className = 'ln';
  number.href = `#L${line + 1}`;
  number.dataset.n = String(line + 1);
  number.setAttribute('aria-label', `line ${line + 1}`);
  const code = document.createElement('code');
  code.append(...nodesOf(content?.spans ?? [], found), '\n');
  row.append(number);
  if (time !== undefined) {
    const shown = document.createElement('span');
    shown.className = 'at-time';
    shown.dataset.time = time;
    row.append(shown);
  }
  if (group !== undefined) row.append(foldButton(line, group));
  row.append(code, ...notes.map((note) => noteElement(note, line)));
  return row;
}

function foldButton(line: number, group: 'open' | 'folded'): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'fold';
  button.dataset.head = String(line);
  button.setAttribute('aria-expanded', String(group === 'open'));
  button.setAttribute('aria-label', 'lines of this group');
  button.textContent = group === 'open' ? '▾' : '▸';
  return button;
}
