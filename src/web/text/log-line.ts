import type { Line } from './terminal.ts';

/** What a line of a log is, if Volt or a command has marked it in the format of GitHub's logs, as in `##[error]no such file`. */
export type LineMark = keyof typeof markWords;

/** How people see a marked line begin. */
export const markWords = {
  error: 'Error: ',
  warning: 'Warning: ',
  notice: 'Notice: ',
  debug: 'Debug: ',
  group: '',
  endgroup: '',
} as const;

/** A line of a log as a page shows it. */
export interface LogLine {
  /** undefined for ordinary output */
  mark: LineMark | undefined;
  spans: Line;
}

/** @param line as a terminal shows it */
export function logLine(line: Line): LogLine {
  const [first, ...others] = line;
  const mark = markOf(first?.text ?? '');
  if (!first || !mark) return { mark: undefined, spans: line };
  // the end of a group is a line of the log, so that the numbers of the lines after it stay, but there is nothing to see
  if (mark === 'endgroup') return { mark, spans: [] };
  const word = { text: markWords[mark], style: 'word' };
  const rest = { ...first, text: withoutMark(first.text, mark) };
  return { mark, spans: [word, rest, ...others].filter(({ text }) => text !== '') };
}

/** The mark of a line. @param text the line, or its beginning */
export function markOf(text: string): LineMark | undefined {
  return /^##\[(error|warning|notice|debug|group|endgroup)\]/.exec(text)?.[1] as LineMark | undefined;
}

export function withoutMark(text: string, mark: LineMark): string {
  return text.slice(mark.length + '##[]'.length);
}
