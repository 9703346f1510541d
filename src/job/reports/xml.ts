import { SaxesParser } from 'saxes';
import type { FoundTest } from './collection.ts';

/** Depth of nested elements; a report has at most seven. */
const deepest = 100;
/** Characters of text that are kept of one element. */
export const longestText = 20_000;

export type Attributes = { [name: string]: string };

/** Parses a report in XML. Entities that the document defines are never expanded. */
export abstract class XmlReport {
  readonly tests: FoundTest[] = [];
  /** names of the elements that are open */
  protected readonly open: string[] = [];
  /** text since the last element began or ended */
  protected text = '';
  readonly #parser = new SaxesParser();

  constructor() {
    this.#parser.on('error', (error) => {
      throw error;
    });
    this.#parser.on('opentag', ({ name, attributes }) => {
      this.open.push(name);
      if (this.open.length > deepest) throw new Error('its elements are nested too deeply');
      this.text = '';
      this.begin(name, attributes);
    });
    this.#parser.on('closetag', ({ name }) => {
      this.finish(name);
      this.open.pop();
      this.text = '';
    });
    const add = (piece: string) => {
      if (this.text.length < longestText) this.text += piece.slice(0, longestText);
    };
    this.#parser.on('text', add);
    this.#parser.on('cdata', add);
  }

  /** @throws Error if it is not well-formed */
  write(chunk: string): void {
    this.#parser.write(chunk);
  }

  /** @throws Error if it is not complete, or not such a report */
  end(): void {
    this.#parser.close();
  }

  protected abstract begin(element: string, attributes: Attributes): void;
  protected abstract finish(element: string): void;
}
