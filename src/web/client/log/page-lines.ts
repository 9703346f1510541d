import { type LineMark, type LogLine, markWords } from '../../text/log-line.ts';
import type { Line, Span } from '../../text/terminal.ts';

/** Lines of the log that the page itself has, see pages/log-markup.ts. */
export interface PageLines {
  /** number of the first one, from 0 */
  from: number;
  lines: { line: LogLine; at: number | undefined }[];
}

const marks: readonly string[] = Object.keys(markWords);

/** Reads the lines back from the page's markup, so that they are not fetched again. */
export function linesOnPage(log: HTMLElement): PageLines {
  let at: number | undefined;
  const rows = [...log.querySelectorAll<HTMLElement>('.row[id]')];
  const lines = rows.map((row) => {
    if (row.dataset.at !== undefined) at = Number(row.dataset.at);
    const mark = [...row.classList].find((name) => marks.includes(name)) as LineMark | undefined;
    return { line: { mark, spans: spansOf(row.querySelector('code')) }, at };
  });
  return { from: Number(rows[0]?.id.slice(1) ?? 1) - 1, lines };
}

function spansOf(code: HTMLElement | null): Line {
  const spans: Line = [];
  const take = (node: Node, href: string | undefined) => {
    if (node instanceof HTMLAnchorElement) {
      // an address in the text is found again; one that the output names beside the text is in the title
      for (const child of node.childNodes) take(child, node.title || undefined);
      return;
    }
    const { className = '', dataset = {} } = node instanceof HTMLElement ? node : {};
    const { front, back } = dataset as { front?: string; back?: string };
    const span: Span = {
      text: node.textContent ?? '',
      style: className,
      ...(front !== undefined && { front }),
      ...(back !== undefined && { back }),
      ...(href !== undefined && { href }),
    };
    const last = spans.at(-1);
    if (last && isSame(last, span)) last.text += span.text;
    else spans.push(span);
  };
  for (const node of code?.childNodes ?? []) take(node, undefined);
  const last = spans.at(-1);
  // the line feed at the end is for copying
  if (last) last.text = last.text.replace(/\n$/, '');
  return spans.filter(({ text }) => text !== '');
}

function isSame(a: Span, b: Span): boolean {
  return a.style === b.style && a.front === b.front && a.back === b.back && a.href === b.href;
}
