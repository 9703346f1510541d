import { hostOf, type LinePart, type Piece, partsOf, type Range } from '../../text/line-parts.ts';
import type { Line } from '../../text/terminal.ts';
import { paint } from './colours.ts';

/** What a page shows of a line: text in its styles, links, and marks where a search has found something. */
export function nodesOf(line: Line, found: readonly Range[] = []): (Node | string)[] {
  return partsOf(line, found).flatMap((part) => {
    const pieces = part.pieces.map(pieceNode);
    return part.href === undefined ? pieces : [linkNode(part, part.href, pieces)];
  });
}

function linkNode({ hidden }: LinePart, href: string, pieces: (Node | string)[]): Node {
  const link = document.createElement('a');
  link.href = href;
  link.rel = 'noopener nofollow';
  link.target = '_blank';
  if (hidden) {
    // the text may claim another address
    link.title = href;
    link.dataset.host = hostOf(href);
  }
  link.append(...pieces);
  return link;
}

function pieceNode({ text, found, ...look }: Piece): Node | string {
  if (!found && look.style === '') return text;
  const element = document.createElement(found ? 'mark' : 'span');
  element.className = look.style;
  element.textContent = text;
  if (!found) paint(element, look);
  return element;
}
