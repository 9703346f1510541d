import { raw } from 'hono/html';
import { hostOf, partsOf, type Range } from '../text/line-parts.ts';
import type { LogLine } from '../text/log-line.ts';
import type { LogNote } from './annotations.tsx';

/** A line of a log on a page. */
export interface ShownLine extends LogLine {
  /** from 0 */
  number: number;
  /** class names of the row beside those of the line itself */
  classes?: string;
  /** what a search has found in it */
  found?: readonly Range[];
  /** what is shown beside it */
  notes?: readonly LogNote[];
  /** when it arrived, in milliseconds since 1970, if that is not the time of the line before */
  at?: number | undefined;
}

/**
 * Lines as markup. A log may have thousands of pieces, and components would hold the event loop too long, so the markup
 * is written by hand and all text is escaped here. The style sheet draws the line numbers, so that copied text does not
 * contain them. client/log/page-lines.ts reads the lines back.
 * @param linkOf where a line's number leads; without it, to the line itself
 */
export function markupOf(lines: readonly ShownLine[], linkOf?: (number: number) => string) {
  let markup = '';
  for (const { number, mark, spans, classes = '', found, notes = [], at } of lines) {
    const shown = number + 1;
    const names = ['row', mark, classes].filter(Boolean).join(' ');
    const time = at === undefined ? '' : ` data-at="${at}"`;
    markup += `<div class="${names}"${linkOf ? '' : ` id="L${shown}"`}${time}><a class="ln" href="${linkOf ? escaped(linkOf(number)) : `#L${shown}`}" data-n="${shown}" aria-label="line ${shown}"></a><code>`;
    for (const { href, hidden, pieces } of partsOf(spans, found)) {
      if (href !== undefined) markup += linkTo(href, hidden);
      for (const { text, style, front, back, found } of pieces) markup += pieceOf(text, style, front, back, found);
      if (href !== undefined) markup += '</a>';
    }
    markup += '\n</code>';
    for (const note of notes) markup += noteMarkup(note);
    markup += '</div>';
  }
  return raw(markup);
}

function linkTo(href: string, hidden: boolean): string {
  const host = hidden ? ` title="${escaped(href)}" data-host="${escaped(hostOf(href))}"` : '';
  return `<a href="${escaped(href)}" rel="noopener nofollow" target="_blank"${host}>`;
}

function pieceOf(text: string, style: string, front: string | undefined, back: string | undefined, found: boolean) {
  const tag = found ? 'mark' : 'span';
  if (!found && style === '') return escaped(text);
  const colours = `${front ? ` data-front="${front}"` : ''}${back ? ` data-back="${back}"` : ''}`;
  return `<${tag} class="${style}"${colours}>${escaped(text)}</${tag}>`;
}

function noteMarkup({ level, label, href }: LogNote): string {
  const text = `${level} <span class="about">${escaped(label)}</span>`;
  if (href === undefined) return `<span class="note ${level}">${text}</span>`;
  return `<a class="note ${level}" href="${escaped(href)}">${text}</a>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '');
}

const entities: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
