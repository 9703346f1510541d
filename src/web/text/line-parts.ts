import type { Line } from './terminal.ts';
import type { Look } from './terminal-style.ts';

/** A range of characters of a line: from the first to before the second. */
export type Range = readonly [from: number, to: number];

/** Text of one look. */
export interface Piece extends Look {
  text: string;
  /** whether a search has found it */
  found: boolean;
}

/** Some text of a line, all of it in one link or in none. */
export interface LinePart {
  /** where it leads: an http or https address */
  href: string | undefined;
  /** whether the text is not the address, and may claim another one */
  hidden: boolean;
  pieces: Piece[];
}

/** An address in text, up to what cannot be part of one (RFC 3986), or rarely is. */
const address = /\bhttps?:\/\/[^\s<>"'`{}|\\^]+/gi;

/**
 * A line as what a page draws: links, and within them text of one look.
 * @param found what a search has found in it, in ascending order
 */
export function partsOf(line: Line, found: readonly Range[] = []): LinePart[] {
  const text = line.map((span) => span.text).join('');
  const links = text.includes('://') ? addressesIn(text) : [];
  const cuts = [...links.flatMap(({ from, to }) => [from, to]), ...found.flat()].sort((a, b) => a - b);
  const parts: LinePart[] = [];
  let at = 0;
  let cut = 0;
  let link = 0;
  let hit = 0;
  for (const { text: whole, href: told, ...look } of line) {
    const end = at + whole.length;
    while (at < end) {
      while ((cuts[cut] ?? end) <= at) cut += 1;
      while ((links[link]?.to ?? end) <= at) link += 1;
      while ((found[hit]?.[1] ?? end) <= at) hit += 1;
      const to = Math.min(end, cuts[cut] ?? end);
      const inText = links[link];
      const href = told ?? (inText && inText.from <= at ? inText.href : undefined);
      const piece = {
        ...look,
        text: whole.slice(at - end + whole.length, to - end + whole.length),
        found: (found[hit]?.[0] ?? end) <= at,
      };
      const last = parts.at(-1);
      if (last && last.href === href) last.pieces.push(piece);
      else parts.push({ href, hidden: false, pieces: [piece] });
      at = to;
    }
  }
  for (const part of parts) part.hidden = part.href !== undefined && !isAddress(part.href, part.pieces);
  return parts;
}

function isAddress(href: string, pieces: readonly Piece[]): boolean {
  const text = pieces.map((piece) => piece.text).join('');
  return text === href || `${text}/` === href;
}

interface Address {
  from: number;
  to: number;
  href: string;
}

function addressesIn(text: string): Address[] {
  return [...text.matchAll(address)].flatMap(({ 0: match, index }) => {
    const href = withoutPunctuation(match);
    return URL.canParse(href) ? [{ from: index, to: index + href.length, href }] : [];
  });
}

/** An address without what belongs to the sentence around it: a full stop, or a bracket that opens before the address. */
function withoutPunctuation(text: string): string {
  let end = text.length;
  // how many more brackets close than open
  const over = { ')': balance(text, '(', ')'), ']': balance(text, '[', ']') };
  for (; end > 0; end--) {
    const last = text[end - 1] as string;
    if (last === ')' || last === ']') {
      if (over[last] <= 0) break;
      over[last] -= 1;
    } else if (!'.,;:!?*_~'.includes(last)) break;
  }
  return text.slice(0, end);
}

function balance(text: string, opening: string, closing: string): number {
  return text.split(closing).length - text.split(opening).length;
}

/** The host that an address leads to. */
export function hostOf(href: string): string {
  return new URL(href).host;
}
