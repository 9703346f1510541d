// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what this file removes
import { StringDecoder } from 'node:string_decoder';

/** Characters of the longest escape sequence that may continue in the next piece. */
const longestSequence = 100;
const begun = /\u001b(?:\[[0-?]{0,90}[ -/]{0,5})?$/;
/** Escape sequences for the terminal, and for its window, for example to write to the clipboard. */
const sequence = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)/g;
const colour = /^\u001b\[[\d;:]*m$/;
/** All control characters except line feed, carriage return, tab, and the escape of a colour. */
const control = /(?!\u001b\[[\d;:]*m)[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/** Removes escape sequences and control characters from foreign text. Colours, line ends and tabs stay. */
export function harmless(text: string): string {
  return text.replace(sequence, (found) => (colour.test(found) ? found : '')).replace(control, '');
}

/** Makes a stream of text harmless, even if a sequence is split between two pieces. */
export class HarmlessText {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';

  push(piece: string | Uint8Array): string {
    const text = this.#held + (typeof piece === 'string' ? piece : this.#decoder.write(piece));
    const open = begun.exec(text.slice(-longestSequence))?.[0].length ?? 0;
    this.#held = text.slice(text.length - open);
    return harmless(text.slice(0, text.length - open));
  }
}
