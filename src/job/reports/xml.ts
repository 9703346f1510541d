import { SaxesParser } from 'saxes';

/** Depth of nested elements; a report has at most seven. */
export const deepest = 100;
/** Characters of text that are kept of one element. */
export const longestText = 20_000;

/**
 * A parser of XML reports. It throws the first error, and never expands entities that the document defines.
 * @param on takes each element as it begins and ends, and its text in pieces
 */
export function xmlParser(on: {
  begin(name: string, attributes: { [name: string]: string }): void;
  end(name: string): void;
  text(piece: string): void;
}): SaxesParser {
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => on.begin(name, attributes));
  parser.on('closetag', ({ name }) => on.end(name));
  parser.on('text', (piece) => on.text(piece));
  parser.on('cdata', (piece) => on.text(piece));
  return parser;
}
